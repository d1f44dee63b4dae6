"""The frames of one course, read from Canvas in few requests. What they mean for passback is not judged here.

Order and parameters: reference/canvas_api.md §10. A read that a permission has thinned fails: it would look
like a deletion.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pandera.typing import DataFrame

from gpb_pipeline.canvas.client import AccessError, CanvasClient, Json
from gpb_pipeline.passback import frames
from gpb_pipeline.passback.course import CanvasRead, Course
from gpb_pipeline.passback.frames import build

IDS_A_REQUEST = 50  # assignment ids: well below Canvas's 100 and 6 KB of URL
TARGETS = {
    "student_ids": "student",
    "group_id": "group",
    "course_section_id": "section",
    "course_id": "course",
    "noop_id": "noop",
}


def read_course(client: CanvasClient, course_id: str) -> CanvasRead:
    """Read all that a sync needs. Raises PermanentError or TransientError, then nothing of it counts."""
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
            {"include[]": ["overrides"], "override_assignment_dates": "false"},
            item=f"{item}, assignments",
        )
    )
    _require_permissions(sections, enrollments, assignments, item)
    synced = [each["id"] for each in assignments if each["post_to_sis"] and _is_published(each)]
    submissions = _submissions(client, path, synced, f"{item}, submissions")
    return CanvasRead(
        course=course,
        sections=_sections(sections),
        enrollments=_enrollments(enrollments),
        assignment_groups=_assignment_groups(groups),
        assignments=_assignments(assignments),
        overrides=_overrides(assignments),
        submissions=submissions,
    )


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
    """Read the sections and assignment groups alone, for Sync SIS Categories; raises as read_course does."""
    item, path = f"course {course_id}", course_path(course_id)
    sections = list(client.pages(f"{path}/sections", item=f"{item}, sections"))
    groups = list(client.pages(f"{path}/assignment_groups", item=f"{item}, assignment groups"))
    _require_permissions(sections, [], [], item)
    return _sections(sections), _assignment_groups(groups)


def course_path(course_id: str) -> str:
    """The course's path; an id such as `sis_course_id:A/1` may hold any character."""
    return f"courses/{quote(course_id, safe=':')}"


def course_of(body: Json) -> Course:
    return Course(
        course_id=str(body["id"]),
        name=body.get("original_name") or body["name"],
        sis_course_id=body.get("sis_course_id"),
        time_zone=ZoneInfo(body.get("time_zone") or "UTC"),
        workflow_state=body["workflow_state"],
        concluded=bool(body.get("concluded")),
        blueprint=bool(body.get("blueprint")),
        term_id=body.get("enrollment_term_id"),
    )


def _require_permissions(
    sections: Iterable[Json], enrollments: Iterable[Json], assignments: Iterable[Json], item: str
) -> None:
    """Raise AccessError where keys are absent, which Canvas leaves out without a word (not null: absent)."""
    if any("sis_section_id" not in each for each in sections) or any(
        "sis_user_id" not in each for each in enrollments
    ):
        raise AccessError(
            "Canvas leaves out SIS ids",
            item=f"{item}, sections and enrollments",
            remedy="Grant the user of CANVAS_API_TOKEN: SIS data - read.",
        )
    if any(each.get("has_overrides") and "overrides" not in each for each in assignments):
        raise AccessError(
            "Canvas leaves out overrides, and with them due dates",
            item=f"{item}, assignments",
            remedy="Grant the user of CANVAS_API_TOKEN: Assignments and Quizzes - add, edit.",
        )


def _is_published(assignment: Json) -> bool:
    return bool(assignment["workflow_state"] == "published")


def _sections(rows: list[Json]) -> DataFrame[frames.Sections]:
    return build(
        frames.Sections,
        {
            "section_id": [row["id"] for row in rows],
            "section_name": [row["name"] for row in rows],
            "sis_section_id": [row["sis_section_id"] or None for row in rows],
            "nonxlist_course_id": [row.get("nonxlist_course_id") for row in rows],
        },
    )


def _enrollments(rows: list[Json]) -> DataFrame[frames.Enrollments]:
    return build(
        frames.Enrollments,
        {
            "enrollment_id": [row["id"] for row in rows],
            "user_id": [row["user_id"] for row in rows],
            "section_id": [row["course_section_id"] for row in rows],
            "type": [row["type"] for row in rows],
            "state": [row["enrollment_state"] for row in rows],
            "sis_user_id": [row["sis_user_id"] or None for row in rows],
            "student_name": [row.get("user", {}).get("name") or "" for row in rows],
        },
    )


