"""A list is whole by its own paging and count, or it is nothing; no rows are said in many ways."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sis.errors import RefusedError, ShortReadError, UnavailableError
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import OneRosterServer, Seen

Rows = list[dict[str, Any]]
Order = Callable[[Rows, int], Rows]
RESULTS = "/classes/C1/results"
FAILURE = {"imsx_codeMajor": "failure", "imsx_description": "not today"}


@pytest.fixture(autouse=True)
def _class(sis: OneRosterServer) -> None:
    sis.stored["/classes/C1"] = {"class": {"sourcedId": "C1"}}


def results(count: int) -> list[dict[str, Any]]:
    return [{"sourcedId": f"R{n}", "lineItem": "L", "student": f"S{n}", "score": n} for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
@pytest.mark.parametrize("counts", [True, False], ids=["with a total", "without"])
def test_every_page_is_read(sis: OneRosterServer, connect: Connect, count: int, counts: bool) -> None:  # noqa: FBT001
    sis.collections[RESULTS] = ("results", results(count))
    sis.counts = counts
    assert [each.sourced_id for each in connect().class_results("C1").items] == [
        f"R{n}" for n in range(count)
    ]


def test_a_sis_with_smaller_pages_than_asked_for_is_read_to_the_end(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.collections[RESULTS] = ("results", results(45))
    sis.page_max = 20
    assert len(connect().class_results("C1").items) == 45


def test_a_total_that_counts_only_the_page_does_not_end_the_reading(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.collections[RESULTS] = ("results", results(250))
    page = JSONResponse({"results": results(100)}, headers={"X-Total-Count": "100"})
    sis.faults.append(page)
    assert len(connect().class_results("C1").items) == 250


def test_what_comes_on_two_pages_counts_once(sis: OneRosterServer, connect: Connect) -> None:
    rows = results(150)
    sis.collections[RESULTS] = ("results", [*rows[:100], rows[99], *rows[100:]])
    assert len(connect().class_results("C1").items) == 150


def test_a_sis_that_knows_no_offset_does_not_repeat_itself(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections[RESULTS] = ("results", results(45))
    sis.knows_offset = sis.counts = False
    assert len(connect().class_results("C1").items) == 45


def test_a_read_that_comes_back_short_is_an_error(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections[RESULTS] = ("results", results(45))
    sis.page_max, sis.knows_offset = 20, False
    with pytest.raises(ShortReadError, match="results of class C1: the list came short"):
        connect().class_results("C1")


def _rotated(rows: Rows, page: int) -> Rows:
    return [*rows[-page:], *rows[:-page]] if page else rows


def _without_first(rows: Rows, page: int) -> Rows:
    return rows[page % 2 :]


def _turned(rows: Rows, page: int) -> Rows:
    return rows[::-1] if page % 2 else rows


@pytest.mark.parametrize("order", [_rotated, _without_first, _turned])
def test_an_order_that_shifts_between_pages_is_a_short_read(
    sis: OneRosterServer, connect: Connect, order: Order
) -> None:
    sis.collections[RESULTS] = ("results", results(150))
    sis.reorder = order
    with pytest.raises(ShortReadError) as raised:
        connect().class_results("C1")
    assert raised.value.code == "short_read"


def test_an_order_that_shifts_once_is_read_again(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections[RESULTS] = ("results", results(150))
    sis.reorder = lambda rows, page: _rotated(rows, 1) if page == 1 else rows
    assert len({each.sourced_id for each in connect().class_results("C1").items}) == 150


def test_a_last_page_of_what_came_before_is_no_end(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections[RESULTS] = ("results", results(101))
    sis.counts = False
    sis.reorder = lambda rows, page: [*rows[:100], rows[57]] if page == 1 else rows
    assert len({each.sourced_id for each in connect().class_results("C1").items}) == 101


def test_a_sis_that_heeds_the_limit_and_no_offset_is_a_short_read(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.collections[RESULTS] = ("results", results(150))
    sis.knows_offset = sis.counts = False
    with pytest.raises(ShortReadError):
        connect().class_results("C1")


def test_a_link_to_a_next_page_is_believed_over_a_count(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections[RESULTS] = ("results", results(45))
    headers = {"X-Total-Count": "20", "Link": '<https://sis.example.org/results?offset=20>; rel="next"'}
    sis.faults.append(JSONResponse({"results": results(20)}, headers=headers))
    assert len(connect().class_results("C1").items) == 45


EMPTY = {
    "404": JSONResponse(FAILURE, 404),
    "404 in HTML": HTMLResponse("<h1>Not found</h1>", 404),
    "null": Response("null", media_type="application/json"),
    "null under its name": JSONResponse({"results": None}),
    "204": Response(status_code=204),
    "[]": JSONResponse([]),
    "an empty list and a success": JSONResponse(
        {"results": [], "statusInfoSet": [{"imsx_codeMajor": "success"}], "errors": []}
    ),
}


@pytest.mark.parametrize("empty", EMPTY.values(), ids=EMPTY)
def test_no_rows_of_a_class_are_said_in_many_ways(
    sis: OneRosterServer, connect: Connect, empty: Response
) -> None:
    sis.rule = lambda seen: empty if seen.path == RESULTS else None
    listed = connect().class_results("C1")
    assert (listed.items, listed.rejects) == ((), ())


@pytest.mark.parametrize("counts", [True, False], ids=["with a total", "without"])
@pytest.mark.parametrize("empty", EMPTY.values(), ids=EMPTY)
def test_a_page_past_the_end_is_the_end(
    sis: OneRosterServer,
    connect: Connect,
    empty: Response,
    counts: bool,  # noqa: FBT001
) -> None:
    sis.collections[RESULTS] = ("results", results(100))
    sis.ends_with, sis.counts = empty, counts
    assert len(connect().class_results("C1").items) == 100


@pytest.mark.parametrize("empty", EMPTY.values(), ids=EMPTY)
def test_an_end_before_the_count_is_short(sis: OneRosterServer, connect: Connect, empty: Response) -> None:
    sis.collections[RESULTS] = ("results", results(150))
    sis.rule = lambda seen: empty if seen.query.get("offset", "0") != "0" else None
    with pytest.raises(ShortReadError):
        connect().class_results("C1")


def test_no_list_of_a_class_that_the_sis_does_not_know_is_refused(
    sis: OneRosterServer, connect: Connect
) -> None:
    with pytest.raises(RefusedError, match="results of class C9"):
        connect().class_results("C9")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"results": [], "statusInfoSet": [FAILURE]}, RefusedError),
        ({"results": [], "statusInfoSet": FAILURE}, RefusedError),
        ({"results": [], "imsx_StatusInfo": FAILURE}, RefusedError),
        ({"results": [], "errors": [{"message": "not today"}]}, RefusedError),
        ({"error": {"message": "not today"}}, RefusedError),
        ({"title": "not today", "status": 500}, RefusedError),
        ([FAILURE], RefusedError),
        ({"results": [], "statusInfoSet": [FAILURE | {"imsx_codeMinor": "server_busy"}]}, UnavailableError),
    ],
)
def test_a_success_with_no_rows_that_tells_of_a_failure_is_no_empty_list(
    sis: OneRosterServer, connect: Connect, body: object, error: type[Exception]
) -> None:
    sis.rule = lambda seen: JSONResponse(body) if seen.path == RESULTS else None
    with pytest.raises(error, match="results of class C1") as raised:
        connect().class_results("C1")
    assert getattr(raised.value, "sis_words", None) == "not today"


@pytest.mark.parametrize("cut", ['{"results": [{"sourcedId": "R', "[{", ""])
def test_a_body_that_is_cut_is_asked_for_again_and_then_transient(
    sis: OneRosterServer, connect: Connect, cut: str
) -> None:
    sis.collections[RESULTS] = ("results", results(3))
    sis.faults.append(Response(cut, media_type="application/json"))
    assert len(connect().class_results("C1").items) == 3
    sis.rule = lambda seen: Response(cut) if seen.path == RESULTS else None
    with pytest.raises(UnavailableError, match=r"HTTP 200 \(cut\)"):
        connect().class_results("C1")


def test_web_pages_are_no_list(sis: OneRosterServer, connect: Connect) -> None:
    sis.rule = lambda seen: HTMLResponse("<h1>Sign in</h1>")
    with pytest.raises(PermanentError, match=r"is not JSON\. Check that SIS_BASE_URL"):
        connect().class_results("C1")


@pytest.mark.parametrize("total", ["9" * 30, "-1", "many", "1e9"])
def test_a_count_that_is_none_is_not_believed(sis: OneRosterServer, connect: Connect, total: str) -> None:
    sis.collections[RESULTS] = ("results", results(3))
    sis.counts = False
    sis.faults.append(JSONResponse({"results": results(3)}, headers={"X-Total-Count": total}))
    assert len(connect().class_results("C1").items) == 3


def test_a_number_of_more_digits_than_python_reads_costs_its_row(
    sis: OneRosterServer, connect: Connect
) -> None:
    huge = '{"results":[{"sourcedId":' + "7" * 5000 + '},{"sourcedId":"R","lineItem":"L","student":"S"}]}'
    sis.rule = lambda seen: Response(huge) if _first_page(seen) else None
    sis.collections[RESULTS] = ("results", [])
    listed = connect().class_results("C1")
    assert [each.sourced_id for each in listed.items] == ["R"]
    assert [each.code for each in listed.rejects] == ["unreadable_data"]


def _first_page(seen: Seen) -> bool:
    return seen.path == RESULTS and seen.query.get("offset") == "0"
