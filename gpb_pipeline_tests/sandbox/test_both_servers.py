"""The two servers from the outside: what a client relies on, and what the witness tells."""

from collections.abc import Iterator
from datetime import date

import pytest
import requests

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox

TODAY = date(2026, 11, 24)
TIMEOUT = 10


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(today=TODAY) as running:
        yield running


def canvas(sandbox: Sandbox, path: str, token: str | None = None) -> requests.Response:
    headers = {
        "Authorization": f"Bearer {token or sandbox.environment['CANVAS_API_TOKEN']}",
        "User-Agent": "gpb_pipeline tests",
    }
    return requests.get(f"{sandbox.canvas_url}/api/v1{path}", headers=headers, timeout=TIMEOUT)


def sis_session(sandbox: Sandbox) -> requests.Session:
    environment = sandbox.environment
    answer = requests.post(
        environment["SIS_TOKEN_URL"],
        auth=(environment["SIS_CLIENT_ID"], environment["SIS_CLIENT_SECRET"]),
        data={"grant_type": "client_credentials"},
        timeout=TIMEOUT,
    )
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return session


def test_a_wrong_canvas_token_is_refused_in_canvas_words(sandbox: Sandbox) -> None:
    answer = canvas(sandbox, "/courses/1001", token="no such token")
    assert answer.status_code == 401
    assert answer.json() == {"errors": [{"message": "Invalid access token."}]}


def test_pages_are_linked_by_opaque_bookmarks(sandbox: Sandbox) -> None:
    path = "/courses/1001/students/submissions?student_ids[]=all&per_page=7"
    first = canvas(sandbox, path)
    assert len(first.json()) == 7
    assert "page=bookmark" in first.links["next"]["url"]
    assert "last" not in first.links


def test_submissions_are_the_callers_own_unless_all_are_asked_for(sandbox: Sandbox) -> None:
    assert canvas(sandbox, "/courses/1001/students/submissions").json() == []


def test_overrides_come_only_when_asked_for(sandbox: Sandbox) -> None:
    courses = ["1001", "1002", "1003", "1004", "1005", "1006"]
    path = "/courses/{}/assignments?per_page=100"
    plain = [each for course in courses for each in canvas(sandbox, path.format(course)).json()]
    asked = [
        each
        for course in courses
        for each in canvas(sandbox, path.format(course) + "&include[]=overrides").json()
    ]
    assert all("overrides" not in assignment for assignment in plain)
    assert any(assignment.get("overrides") for assignment in asked)


def test_the_sis_refuses_what_is_not_asked_with_a_token(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.environment['SIS_BASE_URL']}/classes", timeout=TIMEOUT)
    assert answer.status_code == 401


def test_a_body_that_the_schema_forbids_is_refused_and_leaves_no_witness(sandbox: Sandbox) -> None:
    before = sandbox.writes()
    answer = sis_session(sandbox).put(
        f"{sandbox.environment['SIS_BASE_URL']}/lineItems/li-1",
        json={"lineItem": {"sourcedId": "li-1", "surprise": True}},
        timeout=TIMEOUT,
    )
    assert 400 <= answer.status_code < 500
    assert sandbox.writes() == before


@pytest.mark.parametrize("dialect", ["oneroster-1.1", "oneroster-1.2"])
def test_a_generated_district_is_the_same_each_time(dialect: str) -> None:
    def names() -> list[str]:
        with running_sandbox("courses=3,seed=7", dialect=dialect, today=TODAY) as running:  # type: ignore[arg-type]
            courses = canvas(running, "/accounts/self/courses?per_page=100").json()
            return [str(course["name"]) for course in courses]

    assert len(names()) == 3
    assert names() == names()
