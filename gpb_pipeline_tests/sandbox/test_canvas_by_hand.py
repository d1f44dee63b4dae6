"""What a tester does in the Canvas by hand: SIS ids that move, and the gradebook page."""

import re
from typing import Any

import pytest
import requests

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.sandbox.clients import TIMEOUT, CanvasUser

ALGEBRA = 1001


def sis_ids(canvas: CanvasUser) -> dict[int, str | None]:
    path = f"/courses/{ALGEBRA}/enrollments?per_page=100&type[]=StudentEnrollment"
    return {each["user_id"]: each["sis_user_id"] for each in canvas.all(path)}


def test_two_students_ids_are_swapped_in_one_course_and_in_all(school: Sandbox, canvas: CanvasUser) -> None:
    before = sis_ids(canvas)
    (one, its), (other, others) = list(before.items())[:2]
    for user, sis_id in ((one, others), (other, its)):
        school.control("canvas", "PATCH", f"/courses/{ALGEBRA}/people/{user}", {"sis_id": sis_id})
    assert sis_ids(canvas) == before | {one: others, other: its}
    for user, sis_id in ((one, its), (other, None)):
        school.control("canvas", "PATCH", f"/people/{user}", {"sis_id": sis_id})
    assert sis_ids(canvas) == before | {other: None}


def test_a_sections_sis_id_is_taken_away_and_given_to_another(school: Sandbox, canvas: CanvasUser) -> None:
    first, second = canvas.all(f"/courses/{ALGEBRA}/sections?per_page=100")[:2]

    def give(section: dict[str, Any], sis_id: str | None) -> None:
        path = f"/courses/{ALGEBRA}/sections/{section['id']}"
        school.control("canvas", "PATCH", path, {"sis_id": sis_id})

    give(first, None)
    give(second, first["sis_section_id"])
    now = {each["id"]: each for each in canvas.all(f"/courses/{ALGEBRA}/sections?per_page=100")}
    assert now[first["id"]]["sis_section_id"] is None
    assert now[second["id"]]["sis_section_id"] == first["sis_section_id"]


class Page:
    """The gradebook page as a browser without scripts has it."""

    def __init__(self, school: Sandbox) -> None:
        self._base = school.canvas_url

    def text(self, path: str) -> str:
        answer = requests.get(self._base + path, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.text

    def save(self, cell: str, score: str) -> requests.Response:
        return requests.post(self._base + cell, {"score": score}, timeout=TIMEOUT)


def test_a_score_is_typed_and_saved(school: Sandbox, canvas: CanvasUser) -> None:
    page = Page(school)
    assert f'href="/sandbox/gradebook/{ALGEBRA}"' in page.text("/sandbox/gradebook")
    quiz = canvas.named(ALGEBRA, "assignments", "Unit 3 Quiz")["id"]
    cell = f"/sandbox/gradebook/{ALGEBRA}/{quiz}/2001"
    assert cell in page.text(f"/sandbox/gradebook/{ALGEBRA}")
    saved = page.save(cell, "12.5")
    assert re.search(rf'{cell}"><input name="score" value="12.5"', saved.text)
    row = canvas.row(ALGEBRA, quiz, 2001)
    assert (row["score"], row["workflow_state"]) == (12.5, "graded")
    page.save(cell, "EX")
    assert canvas.row(ALGEBRA, quiz, 2001)["excused"] is True
    page.save(cell, "")
    assert canvas.row(ALGEBRA, quiz, 2001)["score"] is None


def test_a_cell_saved_as_it_was_changes_nothing(school: Sandbox, canvas: CanvasUser) -> None:
    page = Page(school)
    quiz = canvas.named(ALGEBRA, "assignments", "Unit 3 Quiz")["id"]
    before = canvas.row(ALGEBRA, quiz, 2001)
    page.save(f"/sandbox/gradebook/{ALGEBRA}/{quiz}/2001", f"{before['score']:g}")
    assert canvas.row(ALGEBRA, quiz, 2001) == before


@pytest.mark.parametrize("typed", ["A+", "nan", "1e999"])
def test_what_is_no_score_is_refused(school: Sandbox, canvas: CanvasUser, typed: str) -> None:
    quiz = canvas.named(ALGEBRA, "assignments", "Unit 3 Quiz")["id"]
    answer = Page(school).save(f"/sandbox/gradebook/{ALGEBRA}/{quiz}/2001", typed)
    assert answer.status_code == 400
