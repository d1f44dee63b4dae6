"""Which key of Canvas's lists each frame's columns are, and read how (docs/canvas.md §2-§6).

A reading that refuses stands only where a rule, or what is sent, goes by the value: the rest never stands in
the way. The lists are read by extracts.py; for whom an assignment is and when it is due, by overrides.py.
"""

from gpb_pipeline.canvas import readings as read
from gpb_pipeline.canvas.body import Json
from gpb_pipeline.canvas.sieve import Field, Sieve
from gpb_pipeline.passback.rules.issues import Code


def _student_name(user: object) -> str:
    return read.shown(user.get("name")) if isinstance(user, dict) else ""


def _is_or_may_be(value: object, wanted: str) -> bool:
    return value == wanted or not isinstance(value, str)


def may_be_synced(row: Json) -> bool:
    """Whether an assignment is published with Sync to SIS, or cannot be ruled out by what it says."""
    to_sis = row.get("post_to_sis", read.ABSENT)
    return (
        to_sis is not False and to_sis is not None and _is_or_may_be(row.get("workflow_state"), "published")
    )


def _may_be_a_student(row: Json) -> bool:
    return _is_or_may_be(row.get("type"), "StudentEnrollment") and _is_or_may_be(
        row.get("enrollment_state"), "active"
    )


SECTIONS = Sieve(
    kind="section",
    code=Code.UNREADABLE_SECTION,
    fields={
        "section_id": Field("id", read.ident),
        "section_name": Field("name", read.shown),
        "sis_section_id": Field("sis_section_id", read.sis_id_or_none),
    },
)
ENROLLMENTS = Sieve(
    kind="enrollment",
    code=Code.UNREADABLE_ENROLLMENT,
    fields={
        "user_id": Field("user_id", read.ident),
        "section_id": Field("course_section_id", read.ident),
        "type": Field("type", read.text),
        "state": Field("enrollment_state", read.text),
        "sis_user_id": Field("sis_user_id", read.sis_id_or_none),
        "student_name": Field("user", _student_name),
    },
    matters=_may_be_a_student,
)
GROUPS = Sieve(
    kind="assignment_group",
    code=Code.UNREADABLE_GROUP,
    fields={
        "group_id": Field("id", read.ident),
        "group_name": Field("name", read.trimmed),
        "position": Field("position", read.position),
        "integration_data": Field("integration_data", read.json_object),
    },
)
_OF_ANY_ASSIGNMENT = {
    "unlock_at": Field("unlock_at", read.moment_if_any),
    "created_at": Field("created_at", read.moment_if_any),
    "omit_from_final_grade": Field("omit_from_final_grade", read.is_true),
    "due_date_required": Field("due_date_required", read.is_true),
}
SYNCED = Sieve(
    kind="assignment",
    code=Code.UNREADABLE_ASSIGNMENT,
    fields={
        "assignment_id": Field("id", read.ident),
        "assignment_name": Field("name", read.name),
        "group_id": Field("assignment_group_id", read.ident),
        "workflow_state": Field("workflow_state", read.text),
        "post_to_sis": Field("post_to_sis", read.required_flag),
        "grading_type": Field("grading_type", read.text),
        "points_possible": Field("points_possible", read.number_or_none),
        **_OF_ANY_ASSIGNMENT,
    },
)
UNSYNCED = Sieve(
    kind="assignment",
    code=Code.UNREADABLE_ASSIGNMENT,
    fields={
        "assignment_id": Field("id", read.ident),
        "assignment_name": Field("name", read.shown),
        "group_id": Field("assignment_group_id", lambda value: read.ident_if_any(value) or ""),
        "workflow_state": Field("workflow_state", read.shown),
        "post_to_sis": Field("post_to_sis", read.is_true),
        "grading_type": Field("grading_type", read.shown),
        "points_possible": Field("points_possible", read.number_if_any),
        "due_at": Field("due_at", read.moment_if_any),
        "only_visible_to_overrides": Field("only_visible_to_overrides", read.is_true),
        **_OF_ANY_ASSIGNMENT,
    },
    matters=lambda _: False,
)
SUBMISSIONS = Sieve(
    kind="submission",
    code=Code.UNREADABLE_GRADE,
    fields={
        "assignment_id": Field("assignment_id", read.ident),
        "user_id": Field("user_id", read.ident),
        "score": Field("score", read.number_or_none),
        "grade": Field("grade", read.shown_or_none),
        "excused": Field("excused", read.required_flag),
        "late": Field("late", read.required_flag),
        "missing": Field("missing", read.required_flag),
        "workflow_state": Field("workflow_state", read.shown),
        "posted_at": Field("posted_at", read.moment_or_none),
        "graded_at": Field("graded_at", read.moment_if_any),
        "grade_matches_current_submission": Field("grade_matches_current_submission", read.is_not_false),
        "assigned": Field("assignment_visible", read.is_not_false),
    },
    unique=("assignment_id", "user_id"),
)
