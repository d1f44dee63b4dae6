"""Whatever goes wrong while a course is read: it is read as it is, or an error says why not."""

import copy
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.canvas.readings import UNFIT, ident
from gpb_pipeline.errors import PipelineError, TransientError
from gpb_pipeline.passback.course import CanvasRead
from gpb_pipeline.passback.rules.issues import CATALOGUE
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline_tests.canvas.conftest import fast_client
from gpb_pipeline_tests.canvas.script import JSON, Script
from gpb_pipeline_tests.canvas.small_course import (
    ASSIGNMENT,
    ENROLLMENT,
    GROUP,
    HEAD,
    OTHER_ASSIGNMENT,
    OTHER_ENROLLMENT,
    OTHER_GROUP,
    OTHER_SECTION,
    OTHER_SUBMISSION,
    OVERRIDE,
    SECTION,
    SUBMISSION,
    kept_for_lists,
)

LONG, SHORT = "1003", "1007"  # with submissions on several pages, and on one
EFFECTS: list[dict[str, Any]] = [
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 503, "body": "<html>Down for maintenance</html>"},
    {"effect": "status", "status": 200, "body": "<!doctype html><p>Down for maintenance</p>"},
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
        if isinstance(frame, pd.DataFrame)
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


BODIES: list[Any] = [
    json.loads(HEAD[2]),
    [SECTION, OTHER_SECTION],
    [ENROLLMENT, OTHER_ENROLLMENT],
    [GROUP, OTHER_GROUP],
    [
        ASSIGNMENT
        | {
            "overrides": [OVERRIDE],
            "checkpoints": [{"due_at": "2026-10-05T03:59:59Z", "overrides": [OVERRIDE]}],
            "position": 1,
        },
        OTHER_ASSIGNMENT,
    ],
    [SUBMISSION, OTHER_SUBMISSION],
]
OTHERS = {
    "sections": ("section_id", "11"),
    "enrollments": ("user_id", "12"),
    "assignment_groups": ("group_id", "15"),
    "assignments": ("assignment_id", "16"),
    "submissions": ("user_id", "12"),
}
MISSING = object()
values = st.one_of(
    st.none(),
    st.just(MISSING),
    st.booleans(),
    st.integers(max_value=-1),
    st.integers(min_value=2**53),
    st.floats(),
    st.text(max_size=5),
    st.text(st.characters(categories=["Cs", "Cf", "Cc", "Lo"]), min_size=1, max_size=5),  # half, unseen, RTL
    st.sampled_from(["x" * 10**6, "\u202e\u200bסוף", "\ud83c", "\0", 10**5000, "0026-01-01T00:00:00Z"]),
    st.sampled_from([[], {}, [[1]], [None], {"id": None}]),
)


def _places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a list's first row, the row itself too, or in the course."""
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [path, *(place for key, each in inside for place in _places(each, (*path, key)))]


HEADS = [(0, place) for place in _places(BODIES[0]) if place]
PLACES = [(n, (0, *place)) for n, body in enumerate(BODIES) if n for place in _places(body[0])]
CODES = {"unreadable_data", "canvas_too_old", "canvas_short_read", "canvas_access"}  # that end a course
WHOLE = [(n, ()) for n in range(len(BODIES))]


def _spoilt(place: tuple[int, tuple[Any, ...]], value: Any) -> list[Any]:
    bodies = copy.deepcopy(BODIES)
    at: Any = bodies
    *path, last = (place[0], *place[1])
    for key in path:
        at = at[key]
    if value is not MISSING:
        at[last] = value
    elif isinstance(at, dict):
        del at[last]
    else:
        at[last] = {}
    return bodies


def _read(canvas: Script, bodies: list[Any]) -> CanvasRead:
    _, links, _ = canvas.page()
    with any_length_of_numbers():
        texts = [canvas.text(body) for body in bodies]
    head, *lists = [(200, JSON | links, text) for text in texts]
    canvas.answers = [head, *kept_for_lists(lists), *kept_for_lists(lists)]
    with fast_client(CanvasSettings(base_url=canvas.url, api_token="t")) as client:
        return read_course(client, "7")


@contextmanager
def any_length_of_numbers() -> Iterator[None]:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(before)


def _is_storable(read: CanvasRead) -> bool:
    """Whether a database could hold all texts: DuckDB aborts the process for half a surrogate."""
    texts = [
        value
        for frame in vars(read).values()
        if isinstance(frame, pd.DataFrame)
        for column in frame.select_dtypes(object)
        for value in frame[column]
        if isinstance(value, str)
    ]
    return all("\0" not in text and text.encode() for text in texts if text)


QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(place=st.sampled_from(PLACES), value=values)
def test_any_value_anywhere_costs_at_most_its_item(
    canvas: Script, few_tries: None, place: tuple[int, tuple[Any, ...]], value: Any
) -> None:
    try:
        read = _read(canvas, _spoilt(place, value))
    except TransientError as short:
        # another id is another item's, which the read then lacks
        assert str(place[1][-1]).endswith("id")
        assert ident(value) is not UNFIT
        assert short.code == "canvas_short_read"  # noqa: PT017
        return
    for name, (column, expected) in OTHERS.items():
        assert expected in set(getattr(read, name)[column])
    assert _is_storable(read)
    for each in read.rejects:
        assert each.code in CATALOGUE
        assert each.met
        assert "Ann" not in repr(each)


@QUICK
@given(place=st.sampled_from([*HEADS, *WHOLE]), value=values)
def test_any_value_of_a_course_or_for_a_whole_list_is_read_or_told(
    canvas: Script, few_tries: None, place: tuple[int, tuple[Any, ...]], value: Any
) -> None:
    told = ""
    try:
        assert _is_storable(_read(canvas, _spoilt(place, value)))
    except PipelineError as error:
        told = str(error)
        assert error.code in CODES  # noqa: PT017
    assert "Ann" not in told
