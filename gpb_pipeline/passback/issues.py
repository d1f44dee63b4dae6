"""The issue catalogue: every cause that a row of a sync may carry, in one table.

The order is the precedence: where several causes apply, the row carries the first and the issues list all
(design.md §8.5). Which rule raises which is not said here. Faults that stop a whole course are exceptions
(errors.py).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Severity = Literal["info", "warning", "error"]
Kind = Literal["assignment", "grade"]
Stage = Literal["Filter", "Post Assignments", "Post Grades", "Verify"]
Who = Literal["instructor", "Canvas admin", "SIS admin", "operator"]


@dataclass(frozen=True)
class Issue:
    """What a code means: the cause and the remedy in a sentence each, and who can do it."""

    kind: Kind
    severity: Severity
    stage: Stage
    cause: str
    remedy: str
    who: Who


class Code(StrEnum):
    """Stable names: they stand in JSON, CSV files, alerts and people's notes, so none is ever renamed."""

    NOT_SELECTED = "not_selected"
    STUDENTS_ONLY = "assigned_to_students_only"
    DUPLICATE_NAME = "duplicate_name"
    NAME_EMPTY = "name_empty"
    NAME_TOO_LONG = "name_too_long"
    NOT_GRADED = "not_graded"
    NO_POINTS = "no_points"
    NO_DUE_DATE = "no_due_date"
    EVERYONE_ELSE = "everyone_else"
    CATEGORY_UNASSOCIATED = "category_unassociated"
    CATEGORY_NOT_FOUND = "category_not_found"
    CATEGORY_AMBIGUOUS = "category_ambiguous"
    CATEGORY_GONE = "category_gone"
    CLASS_UNKNOWN = "class_unknown"
    PERIOD_MISSING = "grading_period_missing"
    PERIOD_CLOSED = "grading_period_closed"
    NO_GRADES_YET = "no_grades_yet"
    NAMES_DIFFER_IN_CASE = "names_differ_in_case"
    OMITTED_FROM_FINAL_GRADE = "omitted_from_final_grade"
    ASSIGNMENT_NOT_SENT = "assignment_not_sent"
    ORPHAN = "orphan"
    WITHDRAWALS_HELD = "withdrawals_held"
    STUDENT_WITHOUT_SIS_ID = "student_without_sis_id"
    HIDDEN = "hidden"
    MISSING_WITHOUT_SCORE = "missing_without_score"
    LATE_WITHOUT_SCORE = "late_without_score"
    TEXT_GRADE = "text_grade"
    STUDENT_NOT_ON_ROSTER = "student_not_on_roster"
    SIS_REFUSED = "sis_refused"
    SIS_UNAVAILABLE = "sis_unavailable"
    SIS_UNKNOWN_OUTCOME = "sis_unknown_outcome"
    NOT_HELD = "not_held_by_sis"
    ABOVE_MAXIMUM = "above_maximum"
    BELOW_ZERO = "below_zero"
    PENDING_REVIEW = "pending_review"
    RESUBMITTED = "resubmitted"


def _skip(kind: Kind, cause: str, remedy: str, who: Who = "instructor") -> Issue:
    return Issue(kind, "warning", "Filter", cause, remedy, who)


def _error(kind: Kind, stage: Stage, cause: str, remedy: str, who: Who = "SIS admin") -> Issue:
    return Issue(kind, "error", stage, cause, remedy, who)


