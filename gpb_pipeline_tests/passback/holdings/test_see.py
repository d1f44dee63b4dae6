"""What a read says of the holdings: each certainty and each finding, by name (docs/decisions.md §6.2)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from gpb_pipeline.passback.holdings.frames import (
    CERTAINTIES,
    FINDINGS,
    NO_HOLDINGS,
    Gradebook,
    Holdings,
    LineItemSight,
    ResultSight,
)
from gpb_pipeline.passback.holdings.identity import description_of
from gpb_pipeline.passback.holdings.look import doubtful, short_classes, strangers, to_look_up
from gpb_pipeline.passback.holdings.moved import taken_over
from gpb_pipeline.passback.holdings.see import see
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline_tests.passback.courses import (
    POLICY,
    POSTED,
    SENT_AT,
    Row,
    School,
    assignment,
    period,
    scored,
    section,
    student,
    two_sections,
    unscored,
)
from gpb_pipeline_tests.passback.syncs import (
    DAY,
    Key,
    Sis,
    assignments_of,
    codes,
    found_items,
    found_results,
    grades_of,
    night,
    the_assignment,
    the_grade,
    writes,
)

GRADE: frozenset[Key] = frozenset({("1", "10", "a")})
ITEM: frozenset[Key] = frozenset({("1", "10")})
PAIR = School(students=[student("a"), student("b")], submissions=[scored(8, "a"), scored(9, "b")])


def read(held: Holdings, school: School, sis: Sis, days: float = 1, **book: object) -> Holdings:
    """Look on a later day, as a reconcile does."""
    shown = sis.gradebook(school.places.class_ids, SENT_AT + days * DAY)
    shown = replace(shown, **book)  # type: ignore[arg-type]
    return see(held, shown, school.places, job_id="look", since=None, provider=sis.chooses_ids)


def as_shown(row: Mapping[Any, Any]) -> Row:
    """Give a column with the values of this row, as somebody else might have made it."""
    names = ("class_id", "title", "category_id", "period_id", "points_possible", "assigned_at", "due_on_wire")
    return {each: row[each] for each in names} | {"description": None}


def result_of(sis: Sis, student_id: str = "A-sourced") -> str:
    [found] = [key for key, each in sis.results.items() if each["student_id"] == student_id]
    return found


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
def test_what_was_taken_and_is_shown_so_is_known_and_the_next_night_is_quiet(*, chooses_ids: bool) -> None:
    sis = Sis(chooses_ids=chooses_ids)
    first = night(PAIR, sis)
    assert found_items(first.held) == [("known", "same")]
    assert found_results(first.held) == [("known", "same")] * 2
    again = night(PAIR, sis, first.held, at=SENT_AT + DAY)
    assert writes(again.plan) == {}
    assert len(sis.writes) == 3


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
def test_what_the_lists_do_not_show_yet_is_unconfirmed_and_known_once_they_do(*, chooses_ids: bool) -> None:
    sis = Sis(chooses_ids=chooses_ids, late=True)
    first = night(PAIR, sis)
    assert found_results(first.held) == [("unconfirmed", "unshown")] * 2
    assert codes(first.outcome) == ["assignment_not_shown", "not_shown", "not_shown"]
    assert the_assignment(first.outcome) == ("created", None)
    again = night(PAIR, sis, first.held, at=SENT_AT + DAY)
    assert (writes(again.plan), codes(again.outcome)) == ({}, [])
    assert set(again.held.results["certainty"]) == {"known"}


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
def test_a_sis_that_lists_nothing_is_told_and_its_writes_count_after_a_repeat(*, chooses_ids: bool) -> None:
    sis = Sis(chooses_ids=chooses_ids, silent=True)
    first = night(PAIR, sis)
    again = night(PAIR, sis, first.held, at=SENT_AT + DAY)
    assert writes(again.plan) == {"update": 3}, "by their ids, never new ones"
    assert found_results(again.held) == [("known", "never_shown")] * 2
    assert codes(again.outcome) == ["never_shown"]
    third = night(PAIR, sis, again.held, at=SENT_AT + 2 * DAY)
    assert writes(third.plan) == {}
    assert len(sis.results) == 2


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
def test_a_lost_answer_leaves_it_unknown_and_a_look_finds_it_to_be_ours(*, chooses_ids: bool) -> None:
    sis = Sis(chooses_ids=chooses_ids, loses_answers=GRADE)
    first = night(PAIR, sis)
    assert grades_of(first.outcome)["1", "10", "a"] == ("failed", "sis_unknown_outcome")
    assert found_results(first.held)[0] == ("known", "adopted"), "the read back settles it"
    again = night(PAIR, sis, first.held, at=SENT_AT + DAY)
    assert writes(again.plan) == {}
    assert len(sis.results) == 2


@pytest.mark.parametrize("cuts_dates", [False, True], ids=["as sent", "dates cut"])
@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
def test_a_line_item_whose_answer_was_lost_is_not_made_twice(*, chooses_ids: bool, cuts_dates: bool) -> None:
    school = PAIR.with_(assignments=[assignment(assignment_name="Cats & Dogs")])
    sis = Sis(chooses_ids=chooses_ids, loses_answers=ITEM, cuts_dates=cuts_dates, respells=cuts_dates)
    first = night(school, sis)
    sis.loses_answers = frozenset()
    for days in (1, 2):
        first = night(school, sis, first.held, at=SENT_AT + days * DAY)
    assert len(sis.line_items) == 1
    assert set(grades_of(first.outcome).values()) == {("unchanged", None)}


def test_what_never_arrived_is_made_by_its_id_in_consumer_mode_and_after_another_night_in_provider_mode() -> (
    None
):
    for chooses_ids, quick in ((False, True), (True, False)):
        sis = Sis(chooses_ids=chooses_ids, loses_writes=ITEM)
        first = night(PAIR, sis)
        sis.loses_writes = frozenset()
        soon = night(PAIR, sis, first.held, at=SENT_AT + timedelta(hours=1))
        assert (len(sis.line_items) == 1) is quick
        if not quick:
            assert the_assignment(soon.outcome) == ("failed", "assignment_unknown_outcome")
            assert found_items(soon.held) == [("unknown", "unsettled")]
        later = night(PAIR, sis, soon.held, at=SENT_AT + DAY)
        night(PAIR, sis, later.held, at=SENT_AT + 2 * DAY)
        assert (len(sis.line_items), len(sis.results)) == (1, 2)


@pytest.mark.parametrize("hours", [12, 30], ids=["goes on", "was set back"])
def test_a_list_that_shows_what_was_never_answered_tells_what_did_not_arrive_whatever_the_clock(
    hours: int,
) -> None:
    sis = Sis(chooses_ids=True)
    held = night(PAIR, sis).held
    results = held.results.assign(certainty="unknown")
    results["seen_at"] = results["seen_at"].mask(results["seen_at"].notna())
    results["sent_at"] += timedelta(hours=hours)  # a sync that died, and one of its writes arrived
    del sis.results[result_of(sis)]
    after = read(replace(held, results=results), PAIR, sis)
    assert found_results(after) == [("known", "adopted")]


def test_two_candidates_are_a_code_of_their_own_and_nothing_is_written() -> None:
    sis = Sis(chooses_ids=True, loses_answers=ITEM)
    first = night(PAIR, sis)
    assert found_items(first.held) == [("known", "adopted")]
    sis = Sis(chooses_ids=True, loses_writes=ITEM)
    first = night(PAIR, sis)
    [unknown] = first.held.line_items.to_dict("records")
    for name in ("hers", "his"):
        sis.line_items[name] = as_shown(unknown)
    before = len(sis.writes)
    again = night(PAIR, sis, first.held, at=SENT_AT + DAY)
    assert the_assignment(again.outcome) == ("failed", "assignment_two_candidates")
    assert found_items(again.held) == [("unknown", "ambiguous")]
    assert len(sis.writes) == before


def test_a_column_that_a_teacher_made_alike_is_never_taken_for_ours_where_we_choose_the_ids() -> None:
    sis = Sis(loses_writes=ITEM)
    first = night(PAIR, sis)
    [row] = first.plan.assignments.to_dict("records")
    sis.line_items["hers"] = as_shown(row)
    sis.loses_writes = frozenset()
    night(PAIR, sis, first.held, at=SENT_AT + DAY)
    assert len(sis.line_items) == 2
    assert "hers" not in {each["line_item_id"] for each in sis.results.values()}


def test_in_provider_mode_a_column_with_results_of_others_is_not_ours() -> None:
    sis = Sis(chooses_ids=True, loses_writes=ITEM)
    first = night(PAIR, sis)
    [row] = first.plan.assignments.to_dict("records")
    sis.line_items["hers"] = as_shown(row)
    sis.results["hers-1"] = {
        "class_id": "C1", "line_item_id": "hers", "student_id": "Z", "score": 1.0, "exempt": False
    }  # fmt: skip
    looked = read(first.held, PAIR, sis, days=0.01)
    assert found_items(looked) == [("unknown", "unsettled")]


def test_in_provider_mode_a_column_that_stood_there_before_is_not_ours() -> None:
    sis = Sis(chooses_ids=True, loses_writes=ITEM)
    first = night(PAIR, sis)
    [row] = first.plan.assignments.to_dict("records")
    sis.line_items["hers"] = as_shown(row)
    assert found_items(read(first.held, PAIR, sis, 0.01)) == [("known", "adopted")]
    stood_there = read(first.held, PAIR, sis, 0.01, strangers=frozenset({"hers"}))
    assert found_items(stood_there) == [("unknown", "unsettled")]


def test_in_provider_mode_a_column_is_known_by_its_description_whatever_people_made_of_the_rest() -> None:
    sis = Sis(chooses_ids=True, loses_answers=ITEM, keeps_descriptions=True)
    first = night(PAIR, sis)
    [(ours, column)] = sis.line_items.items()
    sis.line_items["hers"] = column | {"description": None}  # made since, of the name and day that ours had
    column |= {"title": "Renamed by hand", "due_on_wire": column["due_on_wire"] + 20 * DAY}
    looked = read(first.held, PAIR, sis, days=0.01)
    assert found_items(looked) == [("known", "edited")]
    assert list(looked.line_items["line_item_id"]) == [ours]


def test_in_provider_mode_a_column_described_as_another_assignments_is_not_taken_by_its_values() -> None:
    sis = Sis(chooses_ids=True, loses_writes=ITEM, keeps_descriptions=True)
    first = night(PAIR, sis)
    [row] = first.plan.assignments.to_dict("records")
    sis.line_items["other"] = as_shown(row) | {"description": description_of("11")}
    assert found_items(read(first.held, PAIR, sis, days=0.01)) == [("unknown", "unsettled")]


def test_what_is_shown_and_not_ours_is_a_stranger_but_where_something_is_unsettled() -> None:
    sis = Sis(chooses_ids=True)
    held = night(PAIR, sis).held
    sis.line_items["hers"] = next(iter(sis.line_items.values()))
    book = sis.gradebook(PAIR.places.class_ids, SENT_AT + DAY)
    assert strangers(held, book) == {"hers": "C1"}
    unsettled = replace(held, line_items=held.line_items.assign(certainty="unknown"))
    assert strangers(unsettled, book) == {}


ROUNDED = [(8.25, 0, 8.0), (8.333333, 0, 8.0), (8.25, 1, 8.2), (8.125, 2, 8.12)]


@pytest.mark.parametrize(("sent", "decimals", "kept"), ROUNDED)
def test_what_rounding_explains_is_kept_otherwise_told_once_and_sent_no_more(
    sent: float, decimals: int, kept: float
) -> None:
    school = School(submissions=[scored(sent)])
    sis = Sis(decimals=decimals)
    first = night(school, sis)
    assert [each["score"] for each in sis.results.values()] == [kept]
    assert found_results(first.held) == [("known", "kept_otherwise")]
    assert codes(first.outcome) == ["kept_otherwise"]
    again = night(school, sis, first.held, at=SENT_AT + DAY, interrupted=True)
    assert (writes(again.plan), codes(again.outcome)) == ({}, [])
    changed = night(School(submissions=[scored(3)]), sis, again.held, at=SENT_AT + 2 * DAY)
    assert the_grade(changed.outcome) == ("updated", None)


def test_two_decimals_that_are_as_near_as_they_can_be_are_told_of_nothing() -> None:
    sis = Sis(decimals=2)
    assert codes(night(School(submissions=[scored(8.333333)]), sis).outcome) == []


def test_dates_cut_and_titles_respelt_are_kept_otherwise() -> None:
    school = School(assignments=[assignment(assignment_name="Cats & Dogs")])
    sis = Sis(cuts_dates=True, respells=True)
    first = night(school, sis)
    assert found_items(first.held) == [("known", "kept_otherwise")]
    assert codes(first.outcome) == ["assignment_kept_otherwise"]
    again = night(school, sis, first.held, at=SENT_AT + DAY, interrupted=True)
    assert (writes(again.plan), codes(again.outcome)) == ({}, [])


def test_a_write_that_did_not_take_is_late_at_first_then_failed_and_always_tried_again() -> None:
    sis = Sis()
    first = night(PAIR, sis)
    sis.deaf = True
    newer = PAIR.with_(submissions=[scored(2, "a"), scored(9, "b")])
    for days, ended, found in (
        (1, ("updated", None), "still_shown"),
        (2, ("failed", "not_held_by_sis"), "not_taken"),
        (3, ("failed", "not_held_by_sis"), "not_taken"),
    ):
        first = night(newer, sis, first.held, at=SENT_AT + days * DAY)
        assert grades_of(first.outcome) == {("1", "10", "a"): ended, ("1", "10", "b"): ("unchanged", None)}
        assert codes(first.outcome) == [Code.NOT_SHOWN if ended[0] == "updated" else Code.NOT_HELD]
        assert found_results(first.held)[0] == ("unconfirmed", found)
    sis.deaf = False
    first = night(newer, sis, first.held, at=SENT_AT + 4 * DAY)
    assert grades_of(first.outcome)["1", "10", "a"] == ("updated", None)
    assert writes(night(newer, sis, first.held, at=SENT_AT + 5 * DAY).plan) == {}


@pytest.mark.parametrize("back", [5, 2])
def test_a_list_that_is_late_after_an_update_leaves_no_wrong_score(back: float) -> None:
    """The SIS took 2, and its list shows 5 for a while; Canvas goes back to 5, or stays."""
    sis = Sis()
    first = night(PAIR, sis)
    newer = PAIR.with_(submissions=[scored(2, "a"), scored(9, "b")])
    sis.late = True
    first = night(newer, sis, first.held, at=SENT_AT + DAY)
    assert grades_of(first.outcome)["1", "10", "a"] == ("updated", None)
    assert codes(first.outcome) == [Code.NOT_SHOWN]
    now = PAIR.with_(submissions=[scored(back, "a"), scored(9, "b")])
    first = night(now, sis, first.held, at=SENT_AT + DAY + timedelta(minutes=2))
    sis.late = False
    first = night(now, sis, first.held, at=SENT_AT + 2 * DAY)
    assert sis.results[result_of(sis)]["score"] == back
    assert writes(night(now, sis, first.held, at=SENT_AT + 3 * DAY).plan) == {}


def test_an_old_score_that_rounding_would_explain_is_told_once() -> None:
    sis = Sis()
    first = night(School(submissions=[scored(8)]), sis)
    sis.deaf = True
    newer = School(submissions=[scored(7.6)])
    first = night(newer, sis, first.held, at=SENT_AT + DAY)
    assert Code.KEPT_OTHERWISE in codes(first.outcome)
    again = night(newer, sis, first.held, at=SENT_AT + 2 * DAY, interrupted=True)
    assert codes(again.outcome) == []


@pytest.mark.parametrize(("beside", "ended"), [(3.33, Code.NOT_HELD), (3.3, Code.NOT_HELD), (3.0, None)])
def test_an_old_score_is_no_rounding_in_a_class_that_keeps_more_decimals(
    beside: float, ended: Code | None
) -> None:
    sis = Sis()
    first = night(PAIR.with_(submissions=[scored(10, "a"), scored(beside, "b")]), sis)
    sis.deaf = True
    newer = PAIR.with_(submissions=[scored(9.9, "a"), scored(beside, "b")])
    first = night(newer, sis, first.held, at=SENT_AT + DAY)
    assert codes(first.outcome) == [Code.NOT_SHOWN if ended else Code.KEPT_OTHERWISE]
    first = night(newer, sis, first.held, at=SENT_AT + 2 * DAY, interrupted=True)
    assert codes(first.outcome) == ([ended] if ended else [])
    sis.deaf = False
    first = night(newer, sis, first.held, at=SENT_AT + 3 * DAY)
    assert sis.results[result_of(sis)]["score"] == (9.9 if ended else 10)
    assert writes(night(newer, sis, first.held, at=SENT_AT + 4 * DAY).plan) == {}


def test_what_a_late_list_shows_of_before_tells_how_its_class_rounds() -> None:
    sis = Sis()
    first = night(PAIR.with_(submissions=[scored(10, "a"), scored(3.33, "b")]), sis)
    sis.deaf = True
    newer = PAIR.with_(submissions=[scored(9.9, "a"), scored(5, "b")])
    first = night(newer, sis, first.held, at=SENT_AT + DAY)
    assert found_results(first.held) == [("unconfirmed", "still_shown")] * 2


def test_a_score_that_a_class_of_one_decimal_rounds_to_what_it_was_is_kept_otherwise() -> None:
    sis = Sis(decimals=1)
    first = night(PAIR.with_(submissions=[scored(10, "a"), scored(3.33, "b")]), sis)
    newer = PAIR.with_(submissions=[scored(9.99, "a"), scored(3.33, "b")])
    first = night(newer, sis, first.held, at=SENT_AT + DAY)
    assert found_results(first.held)[0] == ("known", "kept_otherwise")
    assert writes(night(newer, sis, first.held, at=SENT_AT + 2 * DAY).plan) == {}


def test_what_is_taken_back_is_held_no_more() -> None:
    sis = Sis()
    first = night(PAIR, sis)
    cleared = PAIR.with_(submissions=[unscored("a"), scored(9, "b")])
    again = night(cleared, sis, first.held, at=SENT_AT + DAY)
    assert grades_of(again.outcome)["1", "10", "a"] == ("withdrawn", None)
    assert again.held.results["student_id"].to_list() == ["B-sourced"]
    assert len(sis.results) == 1


def test_what_was_taken_back_and_is_still_shown_is_unconfirmed_then_late_lists_show_it_gone() -> None:
    sis = Sis()
    first = night(PAIR, sis)
    sis.late = True
    cleared = PAIR.with_(submissions=[unscored("a"), scored(9, "b")])
    again = night(cleared, sis, first.held, at=SENT_AT + DAY)
    assert found_results(again.held)[0] == ("unconfirmed", "still_shown")
    assert "not_shown" in codes(again.outcome)
    third = night(cleared, sis, again.held, at=SENT_AT + 2 * DAY)
    assert writes(third.plan) == {}
    assert third.held.results["student_id"].to_list() == ["B-sourced"]


def edited(score: float = 3.0) -> tuple[Sis, Holdings]:
    """A SIS where someone changed what we sent."""
    sis = Sis()
    first = night(PAIR, sis)
    sis.results[result_of(sis)]["score"] = score
    return sis, first.held


ON_EDIT = [("overwrite", ("updated", None), 8.0), ("keep", ("unchanged", None), 3.0)]


@pytest.mark.parametrize(("on_edit", "said", "score"), [*ON_EDIT, ("flag", ("failed", "edited_in_sis"), 3.0)])
def test_an_edit_is_done_with_as_the_district_says_after_an_interruption_too(
    on_edit: str, said: tuple[str, str | None], score: float
) -> None:
    sis, held = edited()
    policy = replace(POLICY, on_edit=on_edit)  # type: ignore[arg-type]
    again = night(PAIR, sis, held, at=SENT_AT + DAY, interrupted=True, policy=policy)
    assert grades_of(again.outcome)["1", "10", "a"] == said
    assert codes(again.outcome) == [Code.EDITED_IN_SIS]
    assert sis.results[result_of(sis)]["score"] == score


def test_an_edit_in_a_period_that_is_over_fails_once_and_is_left() -> None:
    """Nothing could overwrite it: it would fail each night for ever."""
    over = period("P1", "2026-11-01", "2026-11-30")
    school = School(periods=[over])
    sis = Sis()
    first = night(school, sis)
    sis.results[result_of(sis)]["score"] = 3.0
    closed = school.with_(periods=[over | {"closed": True}])
    met = night(closed, sis, first.held, at=SENT_AT + DAY, interrupted=True)
    assert the_grade(met.outcome) == ("failed", Code.ASSIGNMENT_NOT_SENT)
    assert {Code.PERIOD_CLOSED, Code.EDITED_IN_SIS} <= set(codes(met.outcome))
    later = night(closed, sis, met.held, at=SENT_AT + 2 * DAY, interrupted=True)
    assert (the_grade(later.outcome), codes(later.outcome)) == (("unchanged", None), [])
    assert [each["score"] for each in sis.results.values()] == [3.0]


def test_what_a_section_without_a_class_holds_is_one_row_each() -> None:
    sis = Sis()
    first = night(PAIR, sis)
    lost = night(PAIR.with_(unknown_classes=frozenset({"C1"})), sis, first.held, at=SENT_AT + DAY)
    assert len(lost.outcome.assignments) == 1
    assert len(lost.outcome.grades) == 2
    assert set(lost.outcome.grades["state"]) == {"failed"}
    assert Code.ORPHAN not in codes(lost.outcome)
    back = night(PAIR, sis, lost.held, at=SENT_AT + 2 * DAY)
    assert writes(back.plan) == {}


def test_an_edit_that_is_kept_is_told_once() -> None:
    sis, held = edited()
    policy = replace(POLICY, on_edit="keep")
    held = night(PAIR, sis, held, at=SENT_AT + DAY, interrupted=True, policy=policy).held
    again = night(PAIR, sis, held, at=SENT_AT + 2 * DAY, interrupted=True, policy=policy)
    assert (writes(again.plan), codes(again.outcome)) == ({}, [])


def test_an_edit_that_is_flagged_fails_each_night_until_someone_acts() -> None:
    sis, held = edited()
    policy = replace(POLICY, on_edit="flag")
    for days, interrupted in ((1, True), (2, False), (3, True)):
        asked = night(PAIR, sis, held, at=SENT_AT + days * DAY, interrupted=interrupted, policy=policy)
        held = asked.held
        assert grades_of(asked.outcome)["1", "10", "a"] == ("failed", "edited_in_sis")
        assert codes(asked.outcome) == [Code.EDITED_IN_SIS]
    as_there = PAIR.with_(submissions=[scored(3, "a"), scored(9, "b")])
    agreed = night(as_there, sis, held, at=SENT_AT + 4 * DAY, policy=policy)
    assert (writes(agreed.plan), codes(agreed.outcome)) == ({}, [])
    newer = PAIR.with_(submissions=[scored(5, "a"), scored(9, "b")])
    acts: list[tuple[School, SyncType]] = [(newer, "manual"), (PAIR, "remaster")]
    for school, sync_type in acts:
        acted = night(school, sis, held, sync_type, at=SENT_AT + 4 * DAY, policy=policy)
        assert grades_of(acted.outcome)["1", "10", "a"] == ("updated", None)


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
@pytest.mark.parametrize(
    ("on_edit", "said"),
    [("overwrite", ("created", None)), ("keep", ("unchanged", None)), ("flag", ("failed", "edited_in_sis"))],
)
def test_a_result_that_was_deleted_is_made_again_left_or_asked_about_as_the_district_says(
    *, chooses_ids: bool, on_edit: str, said: tuple[str, str | None]
) -> None:
    sis = Sis(chooses_ids=chooses_ids, serves_ids=True)
    held = night(PAIR, sis).held
    del sis.results[result_of(sis)]
    policy = replace(POLICY, on_edit=on_edit)  # type: ignore[arg-type]
    first = night(PAIR, sis, held, at=SENT_AT + DAY, interrupted=True, policy=policy)
    assert grades_of(first.outcome)["1", "10", "a"] == said
    assert codes(first.outcome) == ([] if on_edit == "overwrite" else [Code.EDITED_IN_SIS])
    again = night(PAIR, sis, first.held, at=SENT_AT + 2 * DAY, policy=policy)
    assert grades_of(again.outcome)["1", "10", "a"] == (said if on_edit == "flag" else ("unchanged", None))
    assert len(sis.results) == (2 if on_edit == "overwrite" else 1)
    newer = PAIR.with_(submissions=[scored(5, "a"), scored(9, "b")])
    changed = night(newer, sis, again.held, at=SENT_AT + 3 * DAY, policy=policy)
    assert grades_of(changed.outcome)["1", "10", "a"][0] in {"created", "updated"}
    assert len(sis.results) == 2


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
def test_a_deleted_column_that_is_left_comes_back_for_what_canvas_changes_alone(*, chooses_ids: bool) -> None:
    school = PAIR.with_(
        assignments=[assignment("10"), assignment("11", assignment_name="Other")],
        submissions=[scored(8, "a"), scored(9, "b"), scored(7, "a", "11")],
    )
    sis, policy = Sis(chooses_ids=chooses_ids, serves_ids=True), replace(POLICY, on_edit="keep")
    held = night(school, sis, policy=policy).held
    [lost] = [key for key, each in sis.line_items.items() if each["title"] != "Other"]
    del sis.line_items[lost]
    sis.results = {key: each for key, each in sis.results.items() if each["line_item_id"] != lost}
    left = night(school, sis, held, at=SENT_AT + DAY, interrupted=True, policy=policy)
    assert (writes(left.plan), len(sis.line_items)) == ({}, 1)
    newer = school.with_(submissions=[scored(5, "a"), scored(9, "b"), scored(7, "a", "11")])
    held = left.held
    for days in (2, 3):
        held = night(newer, sis, held, at=SENT_AT + days * DAY, policy=policy).held
        assert len(sis.line_items) == 2
        assert sorted(each["score"] for each in sis.results.values()) == [5, 7]


@pytest.mark.parametrize(
    ("on_edit", "said", "score"), [("overwrite", "updated", 5.0), ("keep", "unchanged", 3.0)]
)
def test_an_unknown_write_whose_value_was_neither_asked_for_nor_seen_is_an_edit(
    on_edit: str, said: str, score: float
) -> None:
    sis, held = edited()
    first = held.results["student_id"] == "A-sourced"
    asked = held.results.assign(
        score=held.results["score"].mask(first, 5.0),
        certainty=held.results["certainty"].mask(first, "unknown"),
    )
    newer = PAIR.with_(submissions=[scored(5, "a"), scored(9, "b")])
    policy = replace(POLICY, on_edit=on_edit)  # type: ignore[arg-type]
    looked = night(newer, sis, replace(held, results=asked), at=SENT_AT + DAY, policy=policy)
    assert grades_of(looked.outcome)["1", "10", "a"] == (said, None)
    assert codes(looked.outcome) == [Code.EDITED_IN_SIS]
    assert sis.results[result_of(sis)]["score"] == score


def test_a_first_write_found_by_its_student_with_another_value_is_an_edit() -> None:
    sis = Sis(chooses_ids=True, loses_answers=GRADE, late=True)
    first = night(PAIR, sis)
    sis.late, sis.loses_answers = False, frozenset()
    sis.results[result_of(sis)]["score"] = 3.0
    looked = night(PAIR, sis, first.held, at=SENT_AT + DAY)
    assert grades_of(looked.outcome)["1", "10", "a"] == ("updated", None)
    assert codes(looked.outcome) == [Code.EDITED_IN_SIS]
    assert sorted(each["score"] for each in sis.results.values()) == [8, 9]


def test_a_grade_that_was_never_answered_waits_while_its_accepted_column_is_not_listed_either() -> None:
    sis = Sis(chooses_ids=True, loses_answers=GRADE | {("1", "10", "b")}, silent=True)
    first = night(PAIR, sis)
    sis.loses_answers = frozenset()
    again = night(PAIR, sis, first.held, at=SENT_AT + DAY)
    sis.silent = False
    night(PAIR, sis, again.held, at=SENT_AT + 2 * DAY)
    assert sorted(each["score"] for each in sis.results.values()) == [8, 9]


def test_what_was_accepted_unread_and_is_shown_as_before_did_not_take() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    first = held.results["student_id"] == "A-sourced"
    later = pd.Timestamp(SENT_AT + timedelta(hours=1))
    unread = held.results.assign(
        score=held.results["score"].mask(first, 5.0), sent_at=held.results["sent_at"].mask(first, later)
    )
    looked = read(replace(held, results=unread), PAIR, sis)
    assert found_results(looked) == [("unconfirmed", "not_taken"), ("known", "same")]
    newer = PAIR.with_(submissions=[scored(5, "a"), scored(9, "b")])
    assert writes(night(newer, sis, looked, at=SENT_AT + 2 * DAY).plan) == {"update": 1}


def test_what_did_not_take_and_could_not_be_written_again_is_no_more_sure_the_next_day() -> None:
    sis, held = edited()
    first = held.results["student_id"] == "A-sourced"
    never = held.results.assign(
        seen_at=held.results["seen_at"].mask(first), seen_score=held.results["seen_score"].mask(first)
    )
    looked = read(replace(held, results=never), PAIR, sis)
    assert found_results(looked)[0] == ("unconfirmed", "not_taken")
    again = read(looked, PAIR, sis, days=2)
    assert found_results(again)[0] == ("unconfirmed", "not_taken")


def test_what_a_dead_sync_had_posted_is_no_edit() -> None:
    sis, held = edited(4.0)
    newer = PAIR.with_(submissions=[scored(4, "a"), scored(9, "b")])
    again = night(newer, sis, held, at=SENT_AT + DAY, interrupted=True)
    assert (writes(again.plan), codes(again.outcome)) == ({}, [])


def test_a_reading_finds_the_edit_and_writes_nothing() -> None:
    sis, held = edited()
    looked = read(held, PAIR, sis)
    assert found_results(looked) == [("known", "edited"), ("known", "same")]


def test_a_result_that_is_no_longer_shown_is_missing_then_gone_after_a_read_on_another_night() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    del sis.results[result_of(sis)]
    first = read(held, PAIR, sis)
    assert found_results(first) == [("unconfirmed", "missing"), ("known", "same")]
    same_night = read(first, PAIR, sis, days=1.1)
    assert found_results(same_night)[0] == ("unconfirmed", "missing")
    other_night = read(same_night, PAIR, sis, days=2)
    assert found_results(other_night)[0] == ("gone", "gone")
    later = night(PAIR, sis, other_night, at=SENT_AT + 3 * DAY)
    assert grades_of(later.outcome)["1", "10", "a"] == ("created", None)


def test_a_404_for_its_own_id_is_gone_at_once() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    lost = result_of(sis)
    del sis.results[lost]
    looked = read(held, PAIR, sis, not_found=frozenset({lost}))
    assert found_results(looked) == [("gone", "gone"), ("known", "same")]


def test_what_is_doubted_is_asked_for_after_one_that_is_shown() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    lost, there = result_of(sis), result_of(sis, "B-sourced")
    book = sis.gradebook(frozenset({"C1"}), SENT_AT + DAY)
    assert len(doubtful(held, book).results) == 0
    del sis.results[lost]
    book = sis.gradebook(frozenset({"C1"}), SENT_AT + DAY)
    assert doubtful(held, book).results["result_id"].to_list() == [there, lost]


def test_an_id_that_could_not_be_read_is_not_missing() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    lost = result_of(sis)
    del sis.results[lost]
    looked = read(held, PAIR, sis, unreadable={lost: "C1"})
    assert found_results(looked)[0] == ("known", None)


def test_a_gone_line_item_takes_its_results_with_it_and_all_are_made_again_in_the_same_sync() -> None:
    for chooses_ids in (False, True):
        sis = Sis(chooses_ids=chooses_ids, serves_ids=True)
        school = PAIR.with_(
            assignments=[assignment("10"), assignment("11")],
            submissions=[scored(8, "a"), scored(9, "b"), scored(7, "a", "11")],
        )
        held = night(school, sis).held
        lost = dict(held.line_items[["assignment_id", "line_item_id"]].to_numpy())["10"]
        del sis.line_items[lost]
        for each in [key for key, row in sis.results.items() if row["line_item_id"] == lost]:
            del sis.results[each]
        again = night(school, sis, held, at=SENT_AT + DAY, interrupted=True)
        assert assignments_of(again.outcome)["1", "10"] == ("created", None)
        assert (len(sis.scores()), len(sis.line_items)) == (3, 2)


def test_an_empty_read_is_not_believed() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    empty = Sis().gradebook(frozenset({"C1"}), SENT_AT + DAY)
    assert short_classes(held, empty) == frozenset({"C1"})
    for days in (1, 2, 3):
        held = read(held, PAIR, Sis(), days)
        assert set(held.results["certainty"]) == {"known"}


def test_a_gone_result_that_is_shown_again_is_known_again() -> None:
    sis = Sis(chooses_ids=True)
    held = night(PAIR, sis).held
    key = result_of(sis)
    row = sis.results.pop(key)
    held = read(read(held, PAIR, sis), PAIR, sis, days=2)
    assert found_results(held)[0] == ("gone", "gone")
    sis.results[key] = row
    back = read(held, PAIR, sis, days=3)
    assert found_results(back)[0][0] == "known"


def test_classes_that_were_not_read_are_not_judged() -> None:
    sis = Sis()
    held = night(two_sections(), sis).held
    sis.results.clear()
    book = sis.gradebook(frozenset({"C2"}), SENT_AT + DAY)
    looked = see(held, book, two_sections().places, job_id="look", since=None, provider=False)
    assert found_results(looked)[0] == ("known", None)


def test_an_exempt_result_is_compared_by_its_mark_alone() -> None:
    school = School(submissions=[unscored(excused=True, posted_at=POSTED)])
    sis = Sis()
    held = night(school, sis).held
    sis.results[result_of(sis)]["score"] = float("nan")
    assert found_results(read(held, school, sis)) == [("known", "same")]
    sis.results[result_of(sis)] |= {"exempt": False, "score": 0.0}
    assert found_results(read(held, school, sis)) == [("known", "edited")]


def test_a_sync_looks_where_it_is_not_sure_and_where_a_section_comes_to_a_class() -> None:
    held = night(two_sections(), Sis()).held
    places = two_sections().places
    assert to_look_up(held, places) == frozenset()
    unsure = held.results["certainty"].mask(held.results["class_id"] == "C2", "unknown")
    assert to_look_up(replace(held, results=held.results.assign(certainty=unsure)), places) == {"C2"}
    moved = two_sections(classes={"C1": "C9"}).places
    assert to_look_up(held, moved) == {"C9"}
    assert to_look_up(NO_HOLDINGS, places) == frozenset()


def test_a_class_that_another_section_has_now_is_taken_over_with_its_ids() -> None:
    sis = Sis()
    held = night(School(), sis).held
    other = School(
        sections=[section("3", sis_section_id="C1")], students=[student("a", "3")], submissions=[scored(8)]
    )
    again = night(other, sis, held, at=SENT_AT + DAY)
    assert writes(again.plan) == {}
    assert again.held.results["section_id"].to_list() == ["3"]


def test_two_sections_that_swap_their_sis_ids_swap_what_is_held() -> None:
    held = night(two_sections(), Sis()).held
    swapped = two_sections(sections=[section("1", sis_section_id="C2"), section("2", sis_section_id="C1")])
    after = taken_over(held, swapped.places)
    assert dict(zip(after.line_items["class_id"], after.line_items["section_id"], strict=True)) == {
        "C1": "2",
        "C2": "1",
    }


def test_a_class_under_a_new_id_is_followed_by_what_is_shown_in_it() -> None:
    for chooses_ids in (False, True):
        sis = Sis(chooses_ids=chooses_ids)
        held = night(PAIR, sis).held
        for each in (*sis.line_items.values(), *sis.results.values()):
            each["class_id"] = "R1"
        rolled = PAIR.with_(classes={"C1": "R1"})
        again = night(rolled, sis, held, at=SENT_AT + DAY)
        assert writes(again.plan) == {}
        assert set(again.held.results["class_id"]) == {"R1"}


def test_a_section_with_another_class_is_made_there_and_what_stood_before_is_moved() -> None:
    sis = Sis()
    held = night(School(), sis).held
    moved = School(classes={"C1": "C9"})
    again = night(moved, sis, held, at=SENT_AT + DAY)
    states = again.outcome.grades[["class_id", "state", "code"]].astype(object).to_numpy().tolist()
    assert sorted(states, key=str) == [["C1", "skipped", "orphan"], ["C9", "created", None]]
    assert len(sis.results) == 2
    third = night(moved, sis, again.held, at=SENT_AT + 2 * DAY)
    assert writes(third.plan) == {}
    assert set(third.outcome.grades["code"].dropna()) == {"moved"}


def test_a_student_with_another_sis_id_gets_a_row_in_the_new_place_and_the_old_is_moved() -> None:
    sis = Sis()
    held = night(School(), sis).held
    renamed = School(students=[student("a", sis_user_id="X")])
    again = night(renamed, sis, held, at=SENT_AT + DAY)
    states = again.outcome.grades[["student_id", "state", "code"]].to_numpy().tolist()
    assert sorted(states) == [["A-sourced", "skipped", "orphan"], ["X-sourced", "created", None]]
    third = night(renamed, sis, again.held, at=SENT_AT + 2 * DAY)
    assert set(third.outcome.grades["code"].dropna()) == {"moved"}


def test_two_students_whose_sis_ids_were_swapped_have_each_their_own_grade() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    swapped = PAIR.with_(students=[student("a", sis_user_id="B"), student("b", sis_user_id="A")])
    again = night(swapped, sis, held, at=SENT_AT + DAY)
    assert writes(again.plan) == {"update": 2}
    assert {key[2]: score for key, (score, _) in sis.scores().items()} == {"A-sourced": 9.0, "B-sourced": 8.0}


def test_a_lost_first_write_is_found_though_the_section_had_no_class_for_one_sync() -> None:
    sis = Sis(chooses_ids=True, loses_answers=ITEM)
    interrupted = night(School(), sis)
    held = replace(
        interrupted.held,
        line_items=interrupted.held.line_items.assign(certainty="unknown", line_item_id="ours", finding=None),
    )
    sis.loses_answers = frozenset()
    without = night(School(unknown_classes=frozenset({"C1"})), sis, held, at=SENT_AT + DAY)
    assert the_assignment(without.outcome) == ("failed", "class_unknown")
    night(School(), sis, without.held, at=SENT_AT + 2 * DAY)
    assert len(sis.line_items) == 1


def test_with_the_warehouse_lost_everything_of_ours_is_found_by_its_id() -> None:
    sis = Sis()
    night(two_sections(), sis)
    again = night(two_sections(), sis, NO_HOLDINGS, at=SENT_AT + DAY, interrupted=True)
    assert writes(again.plan) == {}
    assert found_results(again.held) == [("known", "adopted")] * 2


def test_what_others_wrote_is_not_taken_for_ours() -> None:
    sis = Sis(chooses_ids=True)
    night(two_sections(), sis)
    looked = read(NO_HOLDINGS, two_sections(), sis)
    assert (len(looked.line_items), len(looked.results)) == (0, 0)


def test_a_deleted_column_is_found_by_the_sis_own_word_and_mended_in_the_same_sync() -> None:
    for chooses_ids in (False, True):
        sis = Sis(chooses_ids=chooses_ids)
        held = night(PAIR, sis).held
        sis.line_items.clear()
        sis.results.clear()
        newer = PAIR.with_(submissions=[scored(1, "a"), scored(9, "b")])
        again = night(newer, sis, held, at=SENT_AT + DAY)
        assert {score for score, _ in sis.scores().values()} == {1.0, 9.0}
        assert grades_of(again.outcome)["1", "10", "a"] == ("created", None)


def test_every_name_of_a_certainty_and_a_finding_is_in_the_schema() -> None:
    for schema in (LineItemSight, ResultSight):
        columns = schema.to_schema().columns
        assert columns["certainty"].checks[0].statistics == {"allowed_values": CERTAINTIES}
        assert columns["finding"].checks[0].statistics == {"allowed_values": FINDINGS}


def test_a_course_without_anything_shows_nothing() -> None:
    nothing = School(sections=[], students=[], assignments=[], submissions=[])
    book: Gradebook = Sis().gradebook(frozenset(), SENT_AT)
    looked = see(NO_HOLDINGS, book, nothing.places, job_id="look", since=None, provider=True)
    assert (len(looked.line_items), len(looked.results)) == (0, 0)
