"""A small OneRoster server that does as it is told: collections to page through, faults to meet, a log.

It judges nothing: the strict SIS is the sandbox's. This one is for what goes wrong on a wire.
"""

import base64
import json
import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

BASE = "/ims/oneroster/v1p1"
FORM = {"client_id": ["key"], "client_secret": ["sécret"]}
BASIC = "Basic " + base64.b64encode("key:sécret".encode()).decode()


class CutShort(Response):
    """A connection that ends in the middle of the answer: whoever asked cannot know what was done."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass
class OneRosterServer:
    """What it holds and how it behaves; everything may be changed between two requests."""

    collections: dict[str, tuple[str, list[dict[str, Any]]]] = field(default_factory=dict)
    faults: deque[Response | None] = field(default_factory=deque)  # one a request, after it was stored
    token_faults: deque[Response] = field(default_factory=deque)
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    token_forms: list[dict[str, list[str]]] = field(default_factory=list)
    live_token: str | None = None
    token_auth: str = "basic"
    token_life: object = None  # expires_in
    rule: Callable[[Seen], Response | None] = lambda _: None  # answers instead, before anything is stored
    reorder: Callable[[list[dict[str, Any]], int], list[dict[str, Any]]] = lambda rows, _: rows  # by nth page
    pages: int = 0
    counts: bool = True
    ends_with: Response | None = None  # instead of an empty list
    page_max: int = 1000
    knows_offset: bool = True
    allocates: bool = False
    deletes: bool = True

    def app(self) -> Starlette:
        methods = ["GET", "PUT", "DELETE"]
        return Starlette(
            routes=[
                Route("/{base:path}/Token", self._token, methods=["POST"]),
                Route("/{path:path}", self._answer, methods=methods),
            ]
        )

    def methods(self) -> list[str]:
        return [each.method for each in self.seen]

    async def _token(self, request: Request) -> Response:
        self.token_forms.append(parse_qs((await request.body()).decode()))
        if self.token_faults:
            return self.token_faults.popleft()
        if not self._knows(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        self.live_token = f"token-{len(self.token_forms)}"
        body = {"access_token": self.live_token, "token_type": "bearer", "expires_in": self.token_life}
        return JSONResponse({name: value for name, value in body.items() if value is not None})

    def _knows(self, request: Request) -> bool:
        by_header = request.headers.get("authorization")
        if self.token_auth == "basic":
            return by_header == BASIC
        return by_header is None and FORM.items() <= self.token_forms[-1].items()

    async def _answer(self, request: Request) -> Response:
        raw = await request.body()
        body = json.loads(raw) if raw else {}
        path = request.url.path.removeprefix(BASE)
        query = dict(request.query_params)
        self.seen.append(Seen(request.method, path, query, dict(request.headers), body))
        if request.headers.get("authorization") != f"Bearer {self.live_token}":
            return JSONResponse({"imsx_codeMajor": "failure"}, 401)
        if (ruled := self.rule(self.seen[-1])) is not None:
            return ruled
        if request.method == "PUT":
            self.stored[path] = body
        if self.faults and (fault := self.faults.popleft()) is not None:
            return fault
        if request.method == "PUT":
            return self._accepted(body)
        if request.method == "DELETE":
            return Response(status_code=204 if self.deletes else 405)
        return self._found(path, query)

    def _accepted(self, body: dict[str, dict[str, Any]]) -> Response:
        if not self.allocates:
            return Response(status_code=201)
        ((name, inner),) = body.items()
        return JSONResponse({name: {"sourcedId": f"theirs-{len(self.stored)}", **inner}}, 201)

    def _found(self, path: str, query: Mapping[str, str]) -> Response:
        if path in self.stored:
            return JSONResponse(self.stored[path])
        if path not in self.collections:
            return PlainTextResponse("no such thing", 404)
        name, items = self.collections[path]
        items = self.reorder(items, self.pages)
        self.pages += 1
        offset = int(query["offset"]) if self.knows_offset else 0
        page = items[offset : offset + min(int(query["limit"]), self.page_max)]
        headers = {"X-Total-Count": str(len(items))} if self.counts else {}
        if not page and self.ends_with is not None:
            return self.ends_with
        body = json.dumps({name: page})  # in ASCII: half a surrogate can be spelt so, and not sent otherwise
        return Response(body, headers=headers, media_type="application/json")


class Running:
    """The server of one test, on a port of its own; the thread outlives tests, what it serves does not."""

    def __init__(self) -> None:
        self.one_roster = OneRosterServer()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await self.one_roster.app()(scope, receive, send)

        config = uvicorn.Config(app, log_config=None, lifespan="off", http="h11", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
