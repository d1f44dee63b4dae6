"""A warehouse that lost what was sent, where the SIS chooses the ids: found by a look, or in doubt."""

import pytest

from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS, Holdings
from gpb_pipeline.passback.holdings.supposed import found_of, supposed
from gpb_pipeline_tests.passback.courses import SENT_AT, School, scored, student
from gpb_pipeline_tests.passback.holdings.test_see import read
from gpb_pipeline_tests.passback.syncs import Sis, found_items, found_results, night, planned, writes

THREE = School(
    students=[student(each) for each in "abc"],
    submissions=[scored(score, each) for score, each in ((8, "a"), (9, "b"), (7, "c"))],
)


def looked_for(sis: Sis, school: School = THREE) -> Holdings:
    """Look as the first sync does once the warehouse is known to be older; nothing is on record."""
    wanted = supposed(NO_HOLDINGS, planned(school, NO_HOLDINGS), job_id="look", at=SENT_AT)
    return found_of(read(wanted, school, sis), "look")


def test_what_another_job_asked_and_no_read_settles_is_not_forgotten() -> None:
    sis = Sis(chooses_ids=True, loses_writes=frozenset({("1", "10")}))
    first = night(THREE, sis)
    looked = read(first.held, THREE, sis, days=0.01)
    assert found_items(looked) == [("unknown", "unsettled")]
    assert found_items(found_of(looked, "look")) == [("unknown", "unsettled")]


def edited(sis: Sis, *scores: float) -> None:
    for result, score in zip(sis.results.values(), scores, strict=False):
        result["score"] = score


@pytest.mark.parametrize("keeps_descriptions", [False, True])
def test_what_stands_there_is_found_and_nothing_is_written(*, keeps_descriptions: bool) -> None:
    sis = Sis(chooses_ids=True, keeps_descriptions=keeps_descriptions)
    night(THREE, sis)
    found = looked_for(sis)
    assert found_items(found) == [("known", "adopted")]
    assert found_results(found) == [("known", "adopted")] * 3
    assert writes(planned(THREE, found)) == {}


def test_what_was_never_made_is_not_on_record_and_is_made() -> None:
    assert looked_for(Sis(chooses_ids=True)).line_items.empty
    assert looked_for(Sis(chooses_ids=True)).results.empty


def test_a_column_on_which_a_score_was_edited_is_ours_all_the_same() -> None:
    sis = Sis(chooses_ids=True)
    night(THREE, sis)
    edited(sis, 1.0)
    assert found_items(looked_for(sis)) == [("known", "adopted")]


def test_a_column_with_other_scores_than_ours_may_be_anybodys_and_nothing_is_written() -> None:
    sis = Sis(chooses_ids=True)
    night(THREE, sis)
    edited(sis, 1.0, 2.0)
    found = looked_for(sis)
    assert found_items(found) == [("unknown", "ambiguous")]
    assert writes(planned(THREE, found)) == {}


def test_a_column_that_says_whose_it_is_is_ours_whatever_stands_on_it() -> None:
    sis = Sis(chooses_ids=True, keeps_descriptions=True)
    night(THREE, sis)
    edited(sis, 1.0, 2.0, 3.0)
    assert found_items(looked_for(sis)) == [("known", "adopted")]


def test_a_column_without_a_result_of_our_students_is_somebody_elses() -> None:
    sis = Sis(chooses_ids=True)
    night(THREE, sis)
    for number, result in enumerate(sis.results.values()):
        result["student_id"] = f"stranger-{number}"
    assert looked_for(sis).line_items.empty
