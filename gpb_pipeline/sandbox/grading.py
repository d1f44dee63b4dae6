"""What an act of a teacher, a student or a policy makes of a submission row in Canvas.

Each function takes a row and gives the row after the act, with the side effects Canvas has
(docs/canvas.md §0 and §5). How rows are served is not decided here.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from gpb_pipeline.sandbox.district import Assignment, LatePolicyStatus, Submission

TEACHER_ID = 55
LETTERS = (
    (0.93, "A"),
    (0.90, "A-"),
    (0.87, "B+"),
    (0.83, "B"),
    (0.80, "B-"),
    (0.70, "C"),
    (0.60, "D"),
    (0.0, "F"),
)
GPA = ((0.93, "4.0"), (0.90, "3.7"), (0.80, "3.0"), (0.70, "2.0"), (0.60, "1.0"), (0.0, "0.0"))


def displayed_grade(assignment: Assignment, score: float) -> str | None:
    """The `grade` string that Canvas shows for a score under the assignment's grading type."""
    share = score / assignment.points_possible if assignment.points_possible else 1.0
    match assignment.grading_type:
        case "points":
            return f"{score:g}"
        case "percent":
            return f"{share * 100:g}%"
        case "letter_grade":
            return next(name for floor, name in LETTERS if share >= floor or floor == 0)
        case "gpa_scale":
            return next(name for floor, name in GPA if share >= floor or floor == 0)
        case "pass_fail":
            return "complete" if share > 0 else "incomplete"
        case "not_graded":
            return None


def score(
    row: Submission,
    assignment: Assignment,
    points: float,
    at: datetime,
    *,
    grader_id: int | None = TEACHER_ID,
    deducted: float | None = None,
) -> Submission:
    """Grade it with a score net of the deduction; posted at once unless the assignment is posted by hand."""
    posted_at = row.posted_at or (None if assignment.post_manually else at)
    return replace(
        row,
        score=points,
        grade=displayed_grade(assignment, points),
        excused=False,
        workflow_state="graded",
        graded_at=at,
        posted_at=posted_at,
        grader_id=grader_id,
        grade_matches_current_submission=True,
        points_deducted=deducted,
    )


def clear(row: Submission) -> Submission:
    """Empty the cell: the score goes, while the state and `graded_at` stay as they were."""
    return replace(row, score=None, grade=None, excused=False, points_deducted=None)


def excuse(row: Submission, at: datetime) -> Submission:
    """Excuse the student from the assignment: no score, graded, posted."""
    return replace(
        row,
        score=None,
        grade=None,
        excused=True,
        workflow_state="graded",
        graded_at=at,
        posted_at=row.posted_at or at,
        grader_id=TEACHER_ID,
        late_policy_status=None,
        points_deducted=None,
    )


def unexcuse(row: Submission) -> Submission:
    """Take the excuse back: nothing else moves, so the row looks like a cleared one."""
    return replace(row, excused=False)


def hide(row: Submission) -> Submission:
    """Hide the grade from the student again."""
    return replace(row, posted_at=None)


def post(row: Submission, at: datetime) -> Submission:
    """Post the grade; one already posted keeps its time."""
    return replace(row, posted_at=row.posted_at or at)


def submit(row: Submission, assignment: Assignment, at: datetime) -> Submission:
    """Hand the work in (again): a grade from before stays, and no longer matches."""
    return replace(
        row,
        submitted_at=at,
        attempt=(row.attempt or 0) + 1,
        submission_type=assignment.submission_types[0],
        workflow_state="submitted",
        grade_matches_current_submission=row.score is None,
        late_policy_status=None,
    )


def mark(row: Submission, status: LatePolicyStatus | None, at: datetime) -> Submission:
    """Set the status by hand, which stamps `graded_at` without grading."""
    return replace(row, late_policy_status=status, graded_at=at)


def acted(row: Submission, assignment: Assignment, act: str, value: Any, at: datetime) -> Submission:
    """The row after an act by its name: score, excused, hidden, submitted or late_policy_status."""
    match act:
        case "score":
            return clear(row) if value is None else score(row, assignment, value, at)
        case "excused":
            return excuse(row, at) if value else unexcuse(row)
        case "hidden":
            return hide(row) if value else post(row, at)
        case "submitted":
            return submit(row, assignment, at) if value else row
        case _:
            return mark(row, value, at)
