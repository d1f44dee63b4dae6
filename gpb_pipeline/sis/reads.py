"""Getting a list or an object: which 404s mean that there is none, and which that the address is wrong.

Whether a list is whole is lists.py's; what the rows say, reading.py's.
"""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from gpb_pipeline.sis import reading
from gpb_pipeline.sis.errors import Answer, RefusedError
from gpb_pipeline.sis.lists import read_list
from gpb_pipeline.sis.replies import Reply
from gpb_pipeline.sis.transport import Call, Transport


class Reads:
    """GETs through a client's transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def rows(self, call: Call, name: str, is_empty: Callable[[], bool] = lambda: False) -> list[object]:
        def page(limit: int, offset: int) -> Reply:
            params = {**(call.params or {}), "limit": limit, "offset": offset}
            return self.page(replace(call, params=params), is_empty)

        return read_list(page, name, call.item)

    def page(self, call: Call, is_empty: Callable[[], bool] = lambda: False) -> Reply:
        """Ask for a page; a 404 is an empty one past the first, and where `is_empty` says so."""
        try:
            return self._transport.send(call)
        except RefusedError as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            if (call.params or {}).get("offset") or is_empty():
                return Reply.empty(HTTPStatus.NOT_FOUND)
            answer = Answer(refused.status, refused.sis_code, refused.sis_words)
            remedy = "Check SIS_BASE_URL and SIS_DIALECT: the SIS serves no such list."
            raise RefusedError(answer, item=call.item, remedy=remedy) from None

    def object_of(self, call: Call, name: str) -> dict[str, Any] | None:
        """Get one object, bare or under its name; None where the SIS has none of that id."""
        try:
            reply = self._transport.send(call)
        except RefusedError as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        if reply.kind == "none":
            return None
        found = reply.body.get(name, reply.body) if isinstance(reply.body, dict) else None
        if not isinstance(found, dict):
            raise reading.unreadable("is not an object" if reply.kind == "json" else "is not JSON", call.item)
        return found
