"""What the SIS holds against what it took, and what people changed there since."""

from dataclasses import replace

import pytest

from gpb_pipeline.passback.course import Plan
from gpb_pipeline.passback.frames import empty
from gpb_pipeline.passback.holdings.adoption import Held, HeldResults
from gpb_pipeline.passback.holdings.verify import (
    edited,
    flagged,
    line_items_not_held,
    not_verified,
    results_not_held,
    told_of,
)
from gpb_pipeline.passback.rows.settle import Answer
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline_tests.passback.courses import POSTED, School, scored, two_sections, unscored
from gpb_pipeline_tests.passback.holdings.test_adoption import held_after
from gpb_pipeline_tests.passback.syncs import (
    Sis,
    answers_to_items,
    answers_to_results,
    planned,
    posted,
    synced,
)

BOTH = frozenset({"C1", "C2"})
FIRST, SECOND = ("1", "10", "a"), ("2", "10", "b")


def accepted(plan: Plan) -> Held:
    return held_after(posted(plan))


def with_score(held: Held, student_id: str, score: float) -> Held:
    rows = held.results
    return replace(
        held, results=rows.assign(score=rows["score"].mask(rows["student_id"] == student_id, score))
    )


def without(held: Held, student_id: str) -> Held:
    return replace(held, results=held.results[held.results["student_id"] != student_id])


def test_what_is_held_as_sent_is_well() -> None:
    plan = planned(two_sections())
    held = accepted(plan)
    assert line_items_not_held(plan, answers_to_items(plan), held, BOTH) == {}
    assert results_not_held(plan, answers_to_results(plan), held, BOTH) == {}


def test_a_line_item_that_was_accepted_and_is_not_there_is_failed() -> None:
    plan = planned(two_sections())
    held = accepted(plan)
    lost = replace(held, line_items=held.line_items[held.line_items["class_id"] != "C1"])
    found = line_items_not_held(plan, answers_to_items(plan), lost, BOTH)
    assert {key: answer.code for key, answer in found.items()} == {("1", "10"): Code.ASSIGNMENT_NOT_HELD}


def test_a_result_that_is_not_there_or_is_there_otherwise_is_failed() -> None:
    plan = planned(two_sections())
    held = with_score(without(accepted(plan), "A-sourced"), "B-sourced", 0.0)
    found = results_not_held(plan, answers_to_results(plan), held, BOTH)
    assert {key: answer.code for key, answer in found.items()} == {
        FIRST: Code.NOT_HELD,
        SECOND: Code.NOT_HELD,
    }


@pytest.mark.parametrize(("sent", "kept", "well"), [(8.333333, 8.33, 1), (8.333333, 8.3, 0), (8, 8, 1)])
def test_a_sis_may_keep_two_decimals(sent: float, kept: float, well: int) -> None:
    plan = planned(School(submissions=[scored(sent)]))
    held = with_score(accepted(plan), "A-sourced", kept)
    assert len(results_not_held(plan, answers_to_results(plan), held, BOTH)) == 1 - well


def test_an_exempt_result_is_compared_by_its_mark_alone() -> None:
    plan = planned(School(submissions=[unscored(excused=True, posted_at=POSTED)]))
    held = accepted(plan)
    answers = answers_to_results(plan)
    assert results_not_held(plan, answers, with_score(held, "A-sourced", float("nan")), BOTH) == {}
    plain = replace(held, results=held.results.assign(exempt=False))
    assert list(results_not_held(plan, answers, plain, BOTH)) == [FIRST]


def test_a_withdrawn_result_that_is_still_there_is_failed() -> None:
    school = two_sections(submissions=[unscored("a"), scored(9, "b")])
    before = synced(two_sections())
    held = accepted(planned(two_sections()))
    plan = planned(school, before)
    answers = answers_to_results(plan)
    assert list(results_not_held(plan, answers, held, BOTH)) == [FIRST]
    assert results_not_held(plan, answers, without(held, "A-sourced"), BOTH) == {}


def test_what_was_refused_is_not_asked_for_again() -> None:
    plan = planned(two_sections())
    held = replace(accepted(plan), results=empty(HeldResults))
    refused = answers_to_results(plan, Sis(refuses_results=frozenset({FIRST})))
    assert list(results_not_held(plan, refused, held, BOTH)) == [SECOND]


def test_classes_that_were_not_read_are_not_judged() -> None:
    plan = planned(two_sections())
    held = replace(accepted(plan), results=empty(HeldResults))
    found = results_not_held(plan, answers_to_results(plan), held, frozenset({"C2"}))
    assert list(found) == [SECOND]


def test_ids_that_the_sis_chose_are_looked_for() -> None:
    plan = planned(two_sections())
    provider = Sis(chooses_ids=True)
    held = held_after(posted(plan, provider))
    assert line_items_not_held(plan, answers_to_items(plan, provider), held, BOTH) == {}
    assert results_not_held(plan, answers_to_results(plan, provider), held, BOTH) == {}


def test_an_edit_is_an_unchanged_result_that_is_held_otherwise_or_no_longer() -> None:
    before = synced(two_sections())
    held = accepted(planned(two_sections()))
    plan = planned(two_sections(), before)
    assert len(edited(plan, held, BOTH)) == 0
    assert edited(plan, with_score(held, "A-sourced", 3.0), BOTH)["user_id"].to_list() == ["a"]
    assert edited(plan, without(held, "B-sourced"), BOTH)["user_id"].to_list() == ["b"]
    assert len(edited(plan, with_score(held, "A-sourced", 3.0), frozenset({"C2"}))) == 0


def test_what_is_sent_anyway_is_no_edit() -> None:
    held = accepted(planned(two_sections()))
    later = planned(two_sections(submissions=[scored(1, "a"), scored(9, "b")]), synced(two_sections()))
    assert len(edited(later, with_score(held, "A-sourced", 3.0), BOTH)) == 0


def test_edits_are_told_each_and_failed_where_the_district_wants_to_be_asked() -> None:
    plan = planned(two_sections(), synced(two_sections()))
    rows = edited(plan, replace(accepted(plan), results=empty(HeldResults)), BOTH)
    assert told_of(rows)["code"].to_list() == [Code.EDITED_IN_SIS] * 2
    assert flagged(rows) == dict.fromkeys((FIRST, SECOND), Answer(code=Code.EDITED_IN_SIS))


def test_no_edit_tells_nothing() -> None:
    plan = planned(School(), synced(School()))
    assert len(told_of(edited(plan, accepted(plan), BOTH))) == 0


def test_a_sis_that_could_not_be_read_back_is_told_of_the_course() -> None:
    assert not_verified("unavailable")[["code", "detail"]].to_numpy().tolist() == [
        [Code.NOT_VERIFIED, "unavailable"]
    ]
