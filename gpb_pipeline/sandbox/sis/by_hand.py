"""What a person may do in the sandbox SIS by hand, over HTTP under /sandbox.

No rule bars it, and it is in no log of writes.
DELETE /sandbox/line_items/L                with its results, which `?results=left` leaves behind
PATCH  /sandbox/line_items/L                title, due_date, assign_date, category_id, result_value_max
DELETE /sandbox/results/R
PATCH  /sandbox/results/R                   score, score_status, student_id
PUT    /sandbox/classes/C                   a new class: title, code, roster_of (whose people it has)
PATCH  /sandbox/classes/C                   title, code
POST   /sandbox/rollover                    prefix of every class's new id; moves: what they hold too
PUT, DELETE /sandbox/rosters/CLASS/STUDENT  put a known student on a roster, take one off
PATCH  /sandbox/students/S                  identifier
PUT    /sandbox/grading_periods/P           a new one: title, start, end, parent_id
PATCH  /sandbox/grading_periods/P           title, start, end, closed
DELETE /sandbox/grading_periods/P           it is no longer listed
PATCH  /sandbox/categories/K                title, active, class_id
"""

from collections.abc import MutableMapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gpb_pipeline.sandbox import fields
from gpb_pipeline.sandbox.district import AcademicSession, SisClass, SisCourse
from gpb_pipeline.sandbox.sis.gradebook import Gradebook
from gpb_pipeline.sandbox.sis.records import LineItem, Result
from gpb_pipeline.sandbox.sis.refusals import unknown

T = TypeVar("T")
LINE_ITEM: dict[str, fields.Reader] = {
    "title": fields.text,
    "due_date": fields.or_null(fields.text),
    "assign_date": fields.text,
    "category_id": fields.text,
    "result_value_max": fields.or_null(fields.number),
}
RESULT: dict[str, fields.Reader] = {
    "score": fields.or_null(fields.number),
    "score_status": fields.text,
    "student_id": fields.text,
}
PERIOD: dict[str, fields.Reader] = {
    "title": fields.text,
    "start": fields.day,
    "end": fields.day,
    "parent_id": fields.or_null(fields.text),
}


