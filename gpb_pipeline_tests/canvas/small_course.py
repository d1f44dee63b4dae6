"""A course of one section, student and assignment as Canvas says it, and the answers to a read of it."""

from collections.abc import Iterable
from typing import Any

from gpb_pipeline_tests.canvas.script import JSON, LIST, Answer, Script

Row = dict[str, Any]
HEAD: Answer = (
    200,
    JSON,
    '{"id":"7","name":"Algebra","workflow_state":"available","time_zone":"America/New_York"}',
)
SECTION: Row = {"id": "1", "name": "P1", "sis_section_id": "S1"}
ENROLLMENT: Row = {
    "id": "4",
    "user_id": "2",
    "course_section_id": "1",
    "type": "StudentEnrollment",
    "enrollment_state": "active",
    "sis_user_id": "U2",
    "user": {"name": "Ann"},
}
GROUP: Row = {"id": "5", "name": "Homework", "position": 1, "integration_data": {}}
OVERRIDE: Row = {"id": "3", "course_section_id": "1", "due_at": None, "unassign_item": False}
ASSIGNMENT: Row = {
    "id": "6",
    "name": "Homework 1",
    "assignment_group_id": "5",
    "workflow_state": "published",
    "post_to_sis": True,
    "grading_type": "points",
    "points_possible": 10.0,
    "due_at": "2026-10-05T03:59:59Z",
    "created_at": "2026-08-01T15:00:00Z",
    "submission_types": ["on_paper"],
    "overrides": [],
}
SUBMISSION: Row = {
    "id": "9",
    "assignment_id": "6",
    "user_id": "2",
    "score": 8.0,
    "grade": "8",
    "excused": False,
    "late": False,
    "missing": False,
    "workflow_state": "graded",
    "posted_at": "2026-10-06T00:00:00Z",
    "graded_at": "2026-10-06T00:00:00Z",
}
# another of each, for what must arrive whatever became of the first
OTHER_SECTION = SECTION | {"id": "11", "name": "P2", "sis_section_id": "S2"}
OTHER_ENROLLMENT = ENROLLMENT | {"id": "14", "user_id": "12", "course_section_id": "11", "sis_user_id": "U12"}
OTHER_GROUP = GROUP | {"id": "15", "name": "Tests"}
OTHER_ASSIGNMENT = ASSIGNMENT | {"id": "16", "name": "Test 1", "assignment_group_id": "15"}
OTHER_SUBMISSION = SUBMISSION | {"id": "19", "assignment_id": "16", "user_id": "12"}


def read_of(canvas: Script, head: Answer = HEAD, /, **given: list[Row]) -> list[Answer]:
    """The answers to one read of the course, with the lists that are given instead of its own."""
    own = {
        "sections": [SECTION],
        "enrollments": [ENROLLMENT],
        "groups": [GROUP],
        "assignments": [ASSIGNMENT],
        "submissions": [SUBMISSION],
    }
    return [head, *kept_for_lists(canvas.page(*rows) for rows in (own | given).values())]


def kept_for_lists(answers: Iterable[Answer]) -> list[Answer]:
    """Keep the answers to a read's five lists each for its own."""
    paths = ("/sections", "/enrollments", "/assignment_groups", "/assignments", "/submissions")
    return [
        (status, headers | {LIST: path}, body)
        for path, (status, headers, body) in zip(paths, answers, strict=True)
    ]


def without(row: Row, key: str) -> Row:
    return {name: value for name, value in row.items() if name != key}
