"""What the simulation found wrong in the rules, each as a small night that shows it (docs/reliability.md)."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from gpb_pipeline.passback.course import Policy, Selection
from gpb_pipeline.passback.holdings.answers import answered_results, intended, without_unwanted
from gpb_pipeline.passback.holdings.died import nobody_deleted, nobody_edited
from gpb_pipeline.passback.holdings.differences import CourseNow, differences
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS, Holdings
from gpb_pipeline.passback.holdings.look import believed, short_classes
from gpb_pipeline.passback.holdings.see import see
from gpb_pipeline.passback.rows.assignments import out_of_scope
from gpb_pipeline.passback.rows.settle import WriteAnswer
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline_tests.passback.courses import (
    POLICY,
    SENT_AT,
    School,
    assignment,
    scored,
    section,
    student,
    two_sections,
    unscored,
)
from gpb_pipeline_tests.passback.syncs import (
    DAY,
    Sis,
    codes,
    found_items,
    found_results,
    grades_of,
    night,
    planned,
    writes,
)

PAIR = School(students=[student("a"), student("b")], submissions=[scored(8, "a"), scored(9, "b")])
ALONE = School()


def looked(
    held: Holdings, school: School, sis: Sis, *, since: Any = None, days: float = 1, **book: Any
) -> Holdings:
    shown = replace(sis.gradebook(school.places.class_ids, SENT_AT + days * DAY), **book)
    return see(held, shown, school.places, job_id="look", since=since, provider=sis.chooses_ids)


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
def test_a_confirmed_sync_makes_again_what_an_empty_list_lacks(*, chooses_ids: bool) -> None:
    sis = Sis(chooses_ids=chooses_ids)
    held = night(ALONE, sis).held
    sis.results.clear()
    book = sis.gradebook(ALONE.places.class_ids, SENT_AT + DAY)
    assert short_classes(held, book) == {"C1"}
    held = see(held, believed(held, book), ALONE.places, job_id="look", since=None, provider=sis.chooses_ids)
    assert found_results(held) == [("gone", "gone")]
    assert writes(planned(ALONE, held, confirm=True)) == {"create": 1}


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
def test_what_its_own_id_serves_is_not_gone_however_long_lists_lack_it(*, chooses_ids: bool) -> None:
    sis = Sis(chooses_ids=chooses_ids, serves_ids=True)
    held = night(PAIR, sis).held
    [theirs] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    sis.unlisted = frozenset({theirs})
    for day in (1, 2, 3):
        again = night(PAIR, sis, held, at=SENT_AT + day * DAY, interrupted=True)
        held = again.held
        assert writes(again.outcome) == {}
    assert {each for each, _ in found_results(held)} == {"known"}


def test_a_cleared_grade_that_fell_with_its_column_is_not_withdrawn_by_an_id_that_it_has_not() -> None:
    sis = Sis(serves_ids=True)
    held = night(PAIR, sis).held
    gone = replace(held, results=held.results.assign(certainty="gone"))
    plan = planned(PAIR.with_(submissions=[unscored("a"), scored(9, "b")]), gone)
    assert grades_of(plan)["1", "10", "b"] == ("create", None)
    assert "withdraw" not in writes(plan)


def test_a_result_that_cannot_be_read_moves_with_its_class_and_is_not_made_beside() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    for each in [*sis.line_items.values(), *sis.results.values()]:
        each["class_id"] = "C1-new"
    moved = PAIR.with_(classes={"C1": "C1-new"})
    spoilt = next(key for key, each in sis.results.items() if each["student_id"] == "A-sourced")
    row = sis.results.pop(spoilt)
    held = looked(held, moved, sis, unreadable={spoilt: "C1-new"})
    sis.results[spoilt] = row
    assert set(held.results["class_id"]) == {"C1-new"}
    assert writes(planned(moved, held)) == {}


def test_an_old_result_in_a_late_list_does_not_settle_a_write_that_was_never_answered() -> None:
    sis = Sis(chooses_ids=True)
    held = night(PAIR.with_(submissions=[scored(8, "a"), unscored("b")]), sis).held
    at = SENT_AT + DAY
    held = intended(held, planned(PAIR, held), job_id="job", at=at, grades=True)
    held = looked(held, PAIR, sis, since=at, days=1.001)  # shows a's, sent a day ago, and not b's
    assert found_results(held) == [("known", "same"), ("unknown", "unsettled")]


def test_what_cannot_be_read_may_be_the_write_that_was_never_answered() -> None:
    works = PAIR.with_(
        assignments=[assignment("10"), assignment("11")],
        submissions=[scored(8, "a"), scored(9, "b"), scored(7, "a", "11")],
    )
    sis = Sis(chooses_ids=True)
    held = night(works, sis).held
    mine = held.results["student_id"] == "B-sourced"
    unknown = held.results["certainty"].mask(mine, "unknown")
    ids = held.results["result_id"].mask(mine, "asked")
    before = replace(
        held,
        results=held.results.assign(
            certainty=unknown, result_id=ids, seen_at=held.results["seen_at"].mask(mine)
        ),
    )
    [lost] = [key for key, each in sis.results.items() if each["student_id"] == "B-sourced"]
    del sis.results[lost]
    assert ("unknown", "unsettled") in found_results(looked(before, works, sis, unreadable={lost: "C1"}))
    assert "unknown" not in set(looked(before, works, sis).results["certainty"])


def test_a_list_with_a_row_that_cannot_be_read_is_not_the_first_of_two_nights_without_a_write() -> None:
    sis = Sis(chooses_ids=True)
    held = intended(NO_HOLDINGS, planned(ALONE), job_id="job", at=SENT_AT, grades=False)
    held = looked(held, ALONE, sis, unreadable={"sis-1": "C1"})
    held = looked(held, ALONE, sis, days=2)  # an empty list
    assert found_items(held) == [("unknown", "unsettled")]
    assert found_items(looked(held, ALONE, sis, days=3)) == []


def test_a_write_that_could_not_be_read_back_is_doubted_by_the_first_list_without_it() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    never = {
        name: held.results[name].mask(held.results["student_id"] == "A-sourced")
        for name in ("seen_at", "seen_score")
    }
    [lost] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    del sis.results[lost]
    held = looked(replace(held, results=held.results.assign(**never)), PAIR, sis)
    assert found_results(held)[0] == ("unconfirmed", "unshown")
    assert writes(planned(PAIR, held)) == {"update": 1}


def test_a_list_that_shows_only_results_of_others_shows_that_ours_is_missing() -> None:
    sis = Sis()
    held = night(ALONE, sis).held
    [ours] = sis.results
    sis.results["theirs"] = sis.results.pop(ours) | {"student_id": "else"}
    held = looked(held, ALONE, sis)
    assert found_results(held) == [("unconfirmed", "missing")]
    assert found_results(looked(held, ALONE, sis, days=2)) == [("gone", "gone")]


def test_in_consumer_mode_an_unanswered_write_that_a_late_list_lacks_is_kept_by_its_id() -> None:
    sis = Sis()
    held = intended(NO_HOLDINGS, planned(ALONE), job_id="job", at=SENT_AT, grades=True)
    [asked] = held.results["result_id"]
    held = looked(held, ALONE, sis, days=0.001)
    assert found_results(held) == [("unconfirmed", "unsettled")]
    assert list(held.results["result_id"]) == [asked]


def unanswered(sis: Sis) -> Holdings:
    """Of two grades the second has just been sent for the first time, and nobody answered; it was taken."""
    held = night(PAIR.with_(submissions=[scored(8, "a"), unscored("b")]), sis).held
    held = intended(held, planned(PAIR, held), job_id="job", at=SENT_AT + DAY, grades=True)
    [one] = sis.results.values()
    sis.results["taken"] = one | {"student_id": "B-sourced", "score": 9.0}
    return held


def test_what_was_never_answered_goes_where_all_else_of_its_class_went() -> None:
    sis = Sis(chooses_ids=True)
    held = unanswered(sis)
    for each in [*sis.line_items.values(), *sis.results.values()]:
        each["class_id"] = "C1-new"
    held = looked(held, PAIR.with_(classes={"C1": "C1-new"}), sis, days=2)
    assert set(held.results["class_id"]) == {"C1-new"}
    assert set(held.results["result_id"]) == set(sis.results)


def test_a_list_without_what_was_just_accepted_does_not_settle_what_was_never_answered() -> None:
    sis = Sis(chooses_ids=True)
    held = unanswered(sis)
    first = held.results["student_id"] == "A-sourced"
    accepted = held.results["certainty"].mask(first, "unconfirmed")
    unshown = held.results["unshown"].mask(first, 1)
    missed = pd.Series(SENT_AT + DAY, held.results.index)
    seen = held.results["seen_at"].mask(first)
    held = replace(
        held, results=held.results.assign(certainty=accepted, unshown=unshown, missed_at=missed, seen_at=seen)
    )
    kept, sis.results = sis.results, {}
    for days in (1.5, 2.5, 9.5):  # nothing of ours was ever listed: by such lists nobody can tell
        assert "unknown" in set(looked(held, PAIR, sis, days=days).results["certainty"])
    sis.results = {
        each: row for each, row in kept.items() if each in set(held.results.loc[first, "result_id"])
    }
    assert "unknown" not in set(looked(held, PAIR, sis, days=2.5).results["certainty"])


def test_what_was_sent_again_as_it_was_does_not_show_that_a_list_has_caught_up() -> None:
    sis = Sis(chooses_ids=True)
    held = unanswered(sis)
    again = SENT_AT + DAY  # a remaster, just now
    held = replace(held, results=held.results.assign(sent_at=again))
    del sis.results["taken"]  # the list is of before
    held = looked(held, PAIR, sis, since=again, days=1.001)
    assert found_results(held) == [("known", "same"), ("unknown", "unsettled")]


def test_an_update_without_an_answer_is_no_first_write_that_never_arrived() -> None:
    sis = Sis(chooses_ids=True)
    held = night(ALONE, sis).held
    rows = planned(School(submissions=[scored(2)]), held)
    lost = {rows.grades.index[0]: WriteAnswer(code=Code.SIS_UNKNOWN_OUTCOME)}
    after = answered_results(held, rows, lost, job_id="job", at=SENT_AT + DAY)
    assert list(after.results["certainty"]) == ["unconfirmed"]
    sis.results.clear()
    assert len(looked(after, ALONE, sis, days=3).results) == 1


def test_what_no_read_ever_showed_nobody_deleted() -> None:
    sis = Sis(chooses_ids=True)
    keep = replace(POLICY, on_edit="keep")
    held = night(PAIR, sis, policy=keep).held
    [swallowed] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    del sis.results[swallowed]
    mine = held.results["result_id"] == swallowed
    never = {name: held.results[name].mask(mine) for name in ("seen_at", "seen_score")}
    gone = held.results.assign(**never, certainty=held.results["certainty"].mask(mine, "gone"))
    again = night(PAIR, sis, replace(held, results=gone), at=SENT_AT + DAY, policy=keep)
    assert writes(again.plan) == {"create": 1}


@pytest.mark.parametrize("reads", [1, 2])
def test_another_value_where_no_read_has_shown_ours_yet_is_a_write_that_did_not_take(reads: int) -> None:
    sis = Sis(late=True)
    held = night(ALONE, sis).held
    assert found_results(held) == [("unconfirmed", "unshown")]
    sis.late = False
    [row] = sis.results.values()
    row["score"] = 1.0  # by hand, before any list had ours
    for day in range(1, reads + 1):  # not selected between: nothing is written
        held = looked(held, ALONE, sis, days=day)
        assert found_results(held) == [("unconfirmed", "not_taken")]
    assert writes(planned(ALONE, held)) == {"update": 1}


def test_a_repeat_without_an_answer_is_no_second_acceptance() -> None:
    sis = Sis()
    held = night(ALONE, sis).held
    seen = held.results[["seen_at", "seen_score"]]
    never = {name: seen[name].where(seen[name].isna()) for name in ("seen_at", "seen_score")}
    held = replace(held, results=held.results.assign(**never, certainty="unconfirmed", unshown=1))
    sis.results.clear()
    rows = planned(ALONE, held)
    lost = {rows.grades.index[0]: WriteAnswer(code=Code.SIS_UNKNOWN_OUTCOME)}
    again = answered_results(held, rows, lost, job_id="job", at=SENT_AT + DAY)
    held = looked(again, ALONE, sis, since=SENT_AT + DAY, days=1.001)
    assert found_results(held) == [("unconfirmed", "unshown")]
    assert writes(planned(ALONE, held)) == {"update": 1}


@pytest.mark.parametrize("serves_ids", [True, False], ids=["asked by id", "only listed"])
def test_what_a_sync_that_died_may_have_taken_back_counts_for_nobodys_deletion(*, serves_ids: bool) -> None:
    keep = replace(POLICY, on_edit="keep")
    sis = Sis(serves_ids=serves_ids)
    held = night(PAIR, sis, policy=keep).held
    [theirs] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    del sis.results[theirs]  # by a sync that died, of a grade that was cleared then and is there again
    lacked = looked(held, PAIR, sis)
    assert writes(planned(PAIR, lacked, policy=keep)) == {}
    [again] = writes(planned(PAIR, nobody_deleted(lacked), policy=keep))
    assert again in {"create", "update"}


@pytest.mark.parametrize(("again", "on_edit"), [("keep", "unchanged"), ("flag", "failed")])
@pytest.mark.parametrize("graded", [True, False], ids=["graded since", "not graded since"])
def test_a_score_that_canvas_has_again_is_sent_over_what_a_sync_that_died_had_posted(
    again: Any, on_edit: str, *, graded: bool
) -> None:
    policy = replace(POLICY, on_edit=again)
    sis = Sis()
    held = night(PAIR, sis, policy=policy).held
    [theirs] = [each for each in sis.results.values() if each["student_id"] == "A-sourced"]
    theirs["score"] = 88.0  # by a sync that died, or by hand where Canvas has graded nothing since
    at: dict[str, Any] = {"graded_at": SENT_AT + DAY} if graded else {}
    back = PAIR.with_(submissions=[scored(8, "a", **at), scored(9, "b")])
    seen = nobody_edited(looked(held, back, sis, days=1.5), back.canvas.submissions)
    plan = planned(back, seen, policy=policy)
    assert grades_of(plan)[THEIRS] == (("update", None) if graded else (on_edit, FLAGGED[on_edit]))
    assert ("edited_in_sis" in codes(plan)) is not graded


FLAGGED = {"unchanged": None, "failed": "edited_in_sis"}


def test_a_title_that_canvas_has_again_is_sent_over_what_a_sync_that_died_had_posted() -> None:
    sis = Sis()
    held = night(ALONE, sis, policy=KEEP).held
    [column] = sis.line_items.values()
    column["title"] = "Qiuz"
    seen = nobody_edited(looked(held, ALONE, sis), ALONE.canvas.submissions)
    plan = planned(ALONE, seen, policy=KEEP)
    assert (writes(plan), codes(plan)) == ({"update": 1}, [])


CLEARED = PAIR.with_(submissions=[unscored("a"), scored(9, "b")])
THEIRS = ("1", "10", "a")


def taken_back(*, answered: bool) -> tuple[Sis, Holdings]:
    """A's grade is cleared, and the SIS keeps it, whatever it answers; no read has shown it yet."""
    sis = Sis(chooses_ids=True)
    held = night(PAIR, sis).held
    rows = planned(CLEARED, held)
    [index] = rows.grades.index[rows.grades["state"] == "withdraw"]
    lost = WriteAnswer(code=Code.SIS_UNKNOWN_OUTCOME)
    answer = WriteAnswer(sourced_id=rows.grades.loc[index, "result_id"]) if answered else lost
    return sis, answered_results(held, rows, {index: answer}, job_id="job", at=SENT_AT + DAY)


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("read", ["none", "empty", "without what cannot be read"])
def test_what_was_taken_back_is_held_until_a_read_shows_that_it_is_gone(read: str, *, answered: bool) -> None:
    sis, held = taken_back(answered=answered)
    [theirs] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    row = sis.results.pop(theirs)
    since = SENT_AT + DAY
    if read == "empty":
        sis.silent = True
        held = looked(held, CLEARED, sis, since=since, days=1.001)
    elif read != "none":
        unread: dict[str, Any] = {"unreadable": {theirs: "C1"}, "unreadable_results": frozenset({"C1"})}
        held = looked(held, CLEARED, sis, since=since, days=1.001, **unread)
    assert dict(zip(held.results["student_id"], held.results["certainty"], strict=True)) == {
        "A-sourced": "unconfirmed",
        "B-sourced": "known",
    }
    sis.silent, sis.results[theirs] = False, row
    again = night(PAIR.with_(submissions=[scored(7, "a"), scored(9, "b")]), sis, held, at=SENT_AT + 2 * DAY)
    assert grades_of(again.outcome)[THEIRS] == ("updated", None)
    assert len(sis.results) == 2


