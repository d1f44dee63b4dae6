"""The SIS's strictness: what it takes, what it refuses and in which words, and what the witness tells."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.sandbox.clients import TIMEOUT, SisClient

TODAY = date(2026, 11, 24)
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/"


def code_of(answer: requests.Response) -> str:
    field = answer.json()["imsx_CodeMinor"]["imsx_codeMinorField"][0]
    return str(field["imsx_codeMinorFieldValue"])


def test_a_put_creates_then_replaces_and_the_witness_saw_both(school: Sandbox, sis: SisClient) -> None:
    assert sis.put_line_item().status_code == 201
    assert sis.put_line_item(title="Unit 3 Quiz, curved").status_code == 200
    assert sis.put_result().status_code == 201
    assert sis.put_result(score=19.0).status_code == 200
    assert sis.delete("/results/r-1").status_code == 204
    told = [(each["sequence"], each["kind"], each["object"], each["sourced_id"]) for each in school.writes()]
    assert told == [
        (1, "create", "lineItem", "li-1"),
        (2, "replace", "lineItem", "li-1"),
        (3, "create", "result", "r-1"),
        (4, "replace", "result", "r-1"),
        (5, "delete", "result", "r-1"),
    ]
    assert [each["title"] for each in school.state()["line_items"]] == ["Unit 3 Quiz, curved"]
    assert school.state()["results"] == []


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"class": "class:NOWHERE"}, 404, "unknownobject"),
        ({"category": "category:NOTHING"}, 404, "unknownobject"),
        ({"category": "category:CAT-MAPS-HIST9-1"}, 422, "invaliddata"),
        ({"title": "x" * 51}, 422, "invaliddata"),
        ({"dueDate": "2026-10-01T12:00:00.000Z", "gradingPeriod": None}, 422, "invaliddata"),
        ({"dueDate": "2026-10-01T12:00:00.000Z"}, 422, "invaliddata"),
        ({"dueDate": "2020-01-01T12:00:00.000Z", "gradingPeriod": None}, 422, "invaliddata"),
        ({"dueDate": None}, 422, "invaliddata"),
        ({"resultValueMin": "0"}, 422, "invaliddata"),
        ({"sourcedId": "another"}, 422, "invaliddata"),
        ({"surprise": 1}, 422, "invaliddata"),
    ],
)
def test_a_line_item_that_breaks_a_rule_is_refused(
    school: Sandbox, sis: SisClient, changed: dict[str, Any], status: int, code: str
) -> None:
    given = {name: _ref(sis, value) for name, value in changed.items()}
    answer = sis.put_line_item(**given)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert school.writes() == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"student": "user:S9999"}, 404),
        ({"student": "user:S2020"}, 422),
        ({"lineItem": "lineItem:none"}, 404),
        ({"score": -1.0}, 422),
        ({"score": None}, 422),
        ({"comment": ""}, 422),
        ({"scoreDate": "2026-11-18T00:00:00Z"}, 422),
    ],
)
def test_a_result_that_breaks_a_rule_is_refused(sis: SisClient, changed: dict[str, Any], status: int) -> None:
    sis.put_line_item()
    given = {name: _ref(sis, value) for name, value in changed.items()}
    assert sis.put_result(**given).status_code == status


def _ref(sis: SisClient, value: Any) -> Any:
    if isinstance(value, str) and ":" in value and value.partition(":")[0].isalpha():
        return sis.ref(*value.split(":"))
    return value


def test_a_period_closed_since_takes_no_more_results(school: Sandbox, sis: SisClient) -> None:
    sis.put_line_item()
    school.control("sis", "PATCH", "/grading_periods/MP2", {"closed": True})
    answer = sis.put_result()
    assert answer.status_code == 422
    assert "closed" in answer.json()["imsx_description"]


def test_a_student_taken_off_the_roster_is_refused_and_listed_no_more(
    school: Sandbox, sis: SisClient
) -> None:
    sis.put_line_item()
    school.control("sis", "DELETE", "/rosters/ALG1-1/S2001")
    listed = {each["sourcedId"] for each in sis.roster("/classes/ALG1-1/students").json()["users"]}
    assert "S2001" not in listed
    assert sis.put_result().status_code == 422


def test_deleting_what_is_not_there_is_not_found(sis: SisClient) -> None:
    answer = sis.delete("/results/none")
    assert (answer.status_code, code_of(answer)) == (404, "unknownobject")


def test_collections_come_in_pages_with_their_whole_count(sis: SisClient) -> None:
    pages = [sis.roster(f"/students?limit=20&offset={offset}") for offset in (0, 20, 40)]
    assert {each.headers["X-Total-Count"] for each in pages} == {"50"}
    ids = [user["sourcedId"] for page in pages for user in page.json()["users"]]
    assert len(set(ids)) == 50


def test_filters_compare_fields_joined_by_and(sis: SisClient) -> None:
    path = "/categories?filter=title='Essays' AND metadata.classId='HIST9-1'"
    [category] = sis.read(path).json()["categories"]
    assert category["sourcedId"] == "CAT-ESSAY-HIST9-1"
    assert [each["sourcedId"] for each in sis.roster("/users?filter=identifier='2001'").json()["users"]] == [
        "S2001"
    ]
    assert sis.read("/categories?filter=title like 'Essays'").status_code == 400


def test_results_are_read_back_by_class_and_by_line_item(sis: SisClient) -> None:
    sis.put_line_item()
    sis.put_result()
    for path in ("/classes/ALG1-1/results", "/classes/ALG1-1/lineItems/li-1/results"):
        [result] = sis.read(path).json()["results"]
        assert (result["sourcedId"], result["score"]) == ("r-1", 17.5)
    assert sis.read("/classes/ALG1-2/results").json() == {"results": []}


def test_several_tokens_live_at_once_and_an_ended_one_is_refused(school: Sandbox, sis: SisClient) -> None:
    SisClient(school)
    assert sis.read("/categories").status_code == 200
    school.control("sis", "DELETE", "/tokens")
    assert sis.read("/categories").status_code == 401


def test_a_token_of_1_1_needs_no_scope_and_the_secret_must_be_right(school: Sandbox) -> None:
    environment = school.environment
    url, user = environment["SIS_TOKEN_URL"], environment["SIS_CLIENT_ID"]
    form = {"grant_type": "client_credentials"}
    assert requests.post(url, form, auth=(user, "wrong"), timeout=TIMEOUT).status_code == 401
    scoped = requests.post(
        url, form | {"scope": "x"}, auth=(user, environment["SIS_CLIENT_SECRET"]), timeout=TIMEOUT
    )
    assert (scoped.status_code, scoped.json()["scope"]) == (200, "x")


def test_accepted_writes_are_also_lines_of_a_file(tmp_path: Path) -> None:
    with running_sandbox("school", tmp_path, today=TODAY) as running:
        SisClient(running).put_line_item()
        lines = (tmp_path / "writes.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == running.writes()


def test_1_2_wants_a_school_texts_for_flags_and_a_scope() -> None:
    with running_sandbox(dialect="oneroster-1.2", today=TODAY) as running:
        sis = SisClient(running)
        assert sis.put_line_item(school=None).status_code == 422
        assert sis.put_line_item().status_code == 201
        assert sis.put_line_item().status_code == 201
        assert sis.put_result(late=True).status_code == 422
        assert sis.put_result(late="true", score=None, scoreStatus="exempt").status_code == 201
        [result] = sis.read("/classes/ALG1-1/results").json()["results"]
        assert result["late"] == "true"
        assert "score" not in result
        reader = SisClient(running, scope=SCOPE + "gradebook.readonly")
        assert reader.read("/categories").status_code == 200
        assert reader.roster("/classes").status_code == 403
        assert reader.put_line_item("li-2").status_code == 403
        core = SisClient(running, scope=SCOPE + "roster-core.readonly")
        assert core.roster("/classes/ALG1-1").status_code == 200
        assert core.roster("/classes/ALG1-1/students").status_code == 403


def test_a_providing_sis_gives_its_own_ids_and_a_blind_repeat_makes_a_second_item() -> None:
    with running_sandbox(id_mode="provider", today=TODAY) as running:
        sis = SisClient(running)
        body = {"lineItem": sis.line_item(None)}
        named = sis.put("/lineItems/ours", {"lineItem": sis.line_item("ours")})
        assert (named.status_code, code_of(named)) == (404, "unknownobject")
        assert "ours" in named.json()["imsx_description"]
        first = sis.put("/lineItems/ours", body)
        assert first.status_code == 201
        allocated = first.json()["lineItem"]["sourcedId"]
        assert allocated != "ours"
        again = sis.put(f"/lineItems/{allocated}", body)
        assert (again.status_code, again.json()["lineItem"]["sourcedId"]) == (200, allocated)
        sis.put("/lineItems/ours", body)
        assert [each["kind"] for each in running.writes()] == ["create", "replace", "create"]
        assert len(running.state()["line_items"]) == 2


def test_a_sis_with_ids_of_its_own_is_matched_by_class_code_and_identifier() -> None:
    with running_sandbox(sis_ids="own", today=TODAY) as running:
        assert running.environment["SIS_CLASS_MATCH"] == "identifier"
        sis = SisClient(running)
        [found] = sis.roster("/classes?filter=classCode='ALG1-1'").json()["classes"]
        students = sis.roster(f"/classes/{found['sourcedId']}/students").json()["users"]
        student = next(each for each in students if each["identifier"] == "S2001")
        moved: dict[str, Any] = {"class": sis.ref("class", found["sourcedId"])}
        item = sis.put_line_item(**moved)
        result = sis.put_result(student=sis.ref("user", student["sourcedId"]))
        assert (item.status_code, result.status_code) == (201, 201)
        assert sis.put_result("r-2", student=sis.ref("user", "S2001")).status_code == 404
