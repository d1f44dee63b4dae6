"""What Canvas has and what the SIS holds, each as its own API says it, by none of the pipeline's code.

Assignments are known by Canvas's id; line items by their titles, of which no two assignments ever have one.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gpb_pipeline.sandbox.serve import TIME_ZONE, Sandbox
from gpb_pipeline_tests.sandbox.clients import CanvasUser


class Cell(NamedTuple):
    """A student's cell in a class's gradebook."""

    class_id: str
    assignment_id: str
    student_id: str


class Grade(NamedTuple):
    score: float
    status: str


class Column(NamedTuple):
    """What a column says of its assignment."""

    title: str
    due_on: date
    points: float


Place = tuple[str, str]  # a class and an assignment
Names = dict[str, str]  # the assignment of each title that any has had


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """A course as Canvas shows it: `grades` should be in the SIS; `cleared` says that a cell is empty."""

    names: Names
    columns: dict[Place, Column]
    grades: dict[Cell, Grade]
    hidden: frozenset[Cell]
    cleared: frozenset[Cell]


def in_canvas(sandbox: Sandbox, course_id: str) -> Canvas:
    """Read the course: what is published with *Sync to SIS*, its active students and their submissions."""
    canvas, path = CanvasUser(sandbox), f"/courses/{course_id}"
    classes = {each["id"]: each["sis_section_id"] for each in canvas.all(f"{path}/sections?per_page=100")}
    every = canvas.all(f"{path}/assignments?per_page=100")
    names = {each["name"]: str(each["id"]) for each in every}
    assignments = {str(each["id"]): each for each in every if each["published"] and each["post_to_sis"]}
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in canvas.all(f"{path}/students/submissions?student_ids[]=all&per_page=100"):
        rows.setdefault(row["user_id"], []).append(row)
    grades: dict[Cell, Grade] = {}
    hidden, cleared = set(), set()
    for each in canvas.all(f"{path}/enrollments?type[]=StudentEnrollment&state[]=active&per_page=100"):
        for row in rows.get(each["user_id"], []):
            assignment_id = str(row["assignment_id"])
            if assignment_id not in assignments:
                continue
            cell = Cell(classes[each["course_section_id"]], assignment_id, each["user"]["sis_user_id"])
            if row["score"] is None and not row["excused"]:
                cleared.add(cell)
            elif row["posted_at"] is None:
                hidden.add(cell)
            else:
                grades[cell] = Grade(0.0, "exempt") if row["excused"] else Grade(row["score"], "fully graded")
    columns = {
        (class_id, key): _column(each) for class_id in classes.values() for key, each in assignments.items()
    }
    return Canvas(
        names=names,
        columns=columns,
        grades=grades,
        hidden=frozenset(hidden),
        cleared=frozenset(cleared),
    )


def _column(assignment: dict[str, Any]) -> Column:
    due = datetime.fromisoformat(assignment["due_at"]).astimezone(ZoneInfo(TIME_ZONE))
    return Column(assignment["name"].strip(), due.date(), assignment["points_possible"])


@dataclass(frozen=True)
class Sis:
    """What the SIS holds now, by place and cell; `doubled` says what it holds twice."""

    columns: dict[Place, Column]
    grades: dict[Cell, Grade]
    doubled: frozenset[Place | Cell]


def in_sis(sandbox: Sandbox, names: Names) -> Sis:
    state = sandbox.state()
    items = {each["sourced_id"]: each for each in _active(state["line_items"])}
    columns = [(place_of(each, names), column_of(each)) for each in items.values()]
    grades = [
        (cell_of(each, items[each["line_item_id"]], names), Grade(each["score"], each["score_status"]))
        for each in _active(state["results"])
    ]
    counts = Counter[Place | Cell]([place for place, _ in columns] + [cell for cell, _ in grades])
    return Sis(dict(columns), dict(grades), frozenset(each for each, n in counts.items() if n > 1))


def _active(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in rows if each["status"] == "active"]


def place_of(item: dict[str, Any], names: Names) -> Place:
    """The class, by the id that Canvas has for it, and the assignment of a line item."""
    return shared(item["class_id"]), names[item["title"]]


def cell_of(result: dict[str, Any], item: dict[str, Any], names: Names) -> Cell:
    return Cell(*place_of(item, names), shared(result["student_id"]))


def column_of(item: dict[str, Any]) -> Column:
    return Column(item["title"], date.fromisoformat(item["due_date"][:10]), item["result_value_max"])


def shared(sourced_id: str) -> str:
    """Canvas's id, of a SIS that has its own (sandbox/sis_side.py)."""
    return sourced_id.removeprefix("own-")