@pytest.mark.parametrize("answered", [True, False])
def test_what_was_taken_back_is_forgotten_by_empty_lists_of_two_nights(*, answered: bool) -> None:
    sis, held = taken_back(answered=answered)
    sis.results.clear()
    held = looked(held, CLEARED, sis, since=SENT_AT + DAY, days=1.001)
    assert "A-sourced" in set(held.results["student_id"])
    held = looked(held, CLEARED, sis, days=2)
    assert "A-sourced" not in set(held.results["student_id"])


@pytest.mark.parametrize("before", ["known", "gone"])
@pytest.mark.parametrize("looks", ["by its id", "on the next night"])
def test_what_no_read_has_shown_since_it_was_last_sent_nobody_deleted(before: str, looks: str) -> None:
    sis, keep = Sis(serves_ids=looks == "by its id"), replace(POLICY, on_edit="keep")
    held = night(PAIR, sis, policy=keep).held
    [swallowed] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    del sis.results[swallowed]  # by hand
    mine = held.results["result_id"] == swallowed
    held = replace(held, results=held.results.assign(certainty=held.results["certainty"].mask(mine, before)))
    anew = PAIR.with_(submissions=[scored(7, "a"), scored(9, "b")])
    rows = planned(anew, held, policy=keep)
    taken = {rows.grades.index[rows.grades["result_id"] == swallowed][0]: WriteAnswer(sourced_id=swallowed)}
    held = answered_results(held, rows, taken, job_id="job", at=SENT_AT + DAY)
    unknown = frozenset({swallowed}) if looks == "by its id" else frozenset()
    held = looked(held, anew, sis, since=SENT_AT + DAY, days=1.001, not_found=unknown)
    if looks != "by its id":
        held = looked(held, anew, sis, days=2)
    [again] = writes(planned(anew, held, policy=keep))
    assert again in {"create", "update"}


