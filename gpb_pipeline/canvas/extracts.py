"""The frames of one course, read from Canvas in few requests. What they mean for passback is not judged here.

Order and parameters: reference/canvas_api.md §10. A read that a permission or a short page has thinned fails:
it would look like a deletion (completeness.py).
"""

import json
from collections.abc import Callable, Sequence
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pandera.typing import DataFrame

from gpb_pipeline.canvas.client import CanvasClient, Json
from gpb_pipeline.canvas.columns import Columns
from gpb_pipeline.canvas.completeness import require_permissions, require_submissions, require_whole
from gpb_pipeline.canvas.errors import AccessError, ShiftedError, ShortReadError, unreadable
from gpb_pipeline.canvas.overrides import base_dates, override_rows
from gpb_pipeline.passback import frames
from gpb_pipeline.passback.course import CanvasRead, Course
from gpb_pipeline.passback.frames import build

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
        sections=_sections(Columns(sections, f"{item}, sections")),
        enrollments=_enrollments(Columns(enrollments, f"{item}, enrollments")),
        assignment_groups=_assignment_groups(Columns(groups, f"{item}, assignment groups")),
        assignments=_assignments(assignment_columns),
        overrides=_overrides(assignment_columns),
        submissions=_submissions(Columns(submissions, f"{item}, submissions")),
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
        _sections(Columns(sections, f"{item}, sections")),
        _assignment_groups(Columns(groups, f"{item}, assignment groups")),
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


def _sections(columns: Columns) -> DataFrame[frames.Sections]:
    return build(
        frames.Sections,
        {
            "section_id": columns.ids("id"),
            "section_name": columns.texts("name"),
            "sis_section_id": columns.texts_or_none("sis_section_id", required=True),
            "nonxlist_course_id": columns.ids_or_none("nonxlist_course_id"),
        },
    )


def _enrollments(columns: Columns) -> DataFrame[frames.Enrollments]:
    names = Columns(columns.objects("user"), columns.item).texts_or_none("name")
    return build(
        frames.Enrollments,
        {
            "enrollment_id": columns.ids("id"),
            "user_id": columns.ids("user_id"),
            "section_id": columns.ids("course_section_id"),
            "type": columns.texts("type"),
            "state": columns.texts("enrollment_state"),
            "sis_user_id": columns.texts_or_none("sis_user_id", required=True),
            "student_name": [each or "" for each in names],
        },
    )


def _assignment_groups(columns: Columns) -> DataFrame[frames.AssignmentGroups]:
    return build(
        frames.AssignmentGroups,
        {
            "group_id": columns.ids("id"),
            "group_name": columns.texts("name"),
            "position": columns.positions("position"),
            "sis_source_id": columns.texts_or_none("sis_source_id"),
            "integration_data": [json.dumps(each) for each in columns.objects("integration_data")],
        },
    )


def _assignments(columns: Columns) -> DataFrame[frames.Assignments]:
    kinds = [[str(kind) for kind in each] for each in columns.lists("submission_types", required=True)]
    return build(
        frames.Assignments,
        {
            "assignment_id": columns.ids("id"),
            "assignment_name": columns.texts("name"),
            "group_id": columns.ids("assignment_group_id"),
            "position": columns.positions("position"),
            "workflow_state": columns.texts("workflow_state"),
            "post_to_sis": columns.required_flags("post_to_sis"),
            "grading_type": columns.texts("grading_type"),
            "points_possible": columns.numbers_or_none("points_possible", required=True),
            "due_at": base_dates(columns),
            "unlock_at": columns.texts_or_none("unlock_at"),
            "created_at": columns.texts_or_none("created_at"),
            "only_visible_to_overrides": _without_everyone(columns),
            "omit_from_final_grade": columns.flags("omit_from_final_grade"),
            "submission_types": [",".join(each) for each in kinds],
            "has_checkpoints": columns.flags("has_sub_assignments"),
            "moderated": columns.flags("moderated_grading"),
            "anonymous": columns.flags("anonymous_grading"),
            "group_assignment": [each is not None for each in columns.ids_or_none("group_category_id")],
            "due_date_required": columns.flags("due_date_required"),
        },
    )


def _without_everyone(columns: Columns) -> list[bool]:
    """A module that is assigned to some takes Everyone away without `only_visible_to_overrides` saying so."""
    alone = columns.flags("only_visible_to_overrides")
    return [
        own or each.get("visible_to_everyone") is False for own, each in zip(alone, columns.rows, strict=True)
    ]


def _overrides(columns: Columns) -> DataFrame[frames.Overrides]:
    rows = override_rows(columns)
    return build(
        frames.Overrides,
        {name: [getattr(row, name) for row in rows] for name in frames.Overrides.to_schema().columns},
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


def _submissions(columns: Columns) -> DataFrame[frames.Submissions]:
    def unless_false(key: str) -> list[bool]:
        return [each.get(key) is not False for each in columns.rows]

    return build(
        frames.Submissions,
        {
            "assignment_id": columns.ids("assignment_id"),
            "user_id": columns.ids("user_id"),
            "score": columns.numbers_or_none("score", required=True),
            "grade": columns.texts_or_none("grade", required=True),
            "excused": columns.required_flags("excused"),
            "late": columns.required_flags("late"),
            "missing": columns.required_flags("missing"),
            "workflow_state": columns.texts("workflow_state"),
            "posted_at": columns.texts_or_none("posted_at", required=True),
            "graded_at": columns.texts_or_none("graded_at"),
            "submitted_at": columns.texts_or_none("submitted_at"),
            "grade_matches_current_submission": unless_false("grade_matches_current_submission"),
            "assigned": unless_false("assignment_visible"),
        },
    )
