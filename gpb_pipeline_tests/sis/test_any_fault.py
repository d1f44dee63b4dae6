"""Whatever a SIS's answers hold: the process lives, other items arrive, and what is laid aside has a code."""

import json
from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.course import SisRead
from gpb_pipeline.passback.holdings.frames import Gradebook
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.errors import RefusedError, UnavailableError
from gpb_pipeline.sis.gradebook import read_gradebook
from gpb_pipeline.sis.lookups import read_sis
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import CutShort, OneRosterServer
from gpb_pipeline_tests.sis.samples import LINE_ITEM
from gpb_pipeline_tests.sis.test_lookups import NOBODY, sections, session

REF = {"sourcedId": "C1", "type": "class"}
CLASS = {"sourcedId": "C1", "classCode": "ALG", "school": {"sourcedId": "S"}, "terms": ["T"]}
ITEM = {"sourcedId": "L", "title": "Quiz", "class": REF, "category": "K", "dueDate": "2026-10-01"} | {
    "assignDate": "2026-09-01",
    "resultValueMax": 5,
    "gradingPeriod": {"sourcedId": "T"},
}
SCORE = {"sourcedId": "R", "lineItem": {"sourcedId": "L"}, "student": "Ann", "score": "4.5"} | {
    "scoreStatus": "exempt",
    "scoreDate": "2026-10-01",
}
TERM = session("T", "gradingPeriod", "2026-09-01", "2026-11-01", "Y")
LISTS: dict[str, tuple[str, list[Any]]] = {  # the second of each is left as it is
    "/classes": ("classes", [CLASS, CLASS | {"sourcedId": "C2", "classCode": "GEO"}]),
    "/classes/C1/students": (
        "users",
        [
            {"sourcedId": "Ann", "identifier": "1001", "status": "active"},
            {"sourcedId": "Bob", "identifier": "1002"},
        ],
    ),
    "/classes/C2/students": ("users", []),
    "/categories": (
        "categories",
        [
            {"sourcedId": "K", "title": "Tests", "metadata": {"classId": "C1"}},
            {"sourcedId": "K2", "title": "Homework"},
        ],
    ),
    "/academicSessions": ("academicSessions", [TERM, TERM | {"sourcedId": "T2", "parent": "T"}]),
    "/classes/C1/lineItems": ("lineItems", [ITEM, ITEM | {"sourcedId": "L2"}]),
    "/classes/C1/results": ("results", [SCORE, SCORE | {"sourcedId": "R2", "student": "Bob"}]),
}
SURVIVORS = {
    "/classes": "C2",
    "/classes/C1/students": "Bob",
    "/categories": "K2",
    "/academicSessions": "T2",
    "/classes/C1/lineItems": "L2",
    "/classes/C1/results": "R2",
}
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=3),
    st.sampled_from(
        ["2026-13-01", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31", "3024-01-01"]
    ),
    st.sampled_from([[], {}, [[1]], {"sourcedId": []}, {"sourcedId": "\ud83c"}, [{"sourcedId": None}]]),
    st.sampled_from(["\ud83c", "\x00", "\u202eevif", "a\u200bb", "x" * 10**6, " \u00a0", "1e999", "NaN"]),
    st.sampled_from([2**53 + 1, -(2**64), 10**400, 1e308]),
)


def _places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [path, *(place for key, each in inside for place in _places(each, (*path, key)))]


PLACES = [
    (path, (0, *place)) for path in SURVIVORS for place in _places(LISTS[path][1][0])
]  # `()` within: the row itself


def _read(client: OneRosterClient) -> tuple[SisRead, Gradebook]:
    read = read_sis(client, sections(s1="ALG", s2="GEO"), NOBODY)
    return read, read_gradebook(client, ["C1"], datetime(2026, 10, 5, tzinfo=UTC))


def _kept(frame: pd.DataFrame) -> pd.DataFrame:
    """Through DuckDB and back: what it cannot hold would end the process."""
    return duckdb.sql("SELECT * FROM frame").df()


def _ids(read: SisRead, book: Gradebook) -> str:
    frames = (read.classes, read.roster, read.categories, read.grading_periods, book.line_items, book.results)
    return " ".join(str(value) for frame in frames for value in _kept(frame).to_numpy().flatten())


def test_the_lists_as_they_are_can_be_read(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections = dict(LISTS)
    read, book = _read(connect(class_match="identifier"))
    assert (len(read.roster), len(read.grading_periods), len(book.results)) == (2, 4, 2)
    assert set(SURVIVORS.values()) <= set(_ids(read, book).split())


def test_a_date_whose_offset_has_seconds_costs_its_class_nothing(
    sis: OneRosterServer, connect: Connect
) -> None:
    odd = ITEM | {"dueDate": "1850-01-01T00:00:00-04:56:02"}
    sis.collections = LISTS | {"/classes/C1/lineItems": ("lineItems", [odd, ITEM | {"sourcedId": "L2"}])}
    _, book = _read(connect(class_match="identifier"))
    assert book.line_items["line_item_id"].tolist() == ["L", "L2"]
    assert book.line_items["due_on_wire"][0].isoformat() == "1850-01-01T04:56:02+00:00"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=values)
def test_no_value_anywhere_costs_more_than_its_row(
    sis: OneRosterServer, connect: Connect, place: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    path, (*way, last) = place
    sis.collections = json.loads(json.dumps(LISTS))  # each row with objects of its own
    at: Any = sis.collections[path][1]
    for key in way:
        at = at[key]
    at[last] = value
    sis.seen.clear()
    client = connect(class_match="identifier")
    read, book = _read(client)
    assert SURVIVORS[path] in _ids(read, book).split()
    for listing in (client.class_line_items("C1"), client.class_results("C1")):
        assert {each.code for each in listing.rejects} <= {"unreadable_data"}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(list(SURVIVORS)),
    value=values | st.dictionaries(st.sampled_from(["results", "errors"]), values),
)
def test_no_body_in_place_of_a_list_ends_in_anything_but_an_error_of_ours(
    sis: OneRosterServer, connect: Connect, path: str, value: Any
) -> None:
    sis.collections = json.loads(json.dumps(LISTS))  # each row with objects of its own
    body = Response(json.dumps(value), media_type="application/json")
    sis.rule = lambda seen: body if seen.path == path else None
    told: PipelineError | None = None
    try:
        _read(connect(class_match="identifier"))
    except PipelineError as error:
        told = error
    assert told is None or told.code in {"unreadable_data", "short_read", "sis_refused", "sis_unavailable"}
    assert "Ann" not in str(told)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=st.sampled_from([200, 201, 400, 404, 409, 422]),
    value=values | st.dictionaries(st.sampled_from(["errors", "error", "imsx_StatusInfo", "title"]), values),
)
def test_no_answer_to_a_write_ends_in_anything_but_an_answer_or_an_error_of_ours(
    sis: OneRosterServer, connect: Connect, status: int, value: Any
) -> None:
    body = Response(json.dumps(value), status, media_type="application/json")
    sis.rule = lambda seen: body
    client = connect()
    words: list[str | None] = []
    try:
        assert client.put_line_item(LINE_ITEM) == LINE_ITEM.sourced_id
    except (RefusedError, UnavailableError) as error:
        words.append(error.sis_words)
    assert len(_kept(pd.DataFrame({"words": pd.Series(words, dtype=object)}))) == len(words)


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
    _read(connect(class_match="identifier"))
    assert not sis.faults
