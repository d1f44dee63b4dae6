"""What must be written: nothing twice, everything on a remaster, and exactly what a change changes."""

from dataclasses import replace
from typing import Any

import pytest

from gpb_pipeline.passback.holdings.plan import without_grades
from gpb_pipeline_tests.passback.courses import (
    POSTED,
    School,
    assignment,
    category,
    mapped,
    override,
    period,
    scored,
    student,
    two_sections,
    unscored,
)
from gpb_pipeline_tests.passback.syncs import (
    Sis,
    answered,
    assignments_of,
    codes,
    grades_of,
    judged,
    planned,
    synced,
    the_assignment,
    the_grade,
    willing,
    writes,
)


def test_the_first_sync_creates_everything() -> None:
    assert writes(planned(two_sections())) == {"create": 4}


def test_a_repeat_sends_nothing() -> None:
    before = synced(two_sections())
    again = planned(two_sections(), before)
    assert writes(again) == {}
    assert set(again.grades["state"]) == set(again.assignments["state"]) == {"unchanged"}


def test_a_repeat_sends_nothing_where_the_sis_chose_the_ids() -> None:
    before = answered(planned(two_sections()), sis=Sis(chooses_ids=True))
    assert writes(planned(two_sections(), before)) == {}
    assert before.results["line_item_id"].str.startswith("sis-").all()


def test_a_remaster_sends_all_that_may_go_whatever_is_held() -> None:
    before = synced(two_sections())
    assert writes(planned(two_sections(), before, "remaster")) == {"update": 4}
    assert codes(planned(two_sections(), before, "remaster")) == []


def test_a_remaster_also_withdraws() -> None:
    before = synced(two_sections())
    school = two_sections(submissions=[unscored("a"), scored(9, "b")])
    assert writes(planned(school, before, "remaster")) == {"update": 3, "withdraw": 1}


def test_a_nightly_sync_is_a_delta() -> None:
    assert writes(planned(two_sections(), synced(two_sections()), "nightly")) == {}


CHANGED_GRADES = {
    "another score": scored(7, "a"),
    "excused with what was 0": unscored("a", excused=True, posted_at=POSTED),
}


@pytest.mark.parametrize("row", CHANGED_GRADES.values(), ids=CHANGED_GRADES)
def test_a_changed_grade_is_updated_alone(row: dict[str, object]) -> None:
    before = synced(two_sections(submissions=[scored(0, "a"), scored(9, "b")]))
    later = planned(two_sections(submissions=[row, scored(9, "b")]), before)
    assert grades_of(later) == {("1", "10", "a"): ("update", None), ("2", "10", "b"): ("unchanged", None)}
    assert set(later.assignments["state"]) == {"unchanged"}


WITHOUT_EFFECT = {
    "8 for 8.0": scored(8, grade="8.00"),
    "another display": scored(8, grade="B+"),
    "graded again": scored(8, graded_at="2026-11-22T01:00:00Z", posted_at="2026-11-22T01:00:00Z"),
    "marked late": scored(8, late=True),
}


@pytest.mark.parametrize("row", WITHOUT_EFFECT.values(), ids=WITHOUT_EFFECT)
def test_what_does_not_change_the_grade_sends_nothing(row: dict[str, object]) -> None:
    assert writes(planned(School(submissions=[row]), synced(School()))) == {}


CHANGED_ITEMS = {
    "name": {"assignment_name": "Quiz, second try"},
    "points": {"points_possible": 20},
    "due day": {"due_at": "2026-11-18T04:59:59Z"},
    "unlock time": {"unlock_at": "2026-11-02T05:00:00Z"},
}


@pytest.mark.parametrize("changed", CHANGED_ITEMS.values(), ids=CHANGED_ITEMS)
def test_a_changed_assignment_is_updated_without_its_grades(changed: dict[str, Any]) -> None:
    later = planned(School(assignments=[assignment(**changed)]), synced(School()))
    assert (the_assignment(later), the_grade(later)) == (("update", None), ("unchanged", None))


def test_another_hour_of_the_same_local_day_sends_nothing() -> None:
    earlier = School(assignments=[assignment(due_at="2026-11-16T14:00:00Z")])
    assert writes(planned(earlier, synced(School()))) == {}