def test_a_result_that_is_another_students_now_is_not_taken_back_for_whoever_had_the_id_before() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    swapped = PAIR.with_(
        students=[student("a", sis_user_id="C"), student("b", sis_user_id="A")],
        submissions=[unscored("a"), scored(9, "b")],
        off_roster=frozenset({"C"}),
    )
    rows = planned(swapped, held)
    assert writes(rows) == {"update": 1}


KEEP = replace(POLICY, on_edit="keep")
ANEW = PAIR.with_(submissions=[scored(7, "a"), scored(9, "b")])


def updated_unread(policy: Policy = KEEP) -> tuple[Sis, str, Holdings]:
    """A's grade was deleted by hand; its update was accepted and not kept, and no list could be read then."""
    sis = Sis()
    held = night(PAIR, sis, policy=policy).held
    [theirs] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    del sis.results[theirs]
    rows = planned(ANEW, held, policy=policy)
    taken = {rows.grades.index[rows.grades["result_id"] == theirs][0]: WriteAnswer(sourced_id=theirs)}
    return sis, theirs, answered_results(held, rows, taken, job_id="job", at=SENT_AT + DAY)


@pytest.mark.parametrize("first", ["update", "create"])
def test_an_update_that_no_read_has_shown_and_lists_lack_is_made_again_where_edits_are_kept(
    first: str,
) -> None:
    sis, theirs, held = updated_unread()
    assert writes(planned(ANEW, held, policy=KEEP)) == {}
    unknown = frozenset({theirs}) if first == "create" else frozenset[str]()
    held = looked(held, ANEW, sis, days=2, not_found=unknown)
    assert writes(planned(ANEW, held, policy=KEEP)) == {first: 1}
    held = looked(held, ANEW, sis, days=3)  # not selected between: nothing is written
    assert writes(planned(ANEW, held, policy=KEEP)) == {"create": 1}


