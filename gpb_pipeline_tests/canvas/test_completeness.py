"""A course whose read came thinner than it is: told, tried again, never taken for deletions."""

from datetime import UTC, datetime

import pytest

from gpb_pipeline.canvas.client import AccessError, CanvasClient, ShortReadError
from gpb_pipeline.canvas.courses import course_named
from gpb_pipeline.canvas.extracts import read_course, read_groups
from gpb_pipeline.errors import PermanentError
from gpb_pipeline_tests.canvas.script import JSON, Script
from gpb_pipeline_tests.canvas.small_course import (
    ASSIGNMENT,
    ENROLLMENT,
    SECTION,
    SUBMISSION,
    Row,
    read_of,
    without,
)


def test_a_whole_read_is_taken(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = read_of(canvas)
    assert len(read_course(client, "7").submissions) == 1


SHORT: list[tuple[dict[str, list[Row]], str]] = [
    ({"sections": []}, "course 7, sections: Canvas gives no section"),
    ({"submissions": []}, "course 7, submissions: 1 assignments came without a row"),
    ({"assignments": [ASSIGNMENT, ASSIGNMENT | {"id": "61"}]}, "submissions: 1 assignments"),
    ({"groups": []}, "course 7, assignment groups: assignments are in groups that it lacks"),
    ({"enrollments": [ENROLLMENT | {"course_section_id": "8"}]}, "sections: students are enrolled"),
    ({"enrollments": []}, "enrollments: there are submissions, and nobody is enrolled"),
]


@pytest.mark.parametrize(("lists", "told"), SHORT, ids=[told[:30] for _, told in SHORT])
def test_what_came_short_is_read_again_once_and_then_told(
    canvas: Script, client: CanvasClient, lists: dict[str, list[Row]], told: str
) -> None:
    head, *short = read_of(canvas, **lists)
    canvas.answers = [head, *short, *read_of(canvas)[1:]]
    assert len(read_course(client, "7").submissions) == 1
    canvas.answers = [head, *short, *short]
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
    canvas: Script, client: CanvasClient, unassigned: Row
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


NOW = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("when", ["created_at", "updated_at"])
def test_an_assignment_so_new_that_it_has_no_submissions_fails_nothing(
    canvas: Script, client: CanvasClient, when: str
) -> None:
    new = ASSIGNMENT | {"id": "61", "name": "Homework 2", when: NOW}
    canvas.answers = read_of(canvas, assignments=[ASSIGNMENT, new])
    read = read_course(client, "7")
    assert read.assignments["assignment_id"].to_list() == ["6", "61"]
    assert read.rejects == ()
    canvas.answers = read_of(canvas, assignments=[new], submissions=[])
    assert read_course(client, "7").submissions.empty


@pytest.mark.parametrize(
    ("name", "row", "key"),
    [("sections", SECTION, "sis_section_id"), ("enrollments", ENROLLMENT, "sis_user_id")],
)
def test_a_student_whose_sis_id_canvas_leaves_out_is_not_one_without(
    canvas: Script, client: CanvasClient, name: str, row: Row, key: str
) -> None:
    canvas.answers = read_of(canvas, **{name: [without(row, key)]})
    with pytest.raises(AccessError, match="leaves out SIS ids"):
        read_course(client, "7")


OLD = [
    ("assignments", ASSIGNMENT, "post_to_sis", "Sync to SIS"),
    ("assignments", ASSIGNMENT, "workflow_state", "the states"),
    ("submissions", SUBMISSION, "posted_at", "post policies"),
]


@pytest.mark.parametrize(("name", "row", "key", "lacks"), OLD, ids=[key for _, _, key, _ in OLD])
def test_a_canvas_too_old_is_told_by_what_it_lacks(
    canvas: Script, client: CanvasClient, name: str, row: Row, key: str, lacks: str
) -> None:
    canvas.answers = read_of(canvas, **{name: [without(row, key)]})
    told = f"course 7, {name}: this Canvas does not say `{key}`. Update Canvas, .*{lacks}"
    with pytest.raises(PermanentError, match=told) as old:
        read_course(client, "7")
    assert old.value.code == "canvas_too_old"
    assert "CANVAS_BASE_URL" not in str(old.value)


def test_a_course_without_a_state_is_an_old_canvass(canvas: Script, client: CanvasClient) -> None:
    canvas.answers = [(200, JSON, '{"id":"7","name":"Algebra"}')]
    with pytest.raises(PermanentError, match="course 7: this Canvas does not say `workflow_state`"):
        course_named(client, "7")
