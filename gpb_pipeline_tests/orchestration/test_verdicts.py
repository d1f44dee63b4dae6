"""What a check says of frames: causes are told as they are counted, and nothing unsound goes in silence."""

from dataclasses import replace

import pandas as pd
import pytest

from gpb_pipeline.orchestration import verdicts
from gpb_pipeline.orchestration.verdicts import RowRule
from gpb_pipeline.passback.course import Reject
from gpb_pipeline.passback.frames import build
from gpb_pipeline.passback.rows.counts import Counts, Extracted
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Issues, Rows
from gpb_pipeline.passback.rules.issues import Code

DUE = "2026-11-20T12:00:00Z"
SOUND: dict[str, object] = {
    "section_id": "11",
    "sis_section_id": "S-11",
    "assignment_id": "5",
    "assignment_name": "Quiz 1",
    "group_name": "Quizzes",
    "title": "Quiz 1",
    "category_id": "CAT-QUIZ",
    "category": "Quizzes",
    "class_id": "C-11",
    "school_id": None,
    "period_id": None,
    "points_possible": 20.0,
    "assigned_at": None,
    "due_at": DUE,
    "due_on_wire": DUE,
    "covered": True,
    "selected": True,
    "assigned": "everyone",
    "sections_named": False,
    "everyone_else_undated": False,
    "twins": 1,
    "folded_twins": 1,
    "grading_type": "points",
    "omit_from_final_grade": False,
    "category_code": None,
    "period_code": None,
    "detail": None,
    "held": False,
    "line_item_id": "L-5",
    "bar": None,
    "state": "eligible",
    "code": None,
    "sis_error": None,
}
NO_ISSUES = pd.DataFrame(columns=["code", "section_id", "assignment_id"])


@pytest.mark.parametrize(
    ("rule", "unsound"),
    [
        (verdicts.DUE_DATES, {"due_at": None}),
        (verdicts.MAPPED_CATEGORIES, {"category_id": None}),
        (verdicts.NAMES_FIT, {"title": " "}),
        (verdicts.NUMERIC, {"points_possible": 0.0}),
        (verdicts.NUMERIC, {"points_possible": None}),
        (verdicts.NAMES_UNIQUE, {"assignment_name": "Quiz 2 "}),
    ],
)
def test_a_row_that_goes_and_should_not_is_an_error(rule: RowRule, unsound: dict[str, object]) -> None:
    other = {"assignment_id": "6", "assignment_name": "Quiz 2", "title": "Quiz 2"}
    good = [SOUND, SOUND | other]
    assert rule.verdict(assignments(*good), NO_ISSUES).passed
    bad = rule.verdict(assignments(SOUND | unsound, SOUND | other), NO_ISSUES)
    assert (bad.passed, bad.severity) == (False, "error")
    assert bad.counts["going_all_the_same"] > 0
    assert rule.verdict(assignments(SOUND | unsound | {"state": "skipped"}, SOUND | other), NO_ISSUES).passed


def test_causes_are_told_by_assignment_and_section_with_their_number() -> None:
    codes = [Code.NO_DUE_DATE, Code.NO_DUE_DATE, Code.NAME_TOO_LONG]
    issues = pd.DataFrame(
        {"code": [code.value for code in codes], "section_id": "11", "assignment_id": ["5", "5", "5"]}
    )
    found = verdicts.DUE_DATES.verdict(assignments(SOUND | {"state": "skipped"}), issues)
    assert (found.passed, found.severity, found.counts["kept_back"]) == (False, "warn", 2)
    [met] = found.met
    assert (met.assignment_name, met.section_id, met.code, met.items) == ("Quiz 1", "11", Code.NO_DUE_DATE, 2)


