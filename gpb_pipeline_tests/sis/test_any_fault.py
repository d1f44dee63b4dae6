"""Whatever a SIS's lists hold: they are read laxly, or an error of the project says what is wrong."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.sis.held import read_held
from gpb_pipeline.sis.lookups import read_sis
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import CutShort, OneRosterServer
from gpb_pipeline_tests.sis.test_lookups import sections, session

REF = {"sourcedId": "C1", "type": "class"}
LISTS: dict[str, tuple[str, list[Any]]] = {
    "/classes": (
        "classes",
        [{"sourcedId": "C1", "classCode": "ALG", "school": {"sourcedId": "S"}, "terms": ["T"]}],
    ),
    "/classes/C1/students": ("users", [{"sourcedId": "Ann", "identifier": "1001", "status": "active"}]),
    "/categories": ("categories", [{"sourcedId": "K", "title": "Tests", "metadata": {"classId": "C1"}}]),
    "/academicSessions": (
        "academicSessions",
        [session("T", "gradingPeriod", "2026-09-01", "2026-11-01", "Y")],
    ),
    "/classes/C1/lineItems": (
        "lineItems",
        [
            {
                "sourcedId": "L",
                "title": "Quiz",
                "class": REF,
                "category": "K",
                "dueDate": "2026-10-01",
                "resultValueMax": 5,
            }
        ],
    ),
    "/classes/C1/results": (
        "results",
        [
            {
                "sourcedId": "R",
                "lineItem": {"sourcedId": "L"},
                "student": "Ann",
                "score": "4.5",
                "scoreStatus": "exempt",
            }
        ],
    ),
}
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=3),
    st.sampled_from(
        ["2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31", [], {}, [[1]], {"sourcedId": []}]
    ),
)


def _places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [path, *(place for key, each in inside for place in _places(each, (*path, key)))]


PLACES = [(path, place) for path, (_, items) in LISTS.items() for place in _places(items) if place]


def _read(sis: OneRosterServer, connect: Connect) -> None:
    client = connect(class_match="identifier", student_match="identifier")
    read_sis(client, sections(s1="ALG"))
    read_held(client, ["C1"])


def test_the_lists_as_they_are_can_be_read(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections = dict(LISTS)
    _read(sis, connect)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=values)
def test_no_value_anywhere_breaks_the_reading(
    sis: OneRosterServer, connect: Connect, place: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    lists = copy.deepcopy(LISTS)
    at: Any = lists[place[0]][1]
    for key in place[1][:-1]:
        at = at[key]
    at[place[1][-1]] = value
    sis.collections = lists
    sis.seen.clear()
    told = ""
    try:
        _read(sis, connect)
    except PipelineError as error:
        told = str(error)
    assert "Ann" not in told


@pytest.mark.parametrize("request_number", range(6))
@pytest.mark.parametrize(
    "fault",
    [
        Response(status_code=500),
        Response(status_code=429),
        PlainTextResponse("rate limit", 403),
        JSONResponse({"imsx_codeMajor": "failure"}, 503, headers={"Retry-After": "0"}),
        CutShort(),
        Response(status_code=401),
    ],
    ids=["500", "429", "403 for the rate", "503 for a while", "cut short", "401"],
)
def test_one_fault_changes_nothing(
    sis: OneRosterServer, connect: Connect, fault: Response, request_number: int
) -> None:
    sis.collections = dict(LISTS)
    sis.faults.extend([*[None] * request_number, fault])
    _read(sis, connect)
    assert not sis.faults