def _assignment_groups(rows: list[Json]) -> DataFrame[frames.AssignmentGroups]:
    return build(
        frames.AssignmentGroups,
        {
            "group_id": [row["id"] for row in rows],
            "group_name": [row["name"] for row in rows],
            "position": [row["position"] or 0 for row in rows],
            "sis_source_id": [row.get("sis_source_id") or None for row in rows],
            "integration_data": [json.dumps(row.get("integration_data") or {}) for row in rows],
        },
    )


def _assignments(rows: list[Json]) -> DataFrame[frames.Assignments]:
    def flags(name: str) -> list[bool]:
        return [bool(row.get(name)) for row in rows]

    return build(
        frames.Assignments,
        {
            "assignment_id": [row["id"] for row in rows],
            "assignment_name": [row["name"] for row in rows],
            "group_id": [row["assignment_group_id"] for row in rows],
            "position": [row.get("position") or 0 for row in rows],
            "workflow_state": [row["workflow_state"] for row in rows],
            "post_to_sis": flags("post_to_sis"),
            "grading_type": [row["grading_type"] for row in rows],
            "points_possible": [row["points_possible"] for row in rows],
            "due_at": [row["due_at"] for row in rows],
            "unlock_at": [row.get("unlock_at") for row in rows],
            "created_at": [row.get("created_at") for row in rows],
            "only_visible_to_overrides": flags("only_visible_to_overrides"),
            "omit_from_final_grade": flags("omit_from_final_grade"),
            "submission_types": [",".join(row["submission_types"]) for row in rows],
            "has_checkpoints": flags("has_sub_assignments"),
            "moderated": flags("moderated_grading"),
            "anonymous": flags("anonymous_grading"),
            "group_assignment": [row.get("group_category_id") is not None for row in rows],
            "due_date_required": flags("due_date_required"),
        },
    )


def _overrides(assignments: list[Json]) -> DataFrame[frames.Overrides]:
    rows = [
        (each, override, target, target_id)
        for each in assignments
        for override in each.get("overrides", [])
        for target, target_id in _targets(override)
    ]
    return build(
        frames.Overrides,
        {
            "override_id": [override["id"] for _, override, _, _ in rows],
            "assignment_id": [each["id"] for each, _, _, _ in rows],
            "target": [target for _, _, target, _ in rows],
            "target_id": [target_id for _, _, _, target_id in rows],
            "due_at_overridden": ["due_at" in override for _, override, _, _ in rows],
            "due_at": [override.get("due_at") for _, override, _, _ in rows],
            "unassign_item": [bool(override.get("unassign_item")) for _, override, _, _ in rows],
        },
    )


def _targets(override: Json) -> list[tuple[str, str]]:
    for key, target in TARGETS.items():
        if key in override:
            ids: Any = override[key]
            return [(target, str(each)) for each in (ids if isinstance(ids, list) else [ids])]
    return []


def _submissions(
    client: CanvasClient, path: str, assignment_ids: list[str], item: str
) -> DataFrame[frames.Submissions]:
    rows: list[Json] = []
    for start in range(0, len(assignment_ids), IDS_A_REQUEST):
        query: dict[str, str | int | list[str]] = {
            "student_ids[]": ["all"],
            "assignment_ids[]": assignment_ids[start : start + IDS_A_REQUEST],
            "include[]": ["visibility"],
        }
        rows += client.pages(f"{path}/students/submissions", query, item=item)
    return build(
        frames.Submissions,
        {
            "assignment_id": [row["assignment_id"] for row in rows],
            "user_id": [row["user_id"] for row in rows],
            "score": [row["score"] for row in rows],
            "grade": [row["grade"] for row in rows],
            "excused": [bool(row["excused"]) for row in rows],
            "late": [bool(row["late"]) for row in rows],
            "missing": [bool(row["missing"]) for row in rows],
            "workflow_state": [row["workflow_state"] for row in rows],
            "posted_at": [row["posted_at"] for row in rows],
            "graded_at": [row["graded_at"] for row in rows],
            "submitted_at": [row["submitted_at"] for row in rows],
            "grade_matches_current_submission": [
                row.get("grade_matches_current_submission") is not False for row in rows
            ],
            "assigned": [row.get("assignment_visible") is not False for row in rows],
        },
    )