def test_an_update_that_no_read_has_shown_is_told_as_missing_in_the_sis() -> None:
    sis, _, held = updated_unread()
    held = looked(held, ANEW, sis, days=2)
    now = CourseNow.of(ANEW.canvas, ANEW.places, frozenset())
    assert list(differences(planned(ANEW, held), held, now)["cause"]) == ["missing_in_sis"]


def test_what_was_only_sent_again_as_it_was_and_lists_lack_somebody_deleted() -> None:
    sis = Sis()
    held = night(PAIR, sis, policy=KEEP).held
    held = night(PAIR, sis, held, "remaster", at=SENT_AT + DAY, policy=KEEP).held
    [theirs] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    del sis.results[theirs]
    held = looked(held, PAIR, sis, days=2)
    assert ("unconfirmed", "missing") in found_results(held)
    assert writes(planned(PAIR, held, policy=KEEP)) == {}


def test_a_title_that_no_list_has_shown_is_no_edit_where_the_one_sent_since_was_not_kept() -> None:
    sis = Sis(chooses_ids=True, late=True)
    held = night(ALONE, sis, policy=KEEP).held
    sis.deaf, sis.silent = True, True
    renamed = ALONE.with_(assignments=[assignment("10", assignment_name="Renamed")])
    held = night(renamed, sis, held, at=SENT_AT + DAY, policy=KEEP).held
    assert found_items(held)[0][0] == "known"  # accepted twice, and never listed
    sis.deaf, sis.silent, sis.late = False, False, False
    held = looked(held, renamed, sis, days=2)
    assert found_items(held) == [("unconfirmed", "not_taken")]
    assert writes(planned(renamed, held, policy=KEEP))["update"] >= 1