@pytest.mark.parametrize(
    ("fault", "read"),
    [
        ("grades_unaccounted", Extracted(sections=1, assignments=1, grades=1)),
        ("assignments_invented", Extracted(sections=1, assignments=0, grades=0)),
    ],
)
def test_books_that_do_not_balance_are_an_error(fault: str, read: Extracted) -> None:
    balanced = outcome({"state": "created"})
    assert accounted(balanced, Counts.of(balanced)).passed
    cooked = replace(balanced, extracted=read)
    found = accounted(cooked, Counts.of(cooked))
    assert (found.passed, found.severity, found.counts[fault]) == (False, "error", 1)


def test_a_grade_that_a_join_lost_is_found_by_what_canvas_answered() -> None:
    """Of three answered grades one has no row; one of no student of the section need have none."""
    submissions = pd.DataFrame(
        {
            "assignment_id": "5",
            "user_id": ["1", "2", "3", "4"],
            "score": [10.0, None, 8.0, 7.0],
            "grade": None,
            "excused": [False, True, False, False],
            "missing": False,
            "late": False,
            "assigned": True,
        }
    )
    enrollments = pd.DataFrame(
        {
            "section_id": ["11", "11", "11", "12"],
            "user_id": ["1", "2", "3", "4"],
            "type": "StudentEnrollment",
            "state": "active",
        }
    )
    balanced = outcome({"state": "created"})
    read = verdicts.answered(submissions, enrollments, balanced.assignments, ())
    assert read == {("5", "1"), ("5", "2"), ("5", "3")}
    without = balanced.assignments.iloc[:0]  # a join lost the assignment's rows, and the grades' with them
    assert verdicts.answered(submissions, enrollments, without, ("11",)) == read
    lost = verdicts.every_item_accounted_for(balanced, Counts.of(balanced), read)
    assert (lost.passed, lost.severity, lost.counts["grades_lost"]) == (False, "error", 3)


def test_what_was_laid_aside_at_the_door_and_is_told_nowhere_is_found() -> None:
    laid_aside = Reject(
        kind="submission", item_id="9", code=Code.UNREADABLE_GRADE, met="score: text", user_id="1"
    )
    balanced = outcome({"state": "created"})
    lost = verdicts.every_item_accounted_for(balanced, Counts.of(balanced), frozenset(), [laid_aside])
    assert (lost.passed, lost.counts["laid_aside"], lost.counts["rejects_untold"]) == (False, 1, 1)
    nothing = dict.fromkeys(("section_id", "assignment_id", "detail", "sis_error"))
    issue = {**nothing, "code": laid_aside.code.value, "user_id": "1"}
    told = replace(balanced, issues=build(Issues, columns([issue], Issues)))
    assert verdicts.every_item_accounted_for(told, Counts.of(told), frozenset(), [laid_aside]).passed


def test_a_row_left_behind_without_a_cause_and_other_counts_in_the_history_are_errors() -> None:
    causeless = outcome({"state": "failed"})
    found = accounted(causeless, Counts.of(causeless))
    assert found.counts["rows_without_an_end"] == 1
    balanced = outcome({"state": "created"})
    assert accounted(balanced, Counts.none()).counts["counts_differ"] == 1


def accounted(of: Rows, counts: Counts) -> verdicts.Verdict:
    """No grade was answered, so that only the books are looked at."""
    return verdicts.every_item_accounted_for(of, counts, frozenset())


def assignments(*rows: dict[str, object]) -> pd.DataFrame:
    return build(AssignmentRows, columns(rows, AssignmentRows))


def outcome(changed: dict[str, object]) -> Rows:
    return Rows(
        assignments=build(AssignmentRows, columns([SOUND | changed], AssignmentRows)),
        grades=build(GradeRows, columns([], GradeRows)),
        issues=build(Issues, columns([], Issues)),
        extracted=Extracted(sections=1, assignments=1, grades=0),
    )


def columns(rows: object, schema: type) -> dict[str, list[object]]:
    return {name: [row[name] for row in rows] for name in schema.to_schema().columns}  # type: ignore[attr-defined]
