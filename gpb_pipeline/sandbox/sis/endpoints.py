"""What every endpoint of the sandbox SIS does first, and the two kinds that both services have.

They are a list and one object of it. What is in a list is said by gradebook_api.py and rostering_api.py.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gpb_pipeline.sandbox.sis.by_school import as_of_school, is_by_school
from gpb_pipeline.sandbox.sis.dialects import Service
from gpb_pipeline.sandbox.sis.gradebook import Gradebook
from gpb_pipeline.sandbox.sis.listing import collection
from gpb_pipeline.sandbox.sis.mood import Mood
from gpb_pipeline.sandbox.sis.refusals import Json, unknown
from gpb_pipeline.sandbox.sis.selection import with_fields
from gpb_pipeline.sandbox.sis.tokens import Token, TokenDesk
from gpb_pipeline.sandbox.sis.wire import Payload, Writer

ItemsOf = Callable[[Request, Writer], Iterable[Payload]]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Endpoints:
    """Makes the routes of one service."""

    service: Service
    gradebook: Gradebook
    desk: TokenDesk
    mood: Mood

    @property
    def base(self) -> str:
        return self.desk.dialect.paths[self.service]

    def enter(self, request: Request) -> Token:
        """The token of a request that may go on. Raises Refusal."""
        token = self.desk.allow(request, self.service)
        self.mood.admit(request)
        return token

    def writer(self, request: Request) -> Writer:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        switches = self.mood.switches
        late = is_by_school(request) and "late" in switches.school_lists
        sis = self.gradebook.given if late else self.gradebook.sis
        return Writer(self.desk.dialect, origin, sis, switches)

    def list(self, path: str, name: str, items: ItemsOf) -> Route:
        async def endpoint(request: Request) -> Response:
            self.enter(request)
            writer = self.writer(request)
            rows: Sequence[Payload] = list(items(request, writer))
            if is_by_school(request):
                rows = as_of_school(name, rows, writer)
            return collection(request, name, rows, self.mood)

        return Route(self.base + path, endpoint)

    def one(self, path: str, name: str, items: ItemsOf) -> Route:
        async def endpoint(request: Request) -> Response:
            self.enter(request)
            return self.found(request, name, items(request, self.writer(request)))

        return Route(f"{self.base}{path}/{{id}}", endpoint)

    def found(self, request: Request, name: str, items: Iterable[Payload]) -> Response:
        """The item that the path names. Raises Refusal (404)."""
        wanted = request.path_params["id"]
        spellings = (wanted, wanted.upper()) if self.mood.switches.capital_ids else (wanted,)
        for each in items:
            if each.get("sourcedId") in spellings:
                [selected] = with_fields([each], request.query_params.getlist("fields"))
                return Json({name: selected})
        raise unknown(name, wanted)

    def class_id(self, request: Request) -> str:
        """The class of the path. Raises Refusal (404)."""
        class_id: str = request.path_params["class"]
        if class_id not in self.gradebook.classes:
            raise unknown("class", class_id)
        return class_id
