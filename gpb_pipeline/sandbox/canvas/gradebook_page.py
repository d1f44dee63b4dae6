"""A gradebook to type in, in place of the one that Canvas has: students by assignments, a form a cell.

    GET  /sandbox/gradebook          the courses
    GET  /sandbox/gradebook/C        the grades of one
    POST /sandbox/gradebook/C/A/U    score: a number, EX, or nothing

A cell is graded as a teacher grades it (grading.py). It is no part of Canvas's API and has no token.
"""

from dataclasses import replace
from importlib import resources
from math import isfinite
from urllib.parse import parse_qs

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gpb_pipeline.sandbox import grading
from gpb_pipeline.sandbox.canvas.access import not_found
from gpb_pipeline.sandbox.canvas.state import CanvasState
from gpb_pipeline.sandbox.district import Assignment, CourseContent, Person, Submission
from gpb_pipeline.sandbox.fields import BadChange

PAGE = resources.files("gpb_pipeline.sandbox.canvas") / "gradebook.html"
SEE_OTHER = 303


class GradebookPage:
    """The page and its forms, over the state that the API serves too."""

    def __init__(self, state: CanvasState) -> None:
        self._state = state
        self._template = jinja2.Environment(autoescape=True).from_string(PAGE.read_text("utf-8"))

    def routes(self) -> list[Route]:
        course = "/sandbox/gradebook/{course:int}"
        return [
            Route("/sandbox/gradebook", self.courses),
            Route(course, self.grades),
            Route(f"{course}/{{assignment:int}}/{{user:int}}", self.grade, methods=["POST"]),
        ]

    async def courses(self, request: Request) -> Response:
        return HTMLResponse(self._template.render(courses=self._state.courses()))

    async def grades(self, request: Request) -> Response:
        content = self._state.view(request.path_params["course"]).content
        assignments = sorted(content.assignments, key=lambda each: (each.group_id, each.position))
        rows = [
            (student, [(each, _shown(content, each, student)) for each in assignments])
            for student in _students(content)
        ]
        return HTMLResponse(self._template.render(course=content.course, assignments=assignments, rows=rows))

    async def grade(self, request: Request) -> Response:
        content = self._state.view(request.path_params["course"]).content
        assignment_id, user_id = request.path_params["assignment"], request.path_params["user"]
        assignment = next((each for each in content.assignments if each.id == assignment_id), None)
        if assignment is None or user_id not in content.people:
            raise not_found()
        form = parse_qs((await request.body()).decode(), keep_blank_values=True)
        typed = form.get("score", [""])[0].strip()
        key = (assignment_id, user_id)
        row = content.submissions.get(key) or Submission(*key)
        if typed != _shown_row(row):
            act, value = _act(typed)
            row = grading.acted(row, assignment, act, value, self._state.now())
            self._state.replace(replace(content, submissions={**content.submissions, key: row}))
        return RedirectResponse(
            f"/sandbox/gradebook/{content.course.id}#c{assignment_id}-{user_id}", SEE_OTHER
        )


def _students(content: CourseContent) -> list[Person]:
    ids = {
        each.user_id
        for each in content.enrollments
        if each.type == "StudentEnrollment" and each.state == "active"
    }
    return sorted((content.people[each] for each in ids), key=lambda each: (each.sortable_name, each.id))


def _shown(content: CourseContent, assignment: Assignment, student: Person) -> str:
    row = content.submissions.get((assignment.id, student.id))
    return "" if row is None else _shown_row(row)


def _shown_row(row: Submission) -> str:
    if row.excused:
        return "EX"
    return "" if row.score is None else f"{row.score:.12g}"


def _act(typed: str) -> tuple[str, float | bool | None]:
    """What to do for what was typed. Raises BadChange."""
    if typed.upper() == "EX":
        return "excused", True
    if not typed:
        return "score", None
    try:
        score = float(typed)
    except ValueError:
        raise BadChange("a score is a number, EX or nothing") from None
    if not isfinite(score):
        raise BadChange("a score is a number, EX or nothing")
    return "score", score