CLASS = two_sections(
    students=[student("a", "1"), student("c", "1"), student("b", "2")],
    submissions=[scored(8, "a"), scored(7, "c"), scored(9, "b")],
)
NOT_SAID: dict[str, Any] = {
    "another section was asked for": ({}, Selection(sections=frozenset({"2"}))),
    "the SIS shows no class": ({"unknown_classes": frozenset({"C1"})}, Selection()),
    "the section has no SIS id": (
        {"sections": [section("1", sis_section_id=None), section("2")]},
        Selection(),
    ),
}
NOT_WANTED: dict[str, Any] = {
    "un-ticked": ({"assignments": [assignment(post_to_sis=False)]}, Selection()),
    "inactive": ({"students": [student("a", state="inactive"), *CLASS.students[1:]]}, Selection()),
}


@pytest.mark.parametrize(
    ("changed", "selection", "left"),
    [(*each, True) for each in NOT_SAID.values()] + [(*each, False) for each in NOT_WANTED.values()],
    ids=[*NOT_SAID, *NOT_WANTED],
)
def test_what_somebody_deleted_stays_away_until_canvas_did_not_want_it(
    changed: Any, selection: Selection, *, left: bool
) -> None:
    sis = Sis()
    held = night(CLASS, sis, policy=KEEP).held
    [theirs] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    del sis.results[theirs]
    held = looked(held, CLASS, sis, not_found=frozenset({theirs}))
    assert writes(planned(CLASS, held, policy=KEEP)) == {}
    between = CLASS.with_(**changed)
    rows = planned(between, held, policy=KEEP, selection=selection)
    unsaid = out_of_scope(between.canvas.sections, between.sis.classes, selection)
    held = without_unwanted(held, rows, unsaid)
    assert writes(planned(CLASS, held, policy=KEEP)) == ({} if left else {"create": 1})


