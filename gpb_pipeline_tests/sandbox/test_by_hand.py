"""What a person does in the SIS by hand: seen by its clients, and in no log of writes."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.sandbox.clients import SisClient

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def running_own() -> Iterator[Sandbox]:
    with running_sandbox(sis_ids="own", today=TODAY) as running:
        yield running


@pytest.fixture
def own(running_own: Sandbox) -> Sandbox:
    """A SIS with ids of its own."""
    running_own.reset()
    return running_own


@pytest.fixture
def book(school: Sandbox, sis: SisClient) -> SisClient:
    """A gradebook with one line item and one result."""
    sis.put_line_item()
    sis.put_result()
    return sis


def test_a_line_item_is_deleted_with_its_results(school: Sandbox, book: SisClient) -> None:
    school.control("sis", "DELETE", "/line_items/li-1")
    assert school.state() == {"line_items": [], "results": []}
    assert book.put_result().status_code == 404
    assert len(school.writes()) == 2


def test_or_its_results_are_left_dangling(school: Sandbox, book: SisClient) -> None:
    school.control("sis", "DELETE", "/line_items/li-1?results=left")
    [result] = book.read("/classes/ALG1-1/results").json()["results"]
    assert result["lineItem"]["sourcedId"] == "li-1"
    assert book.read("/lineItems/li-1").status_code == 404
    assert book.put_result().status_code == 404
    assert book.delete("/results/r-1").status_code == 204


def test_a_result_is_deleted(school: Sandbox, book: SisClient) -> None:
    school.control("sis", "DELETE", "/results/r-1")
    assert book.read("/results/r-1").status_code == 404
    assert len(school.state()["line_items"]) == 1


def test_a_line_item_and_a_result_are_edited(school: Sandbox, book: SisClient) -> None:
    school.control("sis", "PATCH", "/line_items/li-1", {"title": "Mine", "due_date": "2026-11-18"})
    school.control("sis", "PATCH", "/results/r-1", {"score": None, "student_id": "S2002"})
    item = book.read("/lineItems/li-1").json()["lineItem"]
    result = book.read("/results/r-1").json()["result"]
    assert (item["title"], item["dueDate"]) == ("Mine", "2026-11-18")
    assert result["student"]["sourcedId"] == "S2002"
    assert "score" not in result
    assert len(school.writes()) == 2


def test_a_section_gets_another_class(own: Sandbox) -> None:
    sis = SisClient(own)
    own.control("sis", "PATCH", "/classes/own-ALG1-1", {"code": "LAST-YEAR"})
    new = {"title": "Algebra I", "code": "ALG1-1", "roster_of": "own-ALG1-1"}
    own.control("sis", "PUT", "/classes/fresh", new)
    [found] = sis.roster("/classes?filter=classCode='ALG1-1'").json()["classes"]
    assert found["sourcedId"] == "fresh"
    assert len(sis.roster("/classes/fresh/students").json()["users"]) > 0
    moved: dict[str, Any] = {"class": sis.ref("class", "fresh")}
    assert sis.put_line_item(**moved).status_code == 201


def test_another_student_has_the_identifier(own: Sandbox) -> None:
    for student, identifier in (("own-S2001", "S2002"), ("own-S2002", "S2001")):
        own.control("sis", "PATCH", f"/students/{student}", {"identifier": identifier})
    [found] = SisClient(own).roster("/users?filter=identifier='S2001'").json()["users"]
    assert found["sourcedId"] == "own-S2002"


@pytest.mark.parametrize("moves", [True, False])
def test_every_class_has_a_new_id_after_rollover(school: Sandbox, book: SisClient, *, moves: bool) -> None:
    school.control("sis", "POST", "/rollover", {"prefix": "2027-", "moves": moves})
    assert book.roster("/classes/ALG1-1").status_code == 404
    assert book.read("/classes/ALG1-1/lineItems").status_code == 404
    items = book.read("/classes/2027-ALG1-1/lineItems").json()["lineItems"]
    results = book.read("/classes/2027-ALG1-1/results").json()["results"]
    assert (len(items), len(results)) == ((1, 1) if moves else (0, 0))
    assert len(book.read("/lineItems").json()["lineItems"]) == 1
    assert book.put_line_item("li-2").status_code == 404
    assert book.put_result(score=1.0).status_code == (200 if moves else 404)


def test_a_grading_period_is_closed_and_no_longer_listed(school: Sandbox, book: SisClient) -> None:
    school.control("sis", "PATCH", "/grading_periods/MP2", {"closed": True})
    assert book.put_result().status_code == 422
    school.control("sis", "PATCH", "/grading_periods/MP2", {"closed": False})
    school.control("sis", "DELETE", "/grading_periods/MP2")
    assert book.put_result().status_code == 422
    assert book.put_line_item("li-2").status_code == 404
    new = {"title": "Quarter 2", "start": "2026-11-01", "end": "2027-01-30"}
    school.control("sis", "PUT", "/grading_periods/MP2", new)
    assert book.put_result().status_code == 200


def test_a_category_is_renamed(school: Sandbox, sis: SisClient) -> None:
    school.control("sis", "PATCH", "/categories/CAT-QUIZ", {"title": "Quizzes & tests"})
    assert sis.read("/categories/CAT-QUIZ").json()["category"]["title"] == "Quizzes & tests"
