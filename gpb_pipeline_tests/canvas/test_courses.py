"""Courses by any name of theirs, and the list of those that could be synced."""

import json

import pytest

from gpb_pipeline.canvas.client import AccessError, CanvasClient, NotFoundError
from gpb_pipeline.canvas.courses import account_courses, course_named
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.canvas.script import JSON, Script
from gpb_pipeline_tests.canvas.test_extracts import client_of


def sis_id_of(sandbox: Sandbox, course_id: str) -> str:
    with client_of(sandbox) as client:
        found = course_named(client, course_id).sis_course_id
    assert found is not None
    return found


def test_every_name_of_a_course_is_answered_by_its_own_id_in_one_request(sandbox: Sandbox) -> None:
    names = ["1001", "01001", "0000001001", f"sis_course_id:{sis_id_of(sandbox, '1001')}"]
    asked = len(sandbox.requests_seen("canvas"))
    with client_of(sandbox) as client:
        found = [course_named(client, name) for name in names]
    assert {each.course_id for each in found} == {"1001"}
    assert len(set(map(str, found))) == 1
    assert len(sandbox.requests_seen("canvas")) - asked == len(names)


def test_a_course_is_read_by_its_own_id_whatever_name_it_was_asked_by(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        assert read_course(client, "01001").course.course_id == "1001"
    paths = [each["path"] for each in sandbox.requests_seen("canvas")]
    assert paths[0] == "/api/v1/courses/01001"
    assert all(path.startswith("/api/v1/courses/1001/") for path in paths[1:])


STATES = {"1101": "blueprint", "1102": "concluded"}


@pytest.mark.parametrize(("course_id", "state"), STATES.items())
def test_a_course_says_what_keeps_it_out(sandbox: Sandbox, course_id: str, state: str) -> None:
    with client_of(sandbox) as client:
        assert getattr(course_named(client, course_id), state)


def test_a_course_that_is_unpublished_says_so(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        assert course_named(client, "1105").workflow_state == "unpublished"
        sandbox.control("canvas", "PATCH", "/courses/1001", {"workflow_state": "unpublished"})
        assert course_named(client, "1001").workflow_state == "unpublished"


@pytest.mark.parametrize(
    "name", ["99", "sis_course_id:nobody's", "sis_course_id:A/1?x#y", "next week", "חומר"]
)
def test_a_name_that_is_no_courses_is_told(sandbox: Sandbox, name: str) -> None:
    with client_of(sandbox) as client, pytest.raises(NotFoundError, match="no such item"):
        course_named(client, name)


def test_a_stub_is_no_course(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client, pytest.raises(AccessError, match="restricted by date"):
        course_named(client, "1104")


@pytest.mark.parametrize("body", ["{}", '{"id":null,"workflow_state":"available"}', '{"id":"seven"}'])
def test_a_course_without_an_id_is_told(canvas: Script, client: CanvasClient, body: str) -> None:
    canvas.answers = [(200, JSON, body)]
    with pytest.raises(PermanentError, match="course 7: Canvas gives no id of it") as error:
        course_named(client, "7")
    assert error.value.code == "unreadable_data"


def test_one_odd_course_costs_the_list_nothing(canvas: Script, client: CanvasClient) -> None:
    odd = {"id": "1", "name": ["Algebra"], "workflow_state": 7, "time_zone": "Mars/1", "concluded": None}
    canvas.answers = [canvas.page(odd, {"name": "no id"}, {"id": "2", "time_zone": "America/Denver"})]
    first, second = account_courses(client)
    assert (first.course_id, first.name, first.time_zone.key) == ("1", "", "America/Chicago")
    assert (second.course_id, second.time_zone.key) == ("2", "America/Denver")


def test_a_list_of_courses_that_is_null_is_empty(canvas: Script, client: CanvasClient) -> None:
    status, headers, _ = canvas.page()
    canvas.answers = [(status, headers, json.dumps(None))]
    assert account_courses(client) == []