def test_a_column_without_an_answer_is_found_in_its_class_by_its_new_id() -> None:
    sis = Sis(chooses_ids=True, keeps_descriptions=True, loses_answers=frozenset({("1", "10")}), silent=True)
    held = night(ALONE, sis).held
    sis.loses_answers, sis.silent = frozenset(), False
    for each in sis.line_items.values():
        each["class_id"] = "C1-new"
    moved = ALONE.with_(classes={"C1": "C1-new"})
    for days in (1, 2):
        held = night(moved, sis, held, at=SENT_AT + days * DAY).held
    assert len(sis.line_items) == 1
    assert len(sis.results) == 1


def test_an_edit_that_was_met_while_nothing_asked_for_the_grade_is_overwritten_once_it_is_asked_for() -> None:
    sis = Sis()
    held = night(PAIR, sis).held
    [theirs] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    sis.results[theirs]["score"] = 5.5
    left = PAIR.with_(students=[student("a", state="inactive"), student("b")])
    held = night(left, sis, held, at=SENT_AT + DAY, interrupted=True).held
    held = replace(held, results=held.results.assign(finding=None))  # which the warehouse does not keep
    assert writes(planned(PAIR, held)) == {}, "what a reading met is told as drift, and no more"
    held = looked(held, PAIR, sis, days=2)
    assert writes(planned(PAIR, held)) == {"update": 1}
    assert writes(planned(PAIR, held, policy=KEEP)) == {}


