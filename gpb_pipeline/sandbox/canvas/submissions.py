"""`students/submissions`: which rows it gives for which parameters, and the JSON of a row.

Source: docs/canvas.md §5 (submissions_api_controller.rb#for_students, submission.rb).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.requests import Request

from gpb_pipeline.sandbox.canvas.access import CanvasRefusal
from gpb_pipeline.sandbox.canvas.due_dates import grading_period_of
from gpb_pipeline.sandbox.canvas.payloads import Payload, Permissions, iso, sis_keys
from gpb_pipeline.sandbox.canvas.query import ids, truthy, values
from gpb_pipeline.sandbox.canvas.state import CanvasState, CourseView
from gpb_pipeline.sandbox.district import Assignment, Enrollment, Section, Submission

MAX_STUDENTS = 100
ROW_IDS_PER_ASSIGNMENT = 10_000_000
SUBMITTED_ONLINE = {"online_quiz", "online_upload", "online_text_entry", "online_url", "media_recording"}
SUBMITTED_ONLINE |= {"discussion_topic", "student_annotation"}


@dataclass(frozen=True)
class SubmissionQuery:
    """The parameters of a request; `user_ids` is None for all students. Times compare strictly later."""

    user_ids: frozenset[int] | None
    assignment_ids: frozenset[int]
    post_to_sis: bool
    graded_since: datetime | None
    submitted_since: datetime | None
    workflow_state: str | None
    visibility: bool


def parse_query(request: Request, view: CourseView) -> SubmissionQuery:
    """Raises CanvasRefusal: too many students (400), an unknown or unpublished assignment (403)."""
    students = values(request, "student_ids")
    if "all" not in students and len(students) > MAX_STUDENTS:
        raise CanvasRefusal(400, {"error": "too many students"})
    assignment_ids = frozenset(ids(request, "assignment_ids"))
    published = {each.id for each in view.content.assignments if each.published}
    if not assignment_ids <= published:
        raise CanvasRefusal(403, {"error": "invalid assignment ids requested"})
    return SubmissionQuery(
        user_ids=None if "all" in students else frozenset(ids(request, "student_ids")),
        assignment_ids=assignment_ids,
        post_to_sis=truthy(request.query_params.get("post_to_sis", "")),
        graded_since=_since(request, "graded_since"),
        submitted_since=_since(request, "submitted_since"),
        workflow_state=request.query_params.get("workflow_state"),
        visibility="visibility" in values(request, "include"),
    )


def matching_rows(view: CourseView, query: SubmissionQuery, section: Section | None) -> list[Submission]:
    """The rows asked for in order of id; `post_to_sis` also drops students whom no SIS import enrolled."""
    return [
        row
        for row in view.rows
        if _student_matches(view.enrollments_of[row.user_id], row.user_id, query, section)
        and _assignment_matches(view.assignments[row.assignment_id], query)
        and _since_matches(row, query)
    ]


def row_id(row: Submission) -> int:
    return row.assignment_id * ROW_IDS_PER_ASSIGNMENT + row.user_id


def _student_matches(
    enrollments: Sequence[Enrollment], user_id: int, query: SubmissionQuery, section: Section | None
) -> bool:
    if query.user_ids is not None and user_id not in query.user_ids:
        return False
    if section is not None and all(each.section_id != section.id for each in enrollments):
        return False
    return not query.post_to_sis or any(each.sis_imported for each in enrollments)


def _assignment_matches(assignment: Assignment, query: SubmissionQuery) -> bool:
    if query.assignment_ids and assignment.id not in query.assignment_ids:
        return False
    return assignment.post_to_sis or not query.post_to_sis


def _since_matches(row: Submission, query: SubmissionQuery) -> bool:
    if query.graded_since and (row.graded_at is None or row.graded_at <= query.graded_since):
        return False
    if query.submitted_since and (row.submitted_at is None or row.submitted_at <= query.submitted_since):
        return False
    return query.workflow_state is None or row.workflow_state == query.workflow_state


def _since(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CanvasRefusal(400, {"errors": {name: f"Invalid datetime for {name}"}}) from None
    return moment.astimezone()


def submission(state: CanvasState, view: CourseView, row: Submission, *, visibility: bool) -> Payload:
    """A row's JSON; late, missing, due date and period are worked out now: no row change moves them."""
    assignment = view.assignments[row.assignment_id]
    if assignment.moderated_grading and not assignment.grades_published:  # graders' scores are provisional
        row = replace(row, score=None, grade=None, points_deducted=None, posted_at=None)
    place = view.date_for(assignment, row.user_id)
    period = grading_period_of(place.due_at, state.district.grading_periods)
    seconds_late = _seconds_late(row, place.due_at)
    entered = None if row.score is None else row.score + (row.points_deducted or 0)
    payload: Payload = {
        "id": row_id(row),
        "body": None,
        "url": None,
        "grade": row.grade,
        "score": row.score,
        "submitted_at": iso(row.submitted_at),
        "assignment_id": row.assignment_id,
        "user_id": row.user_id,
        "submission_type": row.submission_type,
        "workflow_state": row.workflow_state,
        "grade_matches_current_submission": row.grade_matches_current_submission,
        "graded_at": iso(row.graded_at),
        "grader_id": row.grader_id,
        "attempt": row.attempt,
        "cached_due_date": iso(place.due_at) if place.assigned else None,
        "excused": row.excused,
        "late_policy_status": row.late_policy_status,
        "points_deducted": row.points_deducted,
        "grading_period_id": period.id if period else None,
        "extra_attempts": None,
        "posted_at": iso(row.posted_at),
        "redo_request": False,
        "custom_grade_status_id": row.custom_grade_status_id,
        "sticker": None,
        "late": row.late_policy_status == "late" or (row.late_policy_status is None and seconds_late > 0),
        "missing": _missing(row, assignment, place.due_at, state.now()),
        "seconds_late": seconds_late,
        "entered_grade": row.grade if not row.points_deducted or entered is None else f"{entered:g}",
        "entered_score": entered,
    }
    if visibility:
        payload["assignment_visible"] = place.assigned
    return payload


def _seconds_late(row: Submission, due_at: datetime | None) -> int:
    if row.submitted_at is None or due_at is None:
        return 0
    return max(0, int((row.submitted_at - due_at).total_seconds()))


def _missing(row: Submission, assignment: Assignment, due_at: datetime | None, now: datetime) -> bool:
    """By hand, or past due with nothing handed in online and no grade that a person gave."""
    if row.late_policy_status is not None:
        return row.late_policy_status == "missing"
    if row.excused or row.custom_grade_status_id is not None or row.submitted_at is not None:
        return False
    expected = bool(SUBMITTED_ONLINE.intersection(assignment.submission_types))
    graded_by_a_person = row.score is not None and row.grader_id is not None
    return expected and due_at is not None and due_at < now and not graded_by_a_person


def grouped(
    state: CanvasState,
    view: CourseView,
    enrollment: Enrollment,
    rows: Sequence[Submission],
    permissions: Permissions,
    *,
    visibility: bool,
) -> Payload:
    """One enrollment's group; a student in two sections comes twice."""
    sis_user_id = view.content.people[enrollment.user_id].sis_id
    return {
        "user_id": enrollment.user_id,
        "section_id": enrollment.section_id,
        **sis_keys(permissions, {"integration_id": None, "sis_user_id": sis_user_id}),
        "submissions": [submission(state, view, each, visibility=visibility) for each in rows],
    }
