"""Canvas's leaky bucket: a token's requests fill it, time empties it, and a full one refuses.

Source: docs/canvas.md §7 (app/middleware/request_throttle.rb). Faults that only look like a
throttle are in ../faults.py. `PUT /sandbox/bucket` changes the numbers and empties the buckets.
"""

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gpb_pipeline.sandbox import fields
from gpb_pipeline.sandbox.faults import THROTTLED

NUMBERS = ("high_water_mark", "maximum", "outflow", "reserved", "cost", "latency")
STATUS = fields.one_of("403", "429")


@dataclass(frozen=True)
class BucketSize:
    """The numbers of a bucket; `outflow` is points a second, `cost` what a request comes to in the end.

    `latency` is how many seconds a request is in work, holding its reserved points: none by default.
    """

    high_water_mark: float = 600.0
    maximum: float = 800.0
    outflow: float = 10.0
    reserved: float = 50.0
    cost: float = 0.25
    latency: float = 0.0
    status: int = 403


@dataclass
class Bucket:
    """One token's bucket; `level` is as it was at `leaked_at`, a monotonic second."""

    size: BucketSize
    level: float = 0.0
    leaked_at: float = field(default_factory=monotonic)

    def add(self, points: float) -> None:
        now = monotonic()
        leaked = self.level - self.size.outflow * (now - self.leaked_at)
        self.level = min(max(0.0, leaked) + points, self.size.maximum)
        self.leaked_at = now

    @property
    def full(self) -> bool:
        return self.level >= self.size.high_water_mark

    @property
    def remaining(self) -> float:
        return max(0.0, self.size.high_water_mark - self.level)


class Throttle:
    """An ASGI app around the Canvas: reserves, handles or refuses, settles the cost, and says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._size = BucketSize()
        self._buckets: dict[str, Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/sandbox/bucket":
            await (await self._change(Request(scope, receive)))(scope, receive, send)
        elif scope["path"].startswith("/sandbox"):
            if scope["path"] == "/sandbox/reset":
                self._resize(BucketSize())
            await self._app(scope, receive, send)
        else:
            token = Headers(scope=scope).get("authorization", "")
            bucket = self._buckets.setdefault(token, Bucket(self._size))
            await self._metered(bucket, scope, receive, send)

    async def _metered(self, bucket: Bucket, scope: Scope, receive: Receive, send: Send) -> None:
        size = bucket.size
        bucket.add(size.reserved)
        refused = bucket.full
        cost = 0.0 if refused else size.cost
        settled = False

        async def settle_and_send(message: Message) -> None:
            nonlocal settled
            if message["type"] == "http.response.start":
                bucket.add(cost - size.reserved)
                settled = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Cost"] = f"{cost:.4f}"
                headers["X-Rate-Limit-Remaining"] = f"{bucket.remaining:.2f}"
            await send(message)

        refusal = PlainTextResponse(THROTTLED[size.status], size.status)
        try:
            await asyncio.sleep(0 if refused else size.latency)
            await (refusal if refused else self._app)(scope, receive, settle_and_send)
        finally:
            if not settled:
                bucket.add(-size.reserved)

    async def _change(self, request: Request) -> Response:
        readers: dict[str, fields.Reader] = dict.fromkeys(NUMBERS, fields.number)
        readers["status"] = lambda value: int(STATUS(str(value)))
        try:
            changed: dict[str, Any] = await fields.changes(request, readers)
        except fields.BadChange as bad:
            return bad.response()
        self._resize(BucketSize(**changed))
        return JSONResponse(changed)

    def _resize(self, size: BucketSize) -> None:
        self._size = size
        self._buckets.clear()