def test_a_changed_mapping_sends_exactly_its_sections_line_items_again() -> None:
    school = two_sections(
        assignments=[assignment("10"), assignment("11"), assignment("12", group_id="g2")],
        groups=[
            {
                "group_id": each,
                "group_name": name,
                "position": 1,
                "integration_data": "{}",
            }
            for each, name in (("g", "Homework"), ("g2", "Tests"))
        ],
        categories=[category(), category("TEST", "Tests"), category("LAB", "Labs")],
        submissions=[scored(8, each, work) for each in ("a", "b") for work in ("10", "11", "12")],
    )
    before = synced(school)
    later = planned(school.with_(mapping=[mapped("LAB", "g", "2")]), before)
    states = assignments_of(later)
    assert {key for key, (state, _) in states.items() if state == "update"} == {("2", "10"), ("2", "11")}
    assert set(later.grades["state"]) == {"unchanged"}


def test_a_renamed_group_or_category_sends_nothing_where_the_mapping_is_by_id() -> None:
    renamed = School(categories=[category("HW", "Home Work")], mapping=[mapped("HW")])
    assert writes(planned(renamed, synced(School()))) == {}


def test_a_date_of_ones_own_moves_its_section_alone() -> None:
    before = synced(two_sections())
    named = [override("section", "1", due_at="2026-11-25T04:59:59Z"), override("section", "2", due_at=None)]
    later = planned(two_sections(overrides=named), before)
    assert assignments_of(later) == {
        ("1", "10"): ("update", None),
        ("2", "10"): ("skipped", "no_due_date"),
    }


def test_what_failed_is_tried_again() -> None:
    first = planned(two_sections())
    before = answered(first, sis=willing(first, refuses=frozenset({("1", "10", "a")})))
    assert grades_of(planned(two_sections(), before)) == {
        ("1", "10", "a"): ("create", None),
        ("2", "10", "b"): ("unchanged", None),
    }


def test_a_line_item_of_another_id_takes_its_grades_with_it() -> None:
    before = synced(School())
    lost = replace(before, line_items=before.line_items.assign(line_item_id="theirs"))
    assert the_grade(planned(School(), lost)) == ("update", None)


def class_of(*scores: float) -> School:
    names = [f"s{number}" for number in range(len(scores))]
    return School(
        students=[student(each) for each in names],
        submissions=[scored(score, each) for score, each in zip(scores, names, strict=True)],
    )


def test_a_change_of_more_than_half_is_told_and_goes_all_the_same() -> None:
    before = synced(class_of(1, 2, 3, 4))
    half, more = planned(class_of(9, 9, 3, 4), before), planned(class_of(9, 9, 9, 4), before)
    assert codes(half) == []
    assert codes(more) == ["mass_change"]
    assert writes(more) == {"update": 3}
    assert more.issues["detail"].to_list() == ["3 of 4"]


def test_a_remaster_is_no_change_of_its_own() -> None:
    before = synced(class_of(1, 2, 3, 4))
    assert codes(planned(class_of(1, 2, 3, 9), before, "remaster")) == []
    assert codes(planned(class_of(9, 9, 9, 4), before, "remaster")) == ["mass_change"]


def test_new_grades_are_no_change_of_what_was_posted() -> None:
    before = synced(class_of(1, 2))
    assert codes(planned(class_of(1, 2, 3, 4, 5, 6), before)) == []


def test_without_grades_only_line_items_are_written() -> None:
    before = synced(School(submissions=[scored(8)]))
    school = two_sections(submissions=[scored(9, "a"), scored(9, "b")])
    alone = without_grades(planned(school, before))
    assert writes(alone) == {"create": 1}
    assert set(grades_of(alone).values()) == {("skipped", "grades_not_asked")}
    assert alone.issues.set_index("code").loc["grades_not_asked", "detail"] == "2 grades"


def test_without_grades_an_unchanged_course_tells_nothing() -> None:
    before = synced(School())
    alone = without_grades(planned(School(), before))
    assert (the_grade(alone), codes(alone)) == (("unchanged", None), [])


