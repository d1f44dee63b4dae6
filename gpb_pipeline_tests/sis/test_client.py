"""What the client reads and writes, page by page and id by id."""

from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sis.errors import RefusedError, UnknownOutcome
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import CutShort, OneRosterServer
from gpb_pipeline_tests.sis.samples import LINE_ITEM, RESULT

HELD = {"sourcedId": RESULT.sourced_id, "lineItem": "L", "student": "ST1", "score": 42.5}


@pytest.mark.parametrize(
    "answer", [PlainTextResponse("<html>"), JSONResponse({}), JSONResponse({"a": [], "b": []})]
)
def test_an_answer_that_is_no_list_is_an_error(
    sis: OneRosterServer, connect: Connect, answer: Response
) -> None:
    sis.faults.append(answer)
    with pytest.raises(PermanentError, match="line items of class C1"):
        connect().class_line_items("C1")


def test_a_list_under_another_name_or_none_is_understood(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections["/classes/C1/students"] = ("students", [{"sourcedId": "S1", "identifier": 12}])
    (student,) = connect().class_students("C1")
    assert (student.sourced_id, student.identifier) == ("S1", "12")
    assert "S1" not in repr(student)
    headers = {"X-Total-Count": "1"}
    sis.faults.append(JSONResponse([{"sourcedId": "K", "title": "Tests"}], headers=headers))
    assert [each.title for each in connect().categories()] == ["Tests"]


def test_line_items_of_a_class_keep_those_marked_to_be_deleted(
    sis: OneRosterServer, connect: Connect
) -> None:
    items = [
        {"sourcedId": "L1", "class": "C1", "title": "One"},
        {"sourcedId": "L2", "class": "C1", "title": "Two", "status": "tobedeleted"},
    ]
    sis.collections["/classes/C1/lineItems"] = ("lineItems", items)
    assert [each.status for each in connect().class_line_items("C1").items] == ["active", "tobedeleted"]


@pytest.mark.parametrize("id_mode", ["consumer", "provider"])
def test_only_ids_that_we_made_are_read_in_lower_case(
    sis: OneRosterServer, connect: Connect, id_mode: str
) -> None:
    ours, column, theirs = (str(uuid5(NAMESPACE_OID, name)).upper() for name in ("r", "l", "student"))
    reference = {"sourcedId": column, "type": "lineItem"}
    student = {"sourcedId": theirs, "type": "user"}
    item = {"sourcedId": column, "class": theirs, "title": "One", "category": {"sourcedId": theirs}}
    results: list[dict[str, Any]] = [
        {"sourcedId": ours, "lineItem": reference, "student": student, "score": 1},
        {"sourcedId": "R-1", "lineItem": column, "student": student, "score": 1},
        {"sourcedId": ours, "student": None},
    ]
    sis.collections["/classes/C1/lineItems"] = ("lineItems", [item])
    sis.collections["/classes/C1/results"] = ("results", results[:2])
    sis.collections["/classes/C2/results"] = ("results", results[2:])
    sis.stored[f"/lineItems/{column.lower()}"] = {"lineItem": item}
    client = connect(id_mode=id_mode)
    as_made = str.lower if id_mode == "consumer" else str
    (line_item,) = client.class_line_items("C1").items
    assert (line_item.sourced_id, line_item.class_id, line_item.category_id) == (
        as_made(column),
        theirs,
        theirs,
    )
    assert client.find_line_item(column.lower()) == line_item
    for result, expected in zip(client.class_results("C1").items, (as_made(ours), "R-1"), strict=True):
        assert (result.sourced_id, result.line_item_id, result.student_id) == (
            expected,
            as_made(column),
            theirs,
        )
    assert [each.sourced_id for each in client.class_results("C2").rejects] == [as_made(ours)]


def test_a_class_is_found_by_its_id_or_not_at_all(sis: OneRosterServer, connect: Connect) -> None:
    sis.stored["/classes/C 1"] = {"class": {"sourcedId": "C 1", "school": {"sourcedId": "S"}, "terms": ["T"]}}
    sis.stored["/classes/gone"] = {"class": {"sourcedId": "gone", "status": "tobedeleted"}}
    client = connect()
    found = client.find_class("C 1")
    assert found is not None
    assert (found.school_id, found.term_ids) == ("S", frozenset({"T"}))
    assert client.find_class("gone") is None
    assert client.find_class("unknown") is None


def test_a_class_that_cannot_be_read_is_not_taken_for_missing(sis: OneRosterServer, connect: Connect) -> None:
    sis.faults += [PlainTextResponse("<html>"), JSONResponse([]), Response(status_code=400)]
    client = connect()
    for error in (PermanentError, PermanentError, RefusedError):
        with pytest.raises(error, match="class C1"):
            client.find_class("C1")


def test_in_consumer_mode_the_id_is_ours_whatever_the_sis_answers(
    sis: OneRosterServer, connect: Connect
) -> None:
    client = connect()
    assert client.put_line_item(LINE_ITEM) == LINE_ITEM.sourced_id
    sis.faults.append(JSONResponse({"result": {"sourcedId": "another"}}))
    assert client.put_result(RESULT) == RESULT.sourced_id
    item, result = (each.body for each in sis.seen)
    assert sis.seen[0].path == f"/lineItems/{LINE_ITEM.sourced_id}"
    assert item["lineItem"]["sourcedId"] == LINE_ITEM.sourced_id
    assert item["lineItem"]["dateLastModified"] > "2026-10-06"  # when it was sent
    assert result["result"]["score"] == 42.5


def test_in_provider_mode_the_first_write_asks_for_an_id_and_the_next_uses_it(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.allocates = True
    client = connect(id_mode="provider")
    theirs = client.put_result(RESULT)
    assert theirs == "theirs-1"
    assert client.put_result(replace(RESULT, sourced_id=theirs), first=False) == theirs
    first, second = sis.seen
    assert first.path == f"/results/{RESULT.sourced_id}"
    assert "sourcedId" not in first.body["result"]
    assert second.path == "/results/theirs-1"
    assert second.body["result"]["sourcedId"] == "theirs-1"


def test_in_provider_mode_an_answer_without_an_id_leaves_the_outcome_unknown(
    sis: OneRosterServer, connect: Connect
) -> None:
    client = connect(id_mode="provider")
    with pytest.raises(UnknownOutcome, match="no sourcedId in the answer"):
        client.put_line_item(LINE_ITEM)
    assert client.put_line_item(LINE_ITEM, first=False) == LINE_ITEM.sourced_id


def test_1p2_has_two_services_under_one_address(sis: OneRosterServer, connect: Connect) -> None:
    origin = connect().settings.base_url.removesuffix("/v1p1")
    client = connect(base_url=origin, dialect="oneroster-1.2")
    client.put_line_item(LINE_ITEM)
    client.find_class("C1")
    paths = [each.path for each in sis.seen]
    assert paths == [
        f"/ims/oneroster/gradebook/v1p2/lineItems/{LINE_ITEM.sourced_id}",
        "/ims/oneroster/rostering/v1p2/classes/C1",
    ]


def test_a_result_is_taken_back_by_delete(sis: OneRosterServer, connect: Connect) -> None:
    connect().delete_result(RESULT)
    assert [(each.method, each.path) for each in sis.seen] == [("DELETE", f"/results/{RESULT.sourced_id}")]


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("id_mode", ["consumer", "provider"])
def test_where_delete_is_not_to_be_had_the_result_is_marked(
    sis: OneRosterServer, connect: Connect, status: int, id_mode: str
) -> None:
    sis.collections["/classes/C101/results"] = ("results", [HELD])
    sis.faults.append(Response(status_code=status))
    connect(id_mode=id_mode).delete_result(RESULT)
    assert sis.methods() == (["DELETE", "GET", "PUT"] if status == 404 else ["DELETE", "PUT"])
    body = sis.seen[-1].body["result"]
    assert (body["sourcedId"], body["status"]) == (RESULT.sourced_id, "tobedeleted")


@pytest.mark.parametrize("held", [[], [HELD | {"status": "tobedeleted"}]], ids=["gone", "marked"])
def test_a_result_that_is_gone_already_is_not_brought_back(
    sis: OneRosterServer, connect: Connect, held: list[dict[str, Any]]
) -> None:
    sis.collections["/classes/C101/results"] = ("results", held)
    sis.faults += [CutShort(), Response(status_code=404)]
    connect().delete_result(RESULT)
    assert sis.methods() == ["DELETE", "DELETE", "GET"]


def test_a_result_of_an_unknown_class_is_marked_without_looking(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.faults.append(Response(status_code=404))
    connect().delete_result(replace(RESULT, class_id=None))
    assert sis.methods() == ["DELETE", "PUT"]


def test_a_sis_set_to_tobedeleted_is_never_asked_to_delete(sis: OneRosterServer, connect: Connect) -> None:
    connect(withdraw="tobedeleted").delete_result(RESULT)
    assert sis.methods() == ["PUT"]


def test_another_refusal_to_delete_is_an_error(sis: OneRosterServer, connect: Connect) -> None:
    sis.faults.append(JSONResponse({"imsx_codeMinor": "deletefailure"}, 409))
    with pytest.raises(RefusedError, match="deletefailure"):
        connect().delete_result(RESULT)
    assert sis.methods() == ["DELETE"]


def test_neither_student_nor_score_is_in_a_repr() -> None:
    assert "ST1" not in repr(RESULT).replace(RESULT.sourced_id, "")
    assert "42.5" not in repr(RESULT)
