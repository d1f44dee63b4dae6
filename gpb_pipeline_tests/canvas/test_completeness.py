"""A course whose read came thinner than it is: told, tried again, never taken for deletions."""

from typing import Any

import pytest

from gpb_pipeline.canvas.client import AccessError, CanvasClient, ShortReadError
from gpb_pipeline.canvas.extracts import read_course, read_groups
from gpb_pipeline.errors import PermanentError
from gpb_pipeline_tests.canvas.script import JSON, Answer, Script

HEAD: Answer = (200, JSON, '{"id":"7","name":"Algebra","workflow_state":"available"}')
SECTION = {"id": "1", "name": "P1", "sis_section_id": "S1"}
ENROLLMENT = {
    "id": "4",
    "user_id": "2",
    "course_section_id": "1",
    "type": "StudentEnrollment",
    "enrollment_state": "active",
    "sis_user_id": "U2",
}
GROUP = {"id": "5", "name": "Homework", "position": 1}
ASSIGNMENT = {
    "id": "6",
    "name": "Homework 1",
    "assignment_group_id": "5",
    "workflow_state": "published",
    "post_to_sis": True,
    "grading_type": "points",
    "points_possible": 10.0,
    "due_at": "2026-10-05T03:59:59Z",
    "submission_types": ["on_paper"],
}
SUBMISSION = {
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
}


def read_of(
    canvas: Script,
    *,
    sections: list[dict[str, Any]] | None = None,
    enrollments: list[dict[str, Any]] | None = None,
    groups: list[dict[str, Any]] | None = None,
    assignments: list[dict[str, Any]] | None = None,
    submissions: list[dict[str, Any]] | None = None,
) -> list[Answer]:
    """The answers to one read of a small course, with the lists that are given instead of its own."""
    lists = (
        (sections, SECTION),
        (enrollments, ENROLLMENT),
        (groups, GROUP),
        (assignments, ASSIGNMENT),
        (submissions, SUBMISSION),
    )
    return [HEAD, *(canvas.page(*([own] if given is None else given)) for given, own in lists)]


