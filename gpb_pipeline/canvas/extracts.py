"""One course, read from Canvas in few requests. What its frames mean for passback is not judged here.

Order and parameters: reference/canvas_api.md §10. A read that a permission or a short page has thinned fails:
it would look like a deletion (completeness.py).
"""

from collections.abc import Callable, Sequence
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pandera.typing import DataFrame

from gpb_pipeline.canvas.client import CanvasClient, Json
from gpb_pipeline.canvas.columns import Columns
from gpb_pipeline.canvas.completeness import require_permissions, require_submissions, require_whole
from gpb_pipeline.canvas.course_frames import (
    assignment_groups_frame,
    assignments_frame,
    enrollments_frame,
    overrides_frame,
    sections_frame,
    submissions_frame,
)
from gpb_pipeline.canvas.errors import AccessError, ShiftedError, ShortReadError, unreadable
from gpb_pipeline.passback import frames
from gpb_pipeline.passback.course import CanvasRead, Course

IDS_A_REQUEST = 50  # assignment ids: well below Canvas's 100 and 6 KB of URL


def read_course(
    client: CanvasClient, course_id: str, before_grades: Callable[[], None] = lambda: None
) -> CanvasRead:
    """Read all that a sync needs, from the start again, once, where the course changed or came short.

    `before_grades` is called when submissions come next. Raises PermanentError or TransientError, and then
    nothing of it counts.
    """
    try:
        return _read_course(client, course_id, before_grades)
    except (ShiftedError, ShortReadError):
        return _read_course(client, course_id, lambda: None)


def _read_course(client: CanvasClient, course_id: str, before_grades: Callable[[], None]) -> CanvasRead:
    course = read_head(client, course_id)
    item, path = f"course {course_id}", course_path(course_id)
    sections = list(client.pages(f"{path}/sections", item=f"{item}, sections"))
    enrollments = list(
        client.pages(
            f"{path}/enrollments",
            {
                "type[]": ["StudentEnrollment", "StudentViewEnrollment"],
                "state[]": ["active", "invited", "completed", "inactive"],
            },
            item=f"{item}, enrollments",
        )
    )
    groups = list(client.pages(f"{path}/assignment_groups", item=f"{item}, assignment groups"))
    assignments = list(
        client.pages(
            f"{path}/assignments",
            {"include[]": ["overrides", "checkpoints"], "override_assignment_dates": "false"},
            item=f"{item}, assignments",
        )
    )
    require_permissions(sections, enrollments, assignments, item)
    assignment_columns = Columns(assignments, f"{item}, assignments")
    synced = _synced(assignment_columns)
    before_grades()
    submissions = _submission_rows(client, path, [str(each["id"]) for each in synced], item)
    read = CanvasRead(
        course=course,
        sections=sections_frame(Columns(sections, f"{item}, sections")),
        enrollments=enrollments_frame(Columns(enrollments, f"{item}, enrollments")),
        assignment_groups=assignment_groups_frame(Columns(groups, f"{item}, assignment groups")),
        assignments=assignments_frame(assignment_columns),
        overrides=overrides_frame(assignment_columns),
        submissions=submissions_frame(Columns(submissions, f"{item}, submissions")),
    )
    require_whole(sections, enrollments, groups, assignments, item)
    require_submissions(enrollments, synced, submissions, f"{item}, submissions")
    return read


def read_head(client: CanvasClient, course_id: str) -> Course:
    """Read the course itself; raises NotFoundError, or AccessError for a date-restricted stub."""
    item = f"course {course_id}"
    body = client.get(course_path(course_id), {"include[]": ["term", "concluded"]}, item=item)
    if body.get("access_restricted_by_date"):
        raise AccessError(
            "Canvas shows only a stub of it, restricted by date",
            item=item,
            remedy="Give the user of CANVAS_API_TOKEN an account admin's role.",
        )
    return course_of(body)


def read_groups(
    client: CanvasClient, course_id: str
) -> tuple[DataFrame[frames.Sections], DataFrame[frames.AssignmentGroups]]:
    """Read the sections and assignment groups alone, for Sync SIS Categories; raises as read_course does.

    A course whose sections were all cross-listed away has none, and a list without rows does no harm.
    """
    item, path = f"course {course_id}", course_path(course_id)
    sections = list(client.pages(f"{path}/sections", item=f"{item}, sections"))
    groups = list(client.pages(f"{path}/assignment_groups", item=f"{item}, assignment groups"))
    require_permissions(sections, [], [], item)
    return (
        sections_frame(Columns(sections, f"{item}, sections")),
        assignment_groups_frame(Columns(groups, f"{item}, assignment groups")),
    )


def course_path(course_id: str) -> str:
    """The course's path; an id such as `sis_course_id:A/1` may hold any character."""
    return f"courses/{quote(course_id, safe=':')}"


def course_of(body: Json) -> Course:
    """Parse a course; raises PermanentError where it lacks what a sync needs."""
    item = f"course {body.get('id')}"
    one = Columns([body], item)
    zone = one.texts_or_none("time_zone")[0] or "UTC"
    try:
        time_zone = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise unreadable("its time_zone is no IANA time zone", item) from None
    return Course(
        course_id=one.ids("id")[0],
        name=one.texts_or_none("original_name")[0] or one.texts_or_none("name")[0] or "",
        sis_course_id=one.texts_or_none("sis_course_id")[0],
        time_zone=time_zone,
        workflow_state=one.texts("workflow_state")[0],
        concluded=one.flags("concluded")[0],
        blueprint=one.flags("blueprint")[0],
        term_id=one.ids_or_none("enrollment_term_id")[0],
    )


def _synced(assignments: Columns) -> list[Json]:
    flags, states = assignments.required_flags("post_to_sis"), assignments.texts("workflow_state")
    return [
        each
        for each, to_sis, state in zip(assignments.rows, flags, states, strict=True)
        if to_sis and state == "published"
    ]


def _submission_rows(client: CanvasClient, path: str, assignment_ids: Sequence[str], item: str) -> list[Json]:
    rows: list[Json] = []
    for start in range(0, len(assignment_ids), IDS_A_REQUEST):
        query: dict[str, str | int | list[str]] = {
            "student_ids[]": ["all"],
            "assignment_ids[]": list(assignment_ids[start : start + IDS_A_REQUEST]),
            "include[]": ["visibility"],
        }
        rows += client.pages(f"{path}/students/submissions", query, item=f"{item}, submissions")
    return rows
