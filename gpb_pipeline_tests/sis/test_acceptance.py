"""What counts as an acceptance of a write, what is looked for by its id, and what is taken back."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from gpb_pipeline.sis.errors import ForbiddenError, RefusedError, UnavailableError, UnknownOutcome
from gpb_pipeline_tests.sis.conftest import Connect
from gpb_pipeline_tests.sis.one_roster import OneRosterServer
from gpb_pipeline_tests.sis.samples import LINE_ITEM, RESULT

ID = LINE_ITEM.sourced_id
FAILURE = {"imsx_codeMajor": "failure", "imsx_codeMinor": "invaliddata"}
OURS = {"lineItem": {"sourcedId": ID, "class": "C101", "title": "Quiz"}}

ACCEPTED = {
    "200 without a body": Response(status_code=200),
    "201 without a body": Response(status_code=201),
    "204": Response(status_code=204),
    "null": JSONResponse(None, 201),
    "the line item": JSONResponse(OURS, 201),
    "the line item, bare": JSONResponse(OURS["lineItem"], 200),
    "a pair of ids": JSONResponse({"sourcedIdPairs": [{"allocatedSourcedId": ID}]}, 201),
    "a success, bare": JSONResponse({"imsx_codeMajor": "success"}, 200),
    "a success, wrapped": JSONResponse({"imsx_StatusInfo": {"imsx_codeMajor": "success"}}, 201),
    "a success in a set": JSONResponse({"statusInfoSet": [{"imsx_codeMajor": "success"}]}, 200),
    "still at it": JSONResponse({"imsx_codeMajor": "processing"}, 202),
}
NOT_ACCEPTED = {
    "a page to sign in": HTMLResponse("<html>Sign in</html>", 200),
    "a word": PlainTextResponse("OK", 200),
    "an object of nothing": JSONResponse({}, 200),
    "a number": JSONResponse(1, 200),
    "a list": JSONResponse([OURS], 200),
    "a gateway's own": JSONResponse({"message": "hello"}, 200),
    "a failure, bare": JSONResponse(FAILURE, 200),
    "a failure, wrapped": JSONResponse({"imsx_StatusInfo": FAILURE}, 201),
    "a failure in a set": JSONResponse({"lineItem": None, "statusInfoSet": [FAILURE]}, 200),
    "a failure beside the line item": JSONResponse(OURS | {"statusInfoSet": [FAILURE]}, 200),
    "errors": JSONResponse({"errors": [{"message": "no"}]}, 200),
    "a problem": JSONResponse({"title": "no", "status": 422}, 200),
}


@pytest.mark.parametrize("answer", ACCEPTED.values(), ids=ACCEPTED)
def test_a_oneroster_body_or_none_is_an_acceptance(
    sis: OneRosterServer, connect: Connect, answer: Response
) -> None:
    for mode in ("consumer", "provider"):
        sis.faults.append(answer)
        assert connect(id_mode=mode).put_line_item(LINE_ITEM, first=False) == ID


@pytest.mark.parametrize("id_mode", ["consumer", "provider"])
@pytest.mark.parametrize("answer", NOT_ACCEPTED.values(), ids=NOT_ACCEPTED)
def test_any_other_answer_leaves_the_outcome_unknown(
    sis: OneRosterServer, connect: Connect, answer: Response, id_mode: str
) -> None:
    sis.faults.append(answer)
    with pytest.raises(UnknownOutcome, match=f"line item {ID}"):
        connect(id_mode=id_mode).put_line_item(LINE_ITEM)
    assert sis.methods() == ["PUT"]


def test_a_failure_under_a_success_keeps_what_the_sis_said(sis: OneRosterServer, connect: Connect) -> None:
    sis.faults.append(JSONResponse({"statusInfoSet": [FAILURE | {"imsx_description": "locked"}]}))
    with pytest.raises(UnknownOutcome, match=r"HTTP 200 \(invaliddata\)") as raised:
        connect().put_result(RESULT)
    assert (raised.value.status, raised.value.sis_words) == (200, "locked")
    assert not raised.value.is_outage


def test_an_answer_that_is_cut_is_asked_for_again_where_that_harms_nothing(
    sis: OneRosterServer, connect: Connect
) -> None:
    cut = Response('{"lineItem": {"sour', media_type="application/json")
    sis.faults += [cut, None, cut]
    assert connect().put_line_item(LINE_ITEM) == ID
    with pytest.raises(UnknownOutcome):
        connect(id_mode="provider").put_line_item(LINE_ITEM)
    assert sis.methods() == ["PUT"] * 3


HELD: dict[str, Any] = {
    "wrapped": OURS,
    "bare": OURS["lineItem"],
    "in capitals": {"lineItem": OURS["lineItem"] | {"sourcedId": ID.upper()}},
}
NONE = {
    "404": JSONResponse(FAILURE, 404),
    "null": JSONResponse(None),
    "204": Response(status_code=204),
    "marked": JSONResponse({"lineItem": OURS["lineItem"] | {"status": "tobedeleted"}}),
}
NO_LOOK = {
    "405": (Response(status_code=405), RefusedError),
    "501": (Response(status_code=501), RefusedError),
    "400": (Response(status_code=400), RefusedError),
    "a page": (HTMLResponse("<html>"), RefusedError),
    "a list": (JSONResponse([OURS]), RefusedError),
    "another": (JSONResponse({"lineItem": OURS["lineItem"] | {"sourcedId": "X"}}), RefusedError),
    "no class": (JSONResponse({"lineItem": {"sourcedId": ID}}), RefusedError),
    "a failure": (JSONResponse(OURS | {"statusInfoSet": [FAILURE]}), RefusedError),
    "500": (Response(status_code=500), UnavailableError),
    "cut": (Response('{"lineItem":'), UnavailableError),
}


@pytest.mark.parametrize("body", HELD.values(), ids=HELD)
def test_a_line_item_is_found_by_its_id(sis: OneRosterServer, connect: Connect, body: Any) -> None:
    sis.stored[f"/lineItems/{ID}"] = body
    found = connect().find_line_item(ID)
    assert found is not None
    assert (found.class_id, found.title) == ("C101", "Quiz")


@pytest.mark.parametrize("answer", NONE.values(), ids=NONE)
def test_what_is_not_there_is_none(sis: OneRosterServer, connect: Connect, answer: Response) -> None:
    sis.rule = lambda seen: answer
    assert connect().find_line_item(ID) is None


@pytest.mark.parametrize(("answer", "error"), NO_LOOK.values(), ids=NO_LOOK)
def test_what_cannot_be_looked_at_is_not_taken_for_missing(
    sis: OneRosterServer, connect: Connect, answer: Response, error: type[Exception]
) -> None:
    sis.rule = lambda seen: answer
    with pytest.raises(error, match=f"lineItems/{ID}"):
        connect().find_line_item(ID)


def test_a_result_is_found_by_its_id_or_not(sis: OneRosterServer, connect: Connect) -> None:
    sis.stored["/results/r1"] = {"result": {"sourcedId": "r1", "lineItem": "L", "student": "S", "score": "3"}}
    found = connect().find_result("r1")
    assert found is not None
    assert found.score == 3
    assert connect().find_result("r2") is None


def test_a_line_item_is_taken_back_by_delete(sis: OneRosterServer, connect: Connect) -> None:
    connect().delete_line_item(ID, "C101")
    assert [(each.method, each.path) for each in sis.seen] == [("DELETE", f"/lineItems/{ID}")]


def test_a_line_item_that_is_gone_is_left(sis: OneRosterServer, connect: Connect) -> None:
    sis.collections["/classes/C101/lineItems"] = ("lineItems", [])
    sis.faults.append(Response(status_code=404))
    connect().delete_line_item(ID, "C101")
    assert sis.methods() == ["DELETE", "GET", "GET"]  # by its id, and its class's list


def test_a_line_item_that_its_class_lists_and_no_id_finds_is_marked(
    sis: OneRosterServer, connect: Connect
) -> None:
    sis.collections["/classes/C101/lineItems"] = ("lineItems", [OURS["lineItem"]])
    sis.faults += [Response(status_code=405), Response(status_code=404)]
    connect().delete_line_item(ID, "C101")
    assert sis.methods() == ["DELETE", "GET", "GET", "PUT"]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_where_delete_is_not_to_be_had_the_line_item_is_marked(
    sis: OneRosterServer, connect: Connect, status: int
) -> None:
    sis.stored[f"/lineItems/{ID}"] = OURS
    sis.faults.append(Response(status_code=status))
    connect().delete_line_item(ID, "C101")
    assert sis.methods() == ["DELETE", "GET", "PUT"]
    body = sis.seen[-1].body["lineItem"]
    assert (body["sourcedId"], body["title"], body["status"]) == (ID, "Quiz", "tobedeleted")


def test_a_line_item_whose_deletion_is_refused_is_an_error(sis: OneRosterServer, connect: Connect) -> None:
    sis.faults.append(JSONResponse({"imsx_codeMinor": "deletefailure"}, 409))
    with pytest.raises(RefusedError, match="deletefailure"):
        connect().delete_line_item(ID, "C101")


@pytest.mark.parametrize("answer", [HTMLResponse("<html>"), JSONResponse(FAILURE, 200)])
def test_a_deletion_is_accepted_as_a_write_is(
    sis: OneRosterServer, connect: Connect, answer: Response
) -> None:
    sis.faults += [answer, answer]
    with pytest.raises(UnknownOutcome):
        connect().delete_result(RESULT)
    with pytest.raises(UnknownOutcome):
        connect().delete_line_item(ID, "C101")


def test_403_for_delete_alone_costs_what_was_to_be_deleted(sis: OneRosterServer, connect: Connect) -> None:
    sis.rule = lambda seen: Response(status_code=403) if seen.method == "DELETE" else None
    client = connect()
    client.put_result(RESULT)
    for student in range(5):
        with pytest.raises(ForbiddenError):
            client.delete_result(replace(RESULT, sourced_id=f"r{student}", class_id=f"C{student}"))
