"""What the SIS should hold, reckoned from what Canvas's own API says, by none of the pipeline's code.

Only for ordinary courses: every assignment is for everyone, with one due date, and its group a category.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.sandbox.clients import CanvasUser


class Cell(NamedTuple):
    """A student's cell in a class's gradebook."""

    class_id: str
    title: str
    student_id: str


class Grade(NamedTuple):
    score: float
    status: str


@dataclass(frozen=True)
class Course:
    """A course as Canvas shows it now: `grades` should be in the SIS, `hidden` are not to be seen yet."""

    classes: frozenset[str]
    grades: dict[Cell, Grade]
    hidden: frozenset[Cell]


def in_canvas(sandbox: Sandbox, course_id: str) -> Course:
    """Read a course; active students × assignments with Sync to SIS × their posted scores and excuses."""
    canvas = CanvasUser(sandbox)
    path = f"/courses/{course_id}"
    classes = {each["id"]: each["sis_section_id"] for each in canvas.all(f"{path}/sections?per_page=100")}
    titles = {
        each["id"]: each["name"]
        for each in canvas.all(f"{path}/assignments?per_page=100")
        if each["published"] and each["post_to_sis"]
    }
    rows = _rows(canvas, path)
    grades: dict[Cell, Grade] = {}
    hidden: set[Cell] = set()
    for each in canvas.all(f"{path}/enrollments?type[]=StudentEnrollment&state[]=active&per_page=100"):
        for row in rows.get(each["user_id"], []):
            title = titles.get(row["assignment_id"])
            if title is None or (row["score"] is None and not row["excused"]):
                continue
            cell = Cell(classes[each["course_section_id"]], title, each["user"]["sis_user_id"])
            if row["posted_at"] is None:
                hidden.add(cell)
            elif row["excused"]:
                grades[cell] = Grade(0.0, "exempt")
            else:
                grades[cell] = Grade(row["score"], "fully graded")
    return Course(frozenset(classes.values()), grades, frozenset(hidden))


def _rows(canvas: CanvasUser, path: str) -> dict[int, list[dict[str, Any]]]:
    rows: dict[int, list[dict[str, Any]]] = {}
    for each in canvas.all(f"{path}/students/submissions?student_ids[]=all&per_page=100"):
        rows.setdefault(each["user_id"], []).append(each)
    return rows


def in_sis(sandbox: Sandbox) -> dict[Cell, Grade]:
    """Read every active result that the SIS holds; no cell has two."""
    return {cell: Grade(each["score"], each["score_status"]) for cell, each in _results(sandbox)}


def result_ids(sandbox: Sandbox) -> dict[Cell, str]:
    """Read the sourcedId of every active result."""
    return {cell: each["sourced_id"] for cell, each in _results(sandbox)}


def _results(sandbox: Sandbox) -> Iterator[tuple[Cell, dict[str, Any]]]:
    state = sandbox.state()
    items = {each["sourced_id"]: each for each in state["line_items"]}
    seen: set[Cell] = set()
    for each in state["results"]:
        if each["status"] == "active":
            item = items[each["line_item_id"]]
            cell = Cell(item["class_id"], item["title"], each["student_id"])
            assert cell not in seen, "a grade is held twice"
            seen.add(cell)
            yield cell, each


def needless(writes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Find the writes that changed nothing: an object written as it was, and not deleted in between."""
    held: dict[str, dict[str, Any]] = {}
    found = []
    for write in writes:
        dated = ("date_last_modified", "score_date")
        values = {name: value for name, value in write["values"].items() if name not in dated}
        if write["kind"] != "delete" and held.get(write["sourced_id"]) == values:
            found.append(write)
        held[write["sourced_id"]] = values
    return found
