"""Whatever goes wrong while a course is read: it is read as it is, or an error says why not."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.errors import PipelineError, TransientError
from gpb_pipeline.passback.course import CanvasRead
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline_tests.canvas.conftest import fast_client
from gpb_pipeline_tests.canvas.script import JSON, Script
from gpb_pipeline_tests.canvas.test_completeness import ASSIGNMENT, ENROLLMENT, GROUP, SECTION, SUBMISSION

LONG, SHORT = "1003", "1007"  # with submissions on several pages, and on one
EFFECTS: list[dict[str, Any]] = [
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 503, "body": "<html>Down for maintenance</html>"},
    {"effect": "throttle", "status": 403},
    {"effect": "throttle", "status": 429},
    {"effect": "lost_answer"},
    {"effect": "reset"},
    {"effect": "short_page"},
    {"effect": "shifting_page"},
]
LISTS = ["sections", "enrollments", "assignment_groups", "assignments", "submissions", "page=bookmark"]


def told_of(fault: dict[str, Any]) -> str:
    return f"{fault['effect']} {fault.get('status', '')}"


def settings_of(sandbox: Sandbox) -> CanvasSettings:
    return CanvasSettings(base_url=sandbox.canvas_url, api_token=sandbox.environment["CANVAS_API_TOKEN"])


@pytest.fixture
def client(sandbox: Sandbox, few_tries: None) -> Iterator[CanvasClient]:
    with fast_client(settings_of(sandbox)) as made:
        yield made


def rows(read: CanvasRead) -> dict[str, list[str]]:
    """Every frame's rows, in an order of their own: a page that shifts moves them."""
    return {
        name: sorted(str(row) for row in frame.itertuples(index=False))
        for name, frame in vars(read).items()
        if name != "course"
    }


@pytest.fixture(scope="module")
def whole(running: Sandbox) -> dict[str, dict[str, list[str]]]:
    running.reset()
    with fast_client(settings_of(running)) as made:
        return {course: rows(read_course(made, course)) for course in (LONG, SHORT)}


@pytest.mark.parametrize("where", LISTS)
@pytest.mark.parametrize("fault", EFFECTS, ids=told_of)
def test_one_fault_changes_nothing(
    whole: dict[str, dict[str, list[str]]],
    sandbox: Sandbox,
    client: CanvasClient,
    fault: dict[str, Any],
    where: str,
) -> None:
    course = LONG if where == "page=bookmark" else SHORT
    sandbox.set_faults("canvas", fault | {"path": rf"{where}\b"})
    assert rows(read_course(client, course)) == whole[course]


@pytest.mark.parametrize("where", LISTS[:-1])
@pytest.mark.parametrize("fault", EFFECTS[:-1], ids=told_of)
def test_a_fault_that_stays_fails_the_course_for_now(
    sandbox: Sandbox, client: CanvasClient, fault: dict[str, Any], where: str
) -> None:
    sandbox.set_faults("canvas", fault | {"path": rf"{where}\?", "times": None})
    with pytest.raises(TransientError):
        read_course(client, SHORT)


HEAD = {"id": "7", "name": "Algebra", "workflow_state": "available"}
OVERRIDE = {"id": "3", "course_section_id": "1", "due_at": None}
CHECKPOINT = {"due_at": "2026-10-05T03:59:59Z", "overrides": [OVERRIDE]}
BODIES: list[Any] = [
    HEAD,
    [SECTION],
    [ENROLLMENT | {"user": {"name": "Ann"}}],
    [GROUP | {"integration_data": {}}],
    [ASSIGNMENT | {"overrides": [OVERRIDE], "checkpoints": [CHECKPOINT]}],
    [SUBMISSION],
]
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just([[1]]),
)


def _places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [path, *(place for key, each in inside for place in _places(each, (*path, key)))]


PLACES = [(n, place) for n, body in enumerate(BODIES) for place in _places(body)]


def _spoilt(place: tuple[int, tuple[Any, ...]], value: Any) -> list[Any]:
    bodies = copy.deepcopy(BODIES)
    at: Any = bodies
    *path, last = (place[0], *place[1])
    for key in path:
        at = at[key]
    at[last] = value
    return bodies


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=values)
def test_no_value_anywhere_breaks_the_reading(
    canvas: Script, few_tries: None, place: tuple[int, tuple[Any, ...]], value: Any
) -> None:
    _, links, _ = canvas.page()
    canvas.answers = [(200, JSON | links, json.dumps(body)) for body in _spoilt(place, value)] * 2
    with fast_client(CanvasSettings(base_url=canvas.url, api_token="t")) as client:
        told = ""
        try:
            read_course(client, "7")
        except PipelineError as error:
            told = str(error)
    assert "Ann" not in told
