"""The two servers from the outside: what a client relies on, and what the witness tells."""

import pytest
import requests

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.sandbox.clients import TIMEOUT, CanvasUser, SisClient
from gpb_pipeline_tests.sandbox.conftest import TODAY


def test_a_wrong_canvas_token_is_refused_in_canvas_words(school: Sandbox) -> None:
    answer = CanvasUser(school, "no such token").get("/courses/1001")
    assert answer.status_code == 401
    assert answer.json() == {"errors": [{"message": "Invalid access token."}]}


def test_pages_are_linked_by_opaque_bookmarks(canvas: CanvasUser) -> None:
    first = canvas.get("/courses/1001/students/submissions?student_ids[]=all&per_page=7")
    assert len(first.json()) == 7
    assert "page=bookmark" in first.links["next"]["url"]
    assert "last" not in first.links


def test_submissions_are_the_callers_own_unless_all_are_asked_for(canvas: CanvasUser) -> None:
    assert canvas.get("/courses/1001/students/submissions").json() == []


def test_overrides_come_only_when_asked_for(canvas: CanvasUser) -> None:
    paths = [f"/courses/{course}/assignments?per_page=100" for course in range(1001, 1007)]
    plain = [each for path in paths for each in canvas.all(path)]
    asked = [each for path in paths for each in canvas.all(path + "&include[]=overrides")]
    assert all("overrides" not in assignment for assignment in plain)
    assert any(assignment.get("overrides") for assignment in asked)


def test_the_sis_refuses_what_is_not_asked_with_a_token(school: Sandbox) -> None:
    answer = requests.get(f"{school.environment['SIS_BASE_URL']}/classes", timeout=TIMEOUT)
    assert answer.status_code == 401


def test_a_body_that_the_schema_forbids_is_refused_and_leaves_no_witness(
    school: Sandbox, sis: SisClient
) -> None:
    before = school.writes()
    answer = sis.put("/lineItems/li-1", {"lineItem": {"sourcedId": "li-1", "surprise": True}})
    assert 400 <= answer.status_code < 500
    assert school.writes() == before


@pytest.mark.parametrize("dialect", ["oneroster-1.1", "oneroster-1.2"])
def test_a_generated_district_is_the_same_each_time(dialect: str) -> None:
    def names() -> list[str]:
        with running_sandbox("courses=3,seed=7", dialect=dialect, today=TODAY) as running:  # type: ignore[arg-type]
            courses = CanvasUser(running).all("/accounts/self/courses?per_page=100")
            return [str(course["name"]) for course in courses]

    assert len(names()) == 3
    assert names() == names()
