"""Lets an app break the connection that a request came by, which ASGI itself has no word for."""

import asyncio
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_open: dict[tuple[str, int], asyncio.Transport] = {}


class BreakableProtocol(H11Protocol):
    """Uvicorn's HTTP protocol, which also remembers its transport under the client's address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            _open[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.client is not None:
            _open.pop(self.client, None)


async def break_connection(scope: Scope) -> None:
    """Drop the request's connection at once; the server then expects no answer to it."""
    client: Any = scope["client"]
    _open[tuple(client)].abort()
    await asyncio.sleep(0)  # one turn of the loop tells the server that the client is gone
    await asyncio.sleep(0)
