"""The gradebook service: line items, results and categories, to read and to write by PUT and DELETE.

Bodies are held against the project's schemas before anything is looked up; by which rules they are taken is
gradebook.py's, how they are kept keeping.py's.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from gpb_pipeline.sandbox.district import Category
from gpb_pipeline.sandbox.sis.bodies import json_object, valid
from gpb_pipeline.sandbox.sis.endpoints import Endpoint, Endpoints
from gpb_pipeline.sandbox.sis.kinds import Kind, kinds_of
from gpb_pipeline.sandbox.sis.records import LineItem, Result
from gpb_pipeline.sandbox.sis.refusals import Json, invalid, unknown
from gpb_pipeline.sandbox.sis.strangers import stranger_line_items, stranger_results
from gpb_pipeline.sandbox.sis.wire import Payload, Writer
from gpb_pipeline.sandbox.sis.witness import Witness

IdMode = Literal["consumer", "provider"]
PAGE = "<!doctype html><title>SchoolTool</title><p>The gradebook is down for maintenance.</p>"


@dataclass(frozen=True)
class GradebookApi:
    """The endpoints; every write that is accepted is noted with the witness."""

    endpoints: Endpoints
    witness: Witness
    id_mode: IdMode
    zone: ZoneInfo

    def routes(self) -> list[Route]:
        kinds = kinds_of(self.endpoints.gradebook, self.endpoints.mood, self.zone)
        routes = [each for kind in kinds for each in self._kind_routes(kind)]
        of_class = self.endpoints.list
        routes += [
            of_class("/classes/{class}/lineItems", "lineItems", self._class_line_items),
            of_class("/classes/{class}/results", "results", self._class_results),
            of_class("/classes/{class}/lineItems/{lineItem}/results", "results", self._class_results),
            of_class("/classes/{class}/students/{student}/results", "results", self._class_results),
        ]
        if self.endpoints.desk.dialect.name == "oneroster-1.2":
            routes += [
                of_class("/classes/{class}/categories", "categories", self._class_categories),
                of_class("/classes/{class}/scoreScales", "scoreScales", self._class_score_scales),
                of_class("/schools/{school}/scoreScales", "scoreScales", _score_scales),
                of_class("/scoreScales", "scoreScales", _score_scales),
                self.endpoints.one("/scoreScales", "scoreScale", _score_scales),
            ]
        return routes

    def _kind_routes(self, kind: Kind) -> list[Route]:
        path = f"{self.endpoints.base}/{kind.plural}/{{id}}"
        return [
            self.endpoints.list(f"/{kind.plural}", kind.plural, self._all_of(kind)),
            Route(path, self._get(kind)),
            Route(path, self._put(kind), methods=["PUT"]),
            Route(path, self._delete(kind), methods=["DELETE"]),
        ]

    def _all_of(self, kind: Kind) -> Callable[[Request, Writer], Iterable[Payload]]:
        def items(request: Request, writer: Writer) -> Iterable[Payload]:
            for each in kind.listed().values():
                if not (isinstance(each, Category) and each.class_id and writer.switches.class_categories):
                    yield kind.show(writer, each)
            yield from kind.others(writer)

        return items

    def _class_line_items(self, request: Request, writer: Writer) -> Iterable[Payload]:
        class_id = self.endpoints.class_id(request)
        items = self.endpoints.gradebook.line_items.listed().values()
        yield from (writer.line_item(each) for each in items if each.class_id == class_id)
        yield from stranger_line_items(writer, class_id)

    def _class_results(self, request: Request, writer: Writer) -> Iterable[Payload]:
        book, class_id = self.endpoints.gradebook, self.endpoints.class_id(request)
        wanted_item = request.path_params.get("lineItem")
        wanted_student = request.path_params.get("student")
        if wanted_item is not None and wanted_item not in book.line_items:
            raise unknown("lineItem", wanted_item)
        for each in book.results.listed().values():
            if (
                book.class_of(each.line_item_id) == class_id
                and wanted_item in (None, each.line_item_id)
                and wanted_student in (None, each.student_id)
            ):
                yield writer.result(each)
        if wanted_item is None and wanted_student is None:
            yield from stranger_results(writer, class_id)

    def _class_categories(self, request: Request, writer: Writer) -> Iterable[Payload]:
        class_id = self.endpoints.class_id(request)
        for each in writer.sis.categories.values():
            if each.class_id in (None, class_id):
                own = writer.switches.class_categories
                yield writer.category(replace(each, class_id=None) if own else each)

    def _class_score_scales(self, request: Request, writer: Writer) -> Iterable[Payload]:
        return (writer.score_scale(writer.sis.classes[self.endpoints.class_id(request)]),)

    def _get(self, kind: Kind) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            self.endpoints.enter(request)
            self.endpoints.mood.admit_by_id(kind.name, request.path_params["id"])
            writer = self.endpoints.writer(request)
            shown = kind.listed() if writer.switches.late_by_id else kind.held
            record = shown.get(request.path_params["id"])
            own = [kind.show(writer, record)] if record is not None else []
            return self.endpoints.found(request, kind.name, own or kind.others(writer))

        return endpoint

    def _put(self, kind: Kind) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            token, mood = self.endpoints.enter(request), self.endpoints.mood
            named = request.path_params["id"]
            mood.admit_put(kind.name, named)
            if mood.answers_with_a_page:
                return HTMLResponse(PAGE)
            body = self._valid_body(kind, await request.body(), named)
            known = named in kind.held
            provides = self.id_mode == "provider" and not known
            sourced_id = str(uuid4()) if provides else named
            record = kind.read(body, sourced_id)
            mood.admit_write(*self._whom(record))
            judged = kind.judged(record)
            if not (known and mood.keeps_old(kind.name)):
                kind.held[sourced_id] = kind.kept(judged)
            stored = kind.held[sourced_id]
            mood.accepted()
            done: Literal["create", "replace"] = "replace" if known else "create"
            self.witness.note(done, kind.name, sourced_id, token.label, judged, stored)
            status = 200 if known and self.endpoints.desk.dialect.name == "oneroster-1.1" else 201
            if self.id_mode == "consumer":
                return Response(status_code=status)
            return Json({kind.name: kind.show(self.endpoints.writer(request), stored)}, status)

        return endpoint

    def _whom(self, record: LineItem | Result | Category | None) -> tuple[str | None, str | None]:
        """The class and the student that a write is about."""
        if isinstance(record, Result):
            item = self.endpoints.gradebook.line_items.get(record.line_item_id)
            return (item.class_id if item else None), record.student_id
        return (record.class_id if record else None), None

    def _valid_body(self, kind: Kind, raw: bytes, named: str) -> Payload:
        """The object in the body. Raises Refusal."""
        body = json_object(raw)
        inner = body.get(kind.name)
        if self.id_mode == "provider" and isinstance(inner, dict):
            if named not in kind.held and "sourcedId" in inner:
                self._refuse_unknown(kind, named)
            inner.setdefault("sourcedId", named)
        payload = valid(body, kind.name, self.endpoints.desk.dialect.validators[kind.name])
        if payload["sourcedId"] != named:
            raise invalid("sourcedId differs from the one in the path")
        return payload

    def _refuse_unknown(self, kind: Kind, named: str) -> None:
        """A SIS that gives the ids knows no other; who names one means an object that is not there."""
        if self.endpoints.mood.switches.unknown_id == "422":
            raise invalid("sourcedId is allocated by this system and cannot be supplied")
        raise unknown(kind.name, named)

    def _delete(self, kind: Kind) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            token = self.endpoints.enter(request)
            sourced_id = request.path_params["id"]
            self.endpoints.mood.admit_write(*self._whom(kind.held.get(sourced_id)))
            kind.remove(sourced_id)
            self.endpoints.mood.accepted()
            self.witness.note("delete", kind.name, sourced_id, token.label)
            return Response(status_code=204)

        return endpoint


def _score_scales(request: Request, writer: Writer) -> Iterable[Payload]:
    if request.path_params.get("school") not in (None, writer.sis.school_id):
        raise unknown("school", request.path_params["school"])
    return (writer.score_scale(each) for each in writer.sis.classes.values())