def test_a_whole_read_is_taken(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = read_of(canvas)
    assert len(read_course(client, "7").submissions) == 1


SHORT: list[tuple[dict[str, list[dict[str, Any]]], str]] = [
    ({"sections": []}, "course 7, sections: Canvas gives no section"),
    ({"submissions": []}, "course 7, submissions: 1 assignments came without a row"),
    ({"assignments": [ASSIGNMENT, ASSIGNMENT | {"id": "61"}]}, "submissions: 1 assignments"),
    ({"groups": []}, "course 7, assignment groups: assignments are in groups that it lacks"),
    ({"enrollments": [ENROLLMENT | {"course_section_id": "8"}]}, "sections: students are enrolled"),
]


@pytest.mark.parametrize(("lists", "told"), SHORT, ids=[told[:30] for _, told in SHORT])
def test_what_came_short_is_read_again_once_and_then_told(
    canvas: Script, client: CanvasClient, lists: dict[str, list[dict[str, Any]]], told: str
) -> None:
    canvas.answers = [*read_of(canvas, **lists), *read_of(canvas)]
    assert len(read_course(client, "7").submissions) == 1
    canvas.answers = read_of(canvas, **lists) * 2
    with pytest.raises(ShortReadError, match=told):
        read_course(client, "7")


@pytest.mark.parametrize(
    "unassigned",
    [
        {"only_visible_to_overrides": True},
        {"visible_to_everyone": False},
        {"overrides": [{"id": "3", "student_ids": ["2"], "unassign_item": True}]},
        {"post_to_sis": False},
        {"workflow_state": "unpublished"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_an_assignment_that_nobody_need_have_may_come_without_rows(
    canvas: Script, client: CanvasClient, unassigned: dict[str, Any]
) -> None:
    canvas.answers = read_of(canvas, assignments=[ASSIGNMENT | unassigned], submissions=[])
    assert read_course(client, "7").submissions.empty


def test_a_course_without_students_has_no_submissions(canvas: Script, client: CanvasClient) -> None:
    gone = [ENROLLMENT | {"enrollment_state": "completed"}]
    canvas.answers = read_of(canvas, enrollments=gone, submissions=[])
    assert read_course(client, "7").submissions.empty


def test_a_course_that_lost_its_sections_has_an_empty_list_of_categories(
    canvas: Script, client: CanvasClient
) -> None:
    canvas.answers = [canvas.page()]
    sections, groups = read_groups(client, "7")
    assert sections.empty
    assert groups.empty


def test_a_student_whose_sis_id_canvas_leaves_out_is_not_one_without(
    canvas: Script, client: CanvasClient
) -> None:
    thinned = {key: value for key, value in ENROLLMENT.items() if key != "sis_user_id"}
    canvas.answers = read_of(canvas, enrollments=[thinned])
    with pytest.raises(AccessError, match="leaves out SIS ids"):
        read_course(client, "7")


ABSENT = [
    ("sections", SECTION, "name"),
    ("enrollments", ENROLLMENT, "course_section_id"),
    ("enrollments", ENROLLMENT, "enrollment_state"),
    ("groups", GROUP, "name"),
    ("assignments", ASSIGNMENT, "post_to_sis"),
    ("assignments", ASSIGNMENT, "due_at"),
    ("assignments", ASSIGNMENT, "points_possible"),
    ("submissions", SUBMISSION, "score"),
    ("submissions", SUBMISSION, "posted_at"),
    ("submissions", SUBMISSION, "excused"),
]


@pytest.mark.parametrize(("name", "row", "key"), ABSENT, ids=[f"{name} {key}" for name, _, key in ABSENT])
def test_a_key_that_is_absent_is_named_with_its_list(
    canvas: Script, client: CanvasClient, name: str, row: dict[str, Any], key: str
) -> None:
    thinned = {each: value for each, value in row.items() if each != key}
    canvas.answers = read_of(canvas, **{name: [thinned]})
    with pytest.raises(PermanentError, match=f"course 7, .*: 1 of 1 came without `{key}`") as told:
        read_course(client, "7")
    assert told.value.code == "unreadable_data"


UNKNOWN_KINDS = [
    ("assignments", ASSIGNMENT | {"overrides": {"id": "1"}}, "overrides"),
    ("assignments", ASSIGNMENT | {"overrides": [7]}, "not all are objects"),
    ("assignments", ASSIGNMENT | {"overrides": [{"id": "3", "tag_id": "1"}]}, "names neither students"),
    ("assignments", ASSIGNMENT | {"points_possible": "ten"}, "points_possible"),
    ("assignments", ASSIGNMENT | {"assignment_group_id": ["5"]}, "assignment_group_id"),
    ("assignments", ASSIGNMENT | {"due_at": "tomorrow"}, "cannot be parsed"),
    ("submissions", SUBMISSION | {"score": "8"}, "score"),
    ("submissions", SUBMISSION | {"excused": "no"}, "excused"),
    ("enrollments", ENROLLMENT | {"user": "Ann"}, "user"),
    ("sections", SECTION | {"sis_section_id": 12}, "sis_section_id"),
]


@pytest.mark.parametrize(("name", "row", "told"), UNKNOWN_KINDS, ids=[each[2] for each in UNKNOWN_KINDS])
def test_a_value_of_an_unknown_kind_is_told_and_not_quoted(
    canvas: Script, client: CanvasClient, name: str, row: dict[str, Any], told: str
) -> None:
    canvas.answers = read_of(canvas, **{name: [row]})
    with pytest.raises(PermanentError, match=told) as error:
        read_course(client, "7")
    assert error.value.code == "unreadable_data"
    assert "Ann" not in str(error.value)


@pytest.mark.parametrize(
    "body", ["{}", '{"id":"7"}', '{"id":"7","workflow_state":"available","time_zone":"Mars/1"}']
)
def test_a_course_without_what_a_sync_needs_is_told(canvas: Script, client: CanvasClient, body: str) -> None:
    canvas.answers = [(200, JSON, body)]
    with pytest.raises(PermanentError, match="course") as error:
        read_course(client, "7")
    assert error.value.code == "unreadable_data"
