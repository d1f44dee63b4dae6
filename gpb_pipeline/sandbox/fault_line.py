"""What stands before both servers: counts the requests, and does to the wire what the fault rules say.

The rules and their matching are in faults.py. Requests under /sandbox are neither counted nor harmed.
    PUT, GET, DELETE /sandbox/faults     the rules in force
    GET, DELETE      /sandbox/requests   the requests that ended so far, in order
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gpb_pipeline.sandbox.connections import break_connection
from gpb_pipeline.sandbox.faults import THROTTLED, Fault, FaultRules, faults_from
from gpb_pipeline.sandbox.fields import BadChange, refuse_change

NO_ANSWER = 0
OWN_PATHS = ("/sandbox/faults", "/sandbox/requests")


@dataclass(frozen=True)
class Seen:
    """A request that ended; `status` is 0 where it got no whole answer."""

    method: str
    path: str
    query: str
    status: int


@dataclass(frozen=True)
class Answer:
    """A whole answer, held back before it is sent."""

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)

    def with_json(self, body: Any) -> "Answer":
        content = json.dumps(body).encode()
        return replace(self.without("content-length"), body=content).with_length()

    def without(self, name: str) -> "Answer":
        return replace(self, headers=[each for each in self.headers if each[0].lower() != name.encode()])

    def with_length(self) -> "Answer":
        length = (b"content-length", str(len(self.body)).encode())
        return replace(self, headers=[*self.headers, length])


class FaultLine:
    """An ASGI app around another; `expire` ends a token at the server behind it."""

    def __init__(self, app: ASGIApp, expire: Callable[[str], None]) -> None:
        self._app = app
        self._expire = expire
        self._rules = FaultRules()
        self._seen: list[Seen] = []
        self._last_items: dict[str, Any] = {}
        self._control = Starlette(
            routes=[
                Route("/sandbox/faults", self.faults, methods=["GET", "PUT", "DELETE"]),
                Route("/sandbox/requests", self.requests, methods=["GET", "DELETE"]),
            ],
            exception_handlers={BadChange: refuse_change},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path in OWN_PATHS:
            await self._control(scope, receive, send)
        elif path.startswith("/sandbox"):
            if path == "/sandbox/reset":
                self._rules.set(())
                self._seen = []
            await self._app(scope, receive, send)
        else:
            seen = self._seen  # one that outlasts a reset is not counted after it
            status = await self._handle(scope, receive, send)
            query = scope["query_string"].decode()
            seen.append(Seen(scope["method"], path, query, status))

    async def faults(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._rules.set(faults_from(json.loads(await request.body())))
            except ValueError:
                raise BadChange("the body is no JSON") from None
        elif request.method == "DELETE":
            self._rules.set(())
        rules = zip(self._rules.faults, self._rules.matched, strict=True)
        return JSONResponse([{"effect": fault.effect, "matched": counts.total()} for fault, counts in rules])

    async def requests(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._seen = []
        return JSONResponse([asdict(each) for each in self._seen])

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer the request, or do not, as its fault has it; gives the status."""
        path: str = scope["path"]
        fault = self._rules.meet(scope["method"], path + "?" + scope["query_string"].decode())
        answer = await self._answer(fault, scope, receive)
        if fault and fault.effect in ("lost_answer", "reset"):
            if fault.effect == "reset" and answer.body:
                await _send(answer, send, upto=len(answer.body) // 2)
            await break_connection(scope)
            return NO_ANSWER
        if fault and fault.effect == "short_page":
            answer = _halved(answer)
        elif fault and fault.effect == "cut_body":
            answer = replace(answer, body=answer.body[: len(answer.body) // 2]).without("content-length")
        elif fault and fault.effect == "shifting_page":
            answer = _preceded(answer, self._last_items.get(path))
        if self._rules.shift_pages and (items := _items(answer)):
            self._last_items[path] = items[-1]
        await _send(answer, send)
        return answer.status

    async def _answer(self, fault: Fault | None, scope: Scope, receive: Receive) -> Answer:
        """The server's answer, or the fault's own where that is spoken instead or afterwards."""
        if fault is None:
            return await _answer_of(self._app, scope, receive)
        match fault.effect:
            case "slow":
                await self._rules.wait(fault.seconds)
            case "expire_token":
                self._expire(Request(scope).headers.get("authorization", "").partition(" ")[2])
            case "status" | "throttle":
                return await _answer_of(_spoken(fault), scope, receive)
        answer = await _answer_of(self._app, scope, receive)
        if fault.effect == "status_after":
            return await _answer_of(_spoken(fault), scope, receive)
        return answer


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """What the app answers, held back whole."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    start, *bodies = messages
    body = b"".join(each.get("body", b"") for each in bodies)
    return Answer(start["status"], list(start.get("headers", [])), body)


async def _send(answer: Answer, send: Send, upto: int | None = None) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    body = answer.body[:upto]
    await send({"type": "http.response.body", "body": body, "more_body": upto is not None})


def _spoken(fault: Fault) -> Response:
    if fault.effect == "throttle":
        return PlainTextResponse(THROTTLED.get(fault.status, ""), fault.status, fault.headers)
    if isinstance(fault.body, str):
        return PlainTextResponse(fault.body, fault.status, fault.headers)
    return JSONResponse(fault.body, fault.status, fault.headers)


def _items(answer: Answer) -> list[Any] | None:
    """The list that a page carries: the body itself, or the list inside it."""
    try:
        body = answer.json()
    except ValueError:
        return None
    lists = [body] if isinstance(body, list) else []
    if isinstance(body, dict):
        lists = [each for each in body.values() if isinstance(each, list)]
    return lists[0] if lists else None


def _with_items(answer: Answer, items: list[Any]) -> Answer:
    body = answer.json()
    if isinstance(body, list):
        return answer.with_json(items)
    name = next(name for name, each in body.items() if isinstance(each, list))
    return answer.with_json({**body, name: items})


def _halved(answer: Answer) -> Answer:
    items = _items(answer)
    return answer if items is None else _with_items(answer, items[: len(items) // 2]).without("link")


def _preceded(answer: Answer, item: Any) -> Answer:
    items = _items(answer)
    return answer if items is None or item is None else _with_items(answer, [item, *items])