def test_the_plan_keeps_every_row_of_the_judgement() -> None:
    judgement = judged(two_sections())
    made = planned(two_sections(), synced(two_sections()))
    assert len(made.grades) == len(judgement.grades)
    assert made.extracted == judgement.extracted


CLOSED = period("MP1", "2026-11-01", "2026-11-30", closed=True)
BARS: dict[str, dict[str, Any]] = {
    "a closed period": {"periods": [CLOSED]},
    "a period that is no longer listed": {"periods": [period("MP9", "2027-01-01", "2027-02-01")]},
    "a twin": {"assignments": [assignment("10"), assignment("11", assignment_name="Quiz 10")]},
    "a category that is gone": {"categories": []},
    "two categories": {"categories": [category(), category("HW2")]},
}


@pytest.mark.parametrize("changed", BARS.values(), ids=BARS)
def test_what_bars_writing_is_asked_last_so_that_what_is_held_exactly_so_is_unchanged(
    changed: dict[str, Any],
) -> None:
    later = planned(School(**changed), synced(School()))
    assert assignments_of(later)["1", "10"] == ("unchanged", None)
    assert the_grade(later) == ("unchanged", None)


EFFECTS = {
    "a closed period": ("failed", "grading_period_closed"),
    "a period that is no longer listed": ("failed", "grading_period_missing"),
    "a twin": ("skipped", "duplicate_name"),
    "a category that is gone": ("skipped", "category_not_found"),
    "two categories": ("skipped", "category_ambiguous"),
}


@pytest.mark.parametrize("name", BARS)
def test_it_keeps_back_what_there_is_to_write(name: str) -> None:
    state, code = EFFECTS[name]
    works = [assignment(points_possible=20), *BARS[name].get("assignments", [])[1:]]
    later = planned(School(**BARS[name] | {"assignments": works}), synced(School()))
    assert assignments_of(later)["1", "10"] == (state, code)
    assert the_grade(later) == ("unchanged", None)


@pytest.mark.parametrize("name", BARS)
def test_a_changed_grade_follows_what_bars_its_assignment_which_is_told(name: str) -> None:
    state, code = EFFECTS[name]
    later = planned(School(**BARS[name], submissions=[scored(7)]), synced(School()))
    assert assignments_of(later)["1", "10"] == ("unchanged", None)
    assert the_grade(later) == (state, "assignment_not_sent")
    told = later.issues.set_index("code")
    assert code in told.index
    assert told.loc["assignment_not_sent", "detail"] == "1 grade"


def test_unassociated_is_skipped_though_it_is_held_exactly_so() -> None:
    later = planned(School(mapping=[mapped(None)]), synced(School()))
    assert the_assignment(later) == ("skipped", "category_unassociated")


def test_a_withdrawal_waits_for_a_closed_period_too() -> None:
    later = planned(School(periods=[CLOSED], submissions=[unscored()]), synced(School()))
    assert the_grade(later) == ("failed", "assignment_not_sent")


def test_what_waits_for_a_grade_says_so_before_what_bars_it() -> None:
    later = planned(School(periods=[CLOSED], submissions=[]))
    assert (the_assignment(later), codes(later)) == (("skipped", "no_grades_yet"), ["no_grades_yet"])


def test_an_assign_date_is_never_after_the_due_date_and_falls_back_to_it() -> None:
    dates: dict[str, dict[str, Any]] = {
        "10": {"unlock_at": "2026-11-20T05:00:00Z"},
        "11": {"unlock_at": None, "created_at": None},
        "12": {"unlock_at": "2026-11-02T05:00:00Z"},
    }
    school = School(
        assignments=[assignment(each, **row) for each, row in dates.items()],
        submissions=[scored(assignment_id=each) for each in dates],
    )
    rows = planned(school).assignments
    assert (rows["assigned_at"] <= rows["due_on_wire"]).all()
    assert rows["assigned_at"].iloc[1] == rows["due_on_wire"].iloc[1]
    assert rows["assigned_at"].iloc[2].isoformat() == "2026-11-02T05:00:00+00:00"
