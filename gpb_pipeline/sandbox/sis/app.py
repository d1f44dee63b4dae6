"""The sandbox SIS's endpoints in the dialect it was started with, over the rules of gradebook.py.

Every request needs a token; bodies are held against the project's schemas before anything is looked up.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gpb_pipeline.sandbox.district import District
from gpb_pipeline.sandbox.fields import BadChange, refuse_change
from gpb_pipeline.sandbox.sis import wire
from gpb_pipeline.sandbox.sis.control import ControlSurface
from gpb_pipeline.sandbox.sis.dialects import Dialect, ObjectName, Service
from gpb_pipeline.sandbox.sis.gradebook import Gradebook
from gpb_pipeline.sandbox.sis.listing import collection
from gpb_pipeline.sandbox.sis.refusals import Refusal, invalid, unknown
from gpb_pipeline.sandbox.sis.tokens import TokenDesk
from gpb_pipeline.sandbox.sis.wire import Payload, Writer
from gpb_pipeline.sandbox.sis.witness import Witness

IdMode = Literal["consumer", "provider"]
ItemsOf = Callable[[Request, Writer], Iterable[Payload]]


@dataclass(frozen=True)
class Shelf:
    """One kind of writable object: where it is held, how it is read, shown, accepted and removed."""

    name: ObjectName
    held: Callable[[], dict[str, Any]]
    read: Callable[[Payload, str], Any]
    show: Callable[[Writer, Any], Payload]
    accept: Callable[[Any], None]
    remove: Callable[[str], None]


def sis_app(
    district: District, dialect: Dialect, id_mode: IdMode, writes_file: Path | None
) -> tuple[Starlette, TokenDesk]:
    """The SIS of a district, and the desk that can expire its tokens."""
    gradebook, desk, witness = Gradebook(district.sis), TokenDesk(dialect), Witness(writes_file)
    api = OneRosterApi(district, gradebook, desk, witness, id_mode)
    control = ControlSurface(district.sis, gradebook, desk, witness)
    older = dialect.name == "oneroster-1.1"

    def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        return error.response(version_1p1=older)

    def missing(request: Request, error: Exception) -> Response:
        return unknown("path", request.url.path).response(version_1p1=older)

    app = Starlette(
        routes=api.routes() + control.routes(),
        exception_handlers={Refusal: refuse, BadChange: refuse_change, 404: missing},
    )
    return app, desk


class OneRosterApi:
    """Rostering to read, and line items, results and categories to read and write."""

    def __init__(
        self, district: District, gradebook: Gradebook, desk: TokenDesk, witness: Witness, id_mode: IdMode
    ) -> None:
        self._sis = district.sis
        self._gradebook = gradebook
        self._desk = desk
        self._witness = witness
        self._id_mode = id_mode
        self._dialect = desk.dialect

    def routes(self) -> list[Route]:
        shelves = [
            Shelf(
                "lineItem",
                lambda: self._gradebook.line_items,
                wire.line_item_from,
                Writer.line_item,
                self._gradebook.accept_line_item,
                self._gradebook.remove_line_item,
            ),
            Shelf(
                "result",
                lambda: self._gradebook.results,
                wire.result_from,
                Writer.result,
                self._gradebook.accept_result,
                self._gradebook.remove_result,
            ),
            Shelf(
                "category",
                lambda: self._gradebook.categories,
                wire.category_from,
                Writer.category,
                self._gradebook.accept_category,
                self._gradebook.remove_category,
            ),
        ]
        routes = [Route(self._dialect.token_path, self._desk.issue, methods=["POST"])]
        for shelf in shelves:
            plural = "categories" if shelf.name == "category" else f"{shelf.name}s"
            routes += self._shelf_routes(shelf, plural)
        return routes + self._class_gradebook_routes() + self._rostering_routes()

    def _shelf_routes(self, shelf: Shelf, plural: str) -> list[Route]:
        base = self._dialect.paths["gradebook"]

        def items(request: Request, writer: Writer) -> Iterable[Payload]:
            return (shelf.show(writer, each) for each in shelf.held().values())

        return [
            self._list("gradebook", f"/{plural}", plural, items),
            Route(f"{base}/{plural}/{{id}}", self._get(shelf)),
            Route(f"{base}/{plural}/{{id}}", self._put(shelf), methods=["PUT"]),
            Route(f"{base}/{plural}/{{id}}", self._delete(shelf), methods=["DELETE"]),
        ]

    def _class_gradebook_routes(self) -> list[Route]:
        routes = [
            self._list("gradebook", "/classes/{class}/lineItems", "lineItems", self._class_line_items),
            self._list("gradebook", "/classes/{class}/results", "results", self._class_results),
            self._list(
                "gradebook", "/classes/{class}/lineItems/{lineItem}/results", "results", self._class_results
            ),
            self._list(
                "gradebook", "/classes/{class}/students/{student}/results", "results", self._class_results
            ),
        ]
        if self._dialect.name == "oneroster-1.2":
            routes.append(
                self._list("gradebook", "/classes/{class}/categories", "categories", self._class_categories)
            )
        return routes

    def _rostering_routes(self) -> list[Route]:
        sis = self._sis

        def sessions_of(*types: str) -> ItemsOf:
            return lambda request, writer: (
                writer.session(each)
                for each in self._gradebook.sessions.values()
                if not types or each.type in types
            )

        def students(request: Request, writer: Writer) -> Iterable[Payload]:
            return (writer.student(each) for each in sis.students.values())

        def classes(request: Request, writer: Writer) -> Iterable[Payload]:
            return (writer.class_(each) for each in sis.classes.values())

        def schools(request: Request, writer: Writer) -> Iterable[Payload]:
            return (writer.school(),)

        collections: list[tuple[str, str, str, ItemsOf]] = [
            ("/schools", "orgs", "org", schools),
            ("/orgs", "orgs", "org", schools),
            ("/classes", "classes", "class", classes),
            ("/users", "users", "user", students),
            ("/students", "users", "user", students),
            ("/academicSessions", "academicSessions", "academicSession", sessions_of()),
            ("/terms", "academicSessions", "academicSession", sessions_of("term")),
            ("/gradingPeriods", "academicSessions", "academicSession", sessions_of("gradingPeriod")),
        ]
        routes = [
            self._list("rostering", "/classes/{class}/students", "users", self._class_students),
            self._list("rostering", "/enrollments", "enrollments", self._enrollments),
            self._list("rostering", "/terms/{term}/gradingPeriods", "academicSessions", self._term_periods),
        ]
        for path, plural, singular, items in collections:
            routes.append(self._list("rostering", path, plural, items))
            routes.append(self._one("rostering", path, singular, items))
        return routes

    def _writer(self, request: Request) -> Writer:
        return Writer(self._dialect, f"{request.url.scheme}://{request.url.netloc}", self._sis)

    def _list(self, service: Service, path: str, name: str, items: ItemsOf) -> Route:
        async def endpoint(request: Request) -> Response:
            self._desk.allow(request, service)
            return collection(request, name, list(items(request, self._writer(request))))

        return Route(self._dialect.paths[service] + path, endpoint)

    def _one(self, service: Service, path: str, name: str, items: ItemsOf) -> Route:
        async def endpoint(request: Request) -> Response:
            self._desk.allow(request, service)
            wanted = request.path_params["id"]
            for each in items(request, self._writer(request)):
                if each["sourcedId"] == wanted:
                    return JSONResponse({name: each})
            raise unknown(name, wanted)

        return Route(f"{self._dialect.paths[service]}{path}/{{id}}", endpoint)

    def _class_id(self, request: Request) -> str:
        class_id: str = request.path_params["class"]
        if class_id not in self._sis.classes:
            raise unknown("class", class_id)
        return class_id

    def _class_students(self, request: Request, writer: Writer) -> Iterable[Payload]:
        roster = self._gradebook.roster(self._class_id(request))
        return (writer.student(self._sis.students[each]) for each in sorted(roster))

    def _enrollments(self, request: Request, writer: Writer) -> Iterable[Payload]:
        return (
            writer.enrollment(class_id, student_id)
            for class_id in self._sis.classes
            for student_id in sorted(self._gradebook.roster(class_id))
        )

    def _term_periods(self, request: Request, writer: Writer) -> Iterable[Payload]:
        term_id = request.path_params["term"]
        sessions = self._gradebook.sessions
        if term_id not in sessions:
            raise unknown("term", term_id)
        return (writer.session(each) for each in sessions.values() if each.parent_id == term_id)

    def _class_line_items(self, request: Request, writer: Writer) -> Iterable[Payload]:
        class_id = self._class_id(request)
        items = self._gradebook.line_items.values()
        return (writer.line_item(each) for each in items if each.class_id == class_id)

    def _class_results(self, request: Request, writer: Writer) -> Iterable[Payload]:
        class_id = self._class_id(request)
        items = self._gradebook.line_items
        wanted_item = request.path_params.get("lineItem")
        wanted_student = request.path_params.get("student")
        if wanted_item is not None and wanted_item not in items:
            raise unknown("lineItem", wanted_item)
        return (
            writer.result(each)
            for each in self._gradebook.results.values()
            if items[each.line_item_id].class_id == class_id
            and wanted_item in (None, each.line_item_id)
            and wanted_student in (None, each.student_id)
        )

    def _class_categories(self, request: Request, writer: Writer) -> Iterable[Payload]:
        class_id = self._class_id(request)
        categories = self._gradebook.categories.values()
        return (writer.category(each) for each in categories if each.class_id in (None, class_id))

    def _get(self, shelf: Shelf) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            self._desk.allow(request, "gradebook")
            held = shelf.held().get(request.path_params["id"])
            if held is None:
                raise unknown(shelf.name, request.path_params["id"])
            return JSONResponse({shelf.name: shelf.show(self._writer(request), held)})

        return endpoint

    def _put(self, shelf: Shelf) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            token = self._desk.allow(request, "gradebook")
            named = request.path_params["id"]
            body = self._valid_body(shelf, await request.body(), named)
            known = named in shelf.held()
            provides = self._id_mode == "provider" and not known
            sourced_id = str(uuid4()) if provides else named
            record = shelf.read(body, sourced_id)
            shelf.accept(record)
            held = shelf.held()[sourced_id]
            self._witness.note("replace" if known else "create", shelf.name, sourced_id, held, token.label)
            status = 200 if known and self._dialect.name == "oneroster-1.1" else 201
            if self._id_mode == "consumer":
                return Response(status_code=status)
            return JSONResponse({shelf.name: shelf.show(self._writer(request), held)}, status)

        return endpoint

    def _valid_body(self, shelf: Shelf, raw: bytes, named: str) -> Payload:
        """The object in the body. Raises Refusal (400 for no JSON, 422 for what the schema forbids)."""
        try:
            body = json.loads(raw)
        except ValueError:
            raise Refusal(400, "invaliddata", "The body is no JSON") from None
        inner = body.get(shelf.name) if isinstance(body, dict) else None
        if self._id_mode == "provider" and isinstance(inner, dict):
            if named not in shelf.held() and "sourcedId" in inner:
                raise invalid("sourcedId is allocated by this system and cannot be supplied")
            inner.setdefault("sourcedId", named)
        error = next(self._dialect.validators[shelf.name].iter_errors(body), None)
        if error is not None:
            where = ".".join(str(each) for each in error.absolute_path) or "body"
            raise invalid(f"{where} breaks the schema's rule {error.validator}")
        payload: Payload = body[shelf.name]
        if payload["sourcedId"] != named:
            raise invalid("sourcedId differs from the one in the path")
        return payload

    def _delete(self, shelf: Shelf) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            token = self._desk.allow(request, "gradebook")
            sourced_id = request.path_params["id"]
            shelf.remove(sourced_id)
            self._witness.note("delete", shelf.name, sourced_id, None, token.label)
            return Response(status_code=204)

        return endpoint