CATALOGUE: dict[Code, Issue] = {
    Code.NOT_SELECTED: Issue(
        "assignment", "info", "Filter", "It was left out of this sync.", "Select it to send it.", "instructor"
    ),
    Code.STUDENTS_ONLY: _skip(
        "assignment",
        "It is assigned to single students and to nobody else in this section.",
        "Assign it to the section or to everyone.",
    ),
    Code.DUPLICATE_NAME: _skip(
        "assignment",
        "Another assignment of this section that syncs has the same name.",
        "Give each a name of its own.",
    ),
    Code.NAME_EMPTY: _skip("assignment", "It has no name.", "Give it a name."),
    Code.NAME_TOO_LONG: _skip(
        "assignment", "Its name has more characters than the SIS takes.", "Shorten the name."
    ),
    Code.NOT_GRADED: _skip(
        "assignment", "It is not graded.", "Choose a graded display, or turn Sync to SIS off."
    ),
    Code.NO_POINTS: _skip(
        "assignment",
        "It has no points, so that a score says nothing.",
        "Give it more than 0 points, or turn Sync to SIS off.",
    ),
    Code.NO_DUE_DATE: _skip("assignment", "It has no due date for this section.", "Add a due date."),
    Code.EVERYONE_ELSE: _skip(
        "assignment",
        "Other sections have due dates of their own, and only sections so named are sent.",
        "Add this section to Assign to, with its due date.",
    ),
    Code.CATEGORY_UNASSOCIATED: _skip(
        "assignment",
        "Its assignment group is set to Unassociated for this section.",
        "Choose a category in Sync SIS Categories.",
    ),
    Code.CATEGORY_NOT_FOUND: _skip(
        "assignment",
        "The SIS has no category of its assignment group's name.",
        "Rename the group, or choose a category in Sync SIS Categories.",
    ),
    Code.CATEGORY_AMBIGUOUS: _skip(
        "assignment",
        "The SIS has several categories of its assignment group's name.",
        "Choose one in Sync SIS Categories.",
    ),
    Code.CATEGORY_GONE: _skip(
        "assignment",
        "The SIS no longer has the category that was chosen for its group.",
        "Choose another in Sync SIS Categories.",
    ),
    Code.CLASS_UNKNOWN: _error(
        "assignment",
        "Filter",
        "The SIS has no class for this section's SIS id.",
        "Correct the section's SIS id in Canvas, or the class in the SIS.",
    ),
    Code.PERIOD_MISSING: _error(
        "assignment",
        "Filter",
        "Its due date lies in no grading period of the class.",
        "Move the due date, or add the grading period.",
    ),
    Code.PERIOD_CLOSED: _error(
        "assignment",
        "Filter",
        "Its due date lies in a grading period that is closed.",
        "Move the due date, or open the grading period.",
    ),
    Code.NO_GRADES_YET: Issue(
        "assignment",
        "info",
        "Filter",
        "No grade of this section can be sent yet; scores come first.",
        "Enter and post a score.",
        "instructor",
    ),
    Code.NAMES_DIFFER_IN_CASE: _skip(
        "assignment",
        "Another assignment's name differs only in upper and lower case; the SIS may take them for one.",
        "Give each a clearly different name.",
    ),
    Code.OMITTED_FROM_FINAL_GRADE: _skip(
        "assignment",
        "Canvas leaves it out of the final grade; the SIS will count it.",
        "Exclude it in the SIS too, or turn Sync to SIS off.",
    ),
    Code.ASSIGNMENT_NOT_SENT: _skip(
        "grade", "Its assignment was not sent.", "See the assignment's own code."
    ),
    Code.ORPHAN: _skip(
        "grade",
        "The SIS holds it from an earlier sync, and this sync does not cover it; the SIS keeps it.",
        "Remove it in the SIS by hand if it should not count.",
    ),
    Code.WITHDRAWALS_HELD: _error(
        "grade",
        "Filter",
        "So many grades were cleared at once that withdrawing them waits for someone's word.",
        "Check the gradebook, then sync with --confirm.",
        "instructor",
    ),
    Code.STUDENT_WITHOUT_SIS_ID: _skip(
        "grade", "The student has no SIS id in Canvas.", "Add the student's SIS id.", "Canvas admin"
    ),
    Code.HIDDEN: _skip("grade", "It is hidden from the student.", "Post the grade."),
    Code.MISSING_WITHOUT_SCORE: _skip(
        "grade", "It is marked Missing and has no score.", "Enter a score, or excuse the student."
    ),
    Code.LATE_WITHOUT_SCORE: _skip("grade", "It is marked Late and has no score.", "Enter a score."),
    Code.TEXT_GRADE: _skip("grade", "It is text without a numeric score.", "Enter a numeric score."),
    Code.STUDENT_NOT_ON_ROSTER: _error(
        "grade",
        "Filter",
        "The student is not on the roster of the SIS's class.",
        "Enroll the student in the SIS, or remove the student from the Canvas section.",
    ),
    Code.SIS_REFUSED: _error(
        "grade", "Post Grades", "The SIS refused it.", "See the SIS's own words in the log."
    ),
    Code.SIS_UNAVAILABLE: _error(
        "grade", "Post Grades", "The SIS did not take it in time.", "The next sync tries again.", "operator"
    ),
    Code.SIS_UNKNOWN_OUTCOME: _error(
        "grade",
        "Post Grades",
        "The connection was lost before the SIS answered.",
        "The next sync looks it up before it sends again.",
        "operator",
    ),
    Code.NOT_HELD: _error(
        "grade",
        "Verify",
        "The SIS accepted it and holds something else.",
        "Compare it in the SIS; the next sync sends it again.",
    ),
    Code.ABOVE_MAXIMUM: _skip(
        "grade", "The score is above the points possible; it is sent as it is.", "Check the score."
    ),
    Code.BELOW_ZERO: _skip("grade", "The score is below zero; it is sent as it is.", "Check the score."),
    Code.PENDING_REVIEW: _skip(
        "grade", "Part of it still waits for review; its score so far is sent.", "Finish grading it."
    ),
    Code.RESUBMITTED: _skip(
        "grade",
        "The student resubmitted; the score of the earlier attempt is sent.",
        "Grade the new attempt.",
    ),
}


def first(codes: set[Code]) -> Code:
    """Choose the code that a row carries: the first of the catalogue."""
    return next(code for code in Code if code in codes)