def test_a_grade_that_is_not_listed_twice_is_not_taken_where_the_sis_lists_others() -> None:
    sis = Sis(deaf=True)
    held = night(CLASS, sis).held
    alone = held.results["class_id"] == "C2"
    [theirs] = held.results.loc[alone, "result_id"]
    del sis.results[theirs]
    again = held.results.assign(
        seen_at=held.results["seen_at"].mask(alone),
        seen_score=held.results["seen_score"].mask(alone),
        unshown=held.results["unshown"].mask(alone, 1),
        sent_at=held.results["sent_at"].mask(alone, SENT_AT + DAY),
    )
    held = looked(replace(held, results=again), CLASS, sis, since=SENT_AT + DAY, days=1.001)
    assert dict(zip(held.results["result_id"], found_results(held), strict=True))[theirs] == (
        "unconfirmed",
        "not_taken",
    )


@pytest.mark.parametrize("answered", [True, False])
def test_what_was_sent_before_an_update_that_no_read_has_shown_is_no_edit(*, answered: bool) -> None:
    sis = Sis()
    held = night(PAIR, sis, policy=KEEP).held
    [mine] = [key for key, each in sis.results.items() if each["student_id"] == "A-sourced"]
    sis.results[mine]["score"] = 7.0  # as accepted; no list could be read then, nor after the next
    for days, score, said in ((1, 7, True), (2, 6, answered)):
        now = PAIR.with_(submissions=[scored(score, "a"), scored(9, "b")])
        rows = planned(now, held, policy=KEEP)
        answer = WriteAnswer(sourced_id=mine) if said else WriteAnswer(code=Code.SIS_UNKNOWN_OUTCOME)
        [number] = rows.grades.index[rows.grades["result_id"] == mine]
        held = answered_results(held, rows, {number: answer}, job_id="job", at=SENT_AT + days * DAY)
    held = looked(held, now, sis, days=3)
    assert writes(planned(now, held, policy=KEEP)) == {"update": 1}


def test_a_column_that_no_read_has_shown_is_not_sent_again_for_a_grade_that_is_hidden() -> None:
    sis = Sis(late=True)
    held = night(ALONE, sis).held
    hidden = ALONE.with_(submissions=[scored(8, posted_at=None)])
    assert writes(planned(hidden, held)) == {}
    assert writes(planned(ALONE, held)) == {"update": 2}


def test_where_the_sis_lists_nothing_of_what_it_takes_nothing_unanswered_is_sent_a_second_time() -> None:
    sis = Sis(chooses_ids=True, silent=True, loses_answers=frozenset({("1", "10", "a")}))
    held = night(PAIR, sis).held
    sis.loses_answers = frozenset()
    for days in (1, 2, 3, 4):
        again = night(PAIR, sis, held, at=SENT_AT + days * DAY)
        held = again.held
    assert len(sis.results) == 2
    assert grades_of(again.outcome)["1", "10", "a"] == ("failed", "sis_unknown_outcome")
    assert "never_shown" in codes(again.outcome)
    sis.silent = False
    assert writes(night(PAIR, sis, held, at=SENT_AT + 5 * DAY).plan) == {}


def test_a_column_that_was_deleted_and_is_taken_again_but_not_kept_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sis = Sis()
    first = night(PAIR, sis)
    sis.line_items.clear()
    sis.results.clear()
    monkeypatch.setattr(sis, "take_item", lambda row: WriteAnswer(sourced_id=row.line_item_id))
    newer = PAIR.with_(submissions=[scored(2, "a"), scored(9, "b")])
    second = night(newer, sis, first.held, at=SENT_AT + DAY)
    assert second.outcome.assignments["code"].to_list() == [Code.ASSIGNMENT_NOT_HELD]
    assert Code.ASSIGNMENT_NOT_HELD in codes(second.outcome)
    monkeypatch.undo()
    third = night(newer, sis, second.held, at=SENT_AT + 2 * DAY)
    assert writes(night(newer, sis, third.held, at=SENT_AT + 3 * DAY).plan) == {}
    assert len(sis.results) == 2