class Hand:
    """The endpoints; each answers with nothing but a status."""

    def __init__(self, gradebook: Gradebook) -> None:
        self._gradebook = gradebook

    def routes(self) -> list[Route]:
        acts = {
            "line_items/{id}": {"DELETE": self.delete_line_item, "PATCH": self.change_line_item},
            "results/{id}": {"DELETE": self.delete_result, "PATCH": self.change_result},
            "classes/{id}": {"PUT": self.add_class, "PATCH": self.change_class},
            "rollover": {"POST": self.roll_over},
            "rosters/{class}/{id}": {"PUT": self.enroll, "DELETE": self.withdraw},
            "students/{id}": {"PATCH": self.change_student},
            "grading_periods/{id}": {
                "PUT": self.add_period,
                "PATCH": self.change_period,
                "DELETE": self.delete_period,
            },
            "categories/{id}": {"PATCH": self.change_category},
        }
        return [
            Route(f"/sandbox/{path}", _answered(act), methods=[method])
            for path, by_method in acts.items()
            for method, act in by_method.items()
        ]

    async def delete_line_item(self, request: Request) -> None:
        item = _found("lineItem", self._gradebook.line_items, request)
        with_results = request.query_params.get("results") != "left"
        self._gradebook.lose_line_item(item.sourced_id, with_results=with_results)

    async def change_line_item(self, request: Request) -> None:
        item: LineItem = _found("lineItem", self._gradebook.line_items, request)
        changed = await fields.changes(request, LINE_ITEM)
        self._gradebook.line_items[item.sourced_id] = replace(item, **changed, date_last_modified=_now())

    async def delete_result(self, request: Request) -> None:
        del self._gradebook.results[_found("result", self._gradebook.results, request).sourced_id]

    async def change_result(self, request: Request) -> None:
        result: Result = _found("result", self._gradebook.results, request)
        changed = await fields.changes(request, RESULT)
        self._gradebook.results[result.sourced_id] = replace(result, **changed, date_last_modified=_now())

    async def add_class(self, request: Request) -> None:
        readers = {"title": fields.text, "code": fields.text, "roster_of": fields.text}
        new = await fields.changes(request, readers)
        sourced_id = request.path_params["id"]
        like = self._gradebook.classes.get(new.get("roster_of", ""))
        title, code = new.get("title", sourced_id), new.get("code", sourced_id)
        self._gradebook.classes[sourced_id] = SisClass(
            sourced_id,
            title,
            code,
            like.course if like else SisCourse(f"COURSE-{sourced_id}", title, code),
            like.roster if like else frozenset(),
            like.teachers if like else frozenset(),
        )

    async def change_class(self, request: Request) -> None:
        await self._change("class", self._gradebook.classes, request, title=fields.text, code=fields.text)

    async def roll_over(self, request: Request) -> None:
        """A class's own categories go along in any case, so that the new class can be used."""
        asked = await fields.changes(request, {"prefix": fields.text, "moves": fields.flag})
        prefix, book = asked.get("prefix", "new-"), self._gradebook
        classes = [replace(each, sourced_id=prefix + key) for key, each in book.classes.items()]
        book.classes.clear()
        book.classes.update({each.sourced_id: each for each in classes})
        for key, category in book.categories.items():
            if category.class_id is not None:
                book.categories[key] = replace(category, class_id=prefix + category.class_id)
        if asked.get("moves", True):
            for key, item in list(book.line_items.items()):
                book.line_items[key] = replace(item, class_id=prefix + item.class_id)

    async def enroll(self, request: Request) -> None:
        student = _found("student", self._gradebook.students, request)
        record = _found("class", self._gradebook.classes, request, "class")
        roster = record.roster | {student.sourced_id}
        self._gradebook.classes[record.sourced_id] = replace(record, roster=roster)

    async def withdraw(self, request: Request) -> None:
        student = _found("student", self._gradebook.students, request)
        record = _found("class", self._gradebook.classes, request, "class")
        roster = record.roster - {student.sourced_id}
        self._gradebook.classes[record.sourced_id] = replace(record, roster=roster)

    async def change_student(self, request: Request) -> None:
        await self._change("student", self._gradebook.students, request, identifier=fields.text)

    async def add_period(self, request: Request) -> None:
        new = await fields.changes(request, PERIOD)
        if not {"title", "start", "end"} <= set(new):
            raise fields.BadChange("a new grading period needs: title, start, end")
        sourced_id = request.path_params["id"]
        session = AcademicSession(sourced_id=sourced_id, type="gradingPeriod", **new)
        self._gradebook.sessions[sourced_id] = session

    async def change_period(self, request: Request) -> None:
        await self._change("gradingPeriod", self._gradebook.sessions, request, **PERIOD, closed=fields.flag)

    async def delete_period(self, request: Request) -> None:
        del self._gradebook.sessions[_found("gradingPeriod", self._gradebook.sessions, request).sourced_id]

    async def change_category(self, request: Request) -> None:
        class_id = fields.or_null(fields.text)
        await self._change(
            "category",
            self._gradebook.categories,
            request,
            title=fields.text,
            active=fields.flag,
            class_id=class_id,
        )

    async def _change(
        self, name: str, held: MutableMapping[str, Any], request: Request, **readers: fields.Reader
    ) -> None:
        record = _found(name, held, request)
        held[record.sourced_id] = replace(record, **await fields.changes(request, readers))


def _answered(act: Any) -> Any:
    async def endpoint(request: Request) -> Response:
        await act(request)
        return Response(status_code=204)

    return endpoint


def _found(name: str, held: MutableMapping[str, Any], request: Request, named: str = "id") -> Any:
    """The record that the path names. Raises Refusal (404)."""
    record = held.get(request.path_params[named])
    if record is None:
        raise unknown(name, request.path_params[named])
    return record


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
