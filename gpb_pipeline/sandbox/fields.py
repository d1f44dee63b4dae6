"""Reads the JSON body of a change asked for under /sandbox into typed values, and refuses the rest.

Which record has which fields is said by the control surfaces that use this.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

T = TypeVar("T")
Reader = Callable[[Any], Any]


@dataclass
class BadChange(Exception):
    """The change asked for is not one that the sandbox knows; answered as 400."""

    reason: str

    def response(self) -> Response:
        return JSONResponse({"error": self.reason}, 400)


def refuse_change(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadChange)
    return error.response()


async def changes(request: Request, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The body's fields, each read by its reader, in the order of the body. Raises BadChange."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise BadChange("the body is no JSON") from None
    if not isinstance(body, dict) or not set(body) <= set(readers):
        raise BadChange(f"the body is an object with some of: {', '.join(sorted(readers))}")
    return {name: readers[name](value) for name, value in body.items()}


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadChange("expected a text")
    return value


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadChange("expected true or false")
    return value


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadChange("expected a number")
    return float(value)


def whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadChange("expected a whole number")
    return value


def moment(value: Any) -> datetime:
    """An ISO 8601 time with its offset, in UTC from then on."""
    try:
        parsed = datetime.fromisoformat(text(value))
    except ValueError:
        raise BadChange("expected a time like 2026-10-05T23:59:59Z") from None
    if parsed.tzinfo is None:
        raise BadChange("expected a time with its offset")
    return parsed.astimezone(UTC)


def day(value: Any) -> date:
    try:
        return date.fromisoformat(text(value))
    except ValueError:
        raise BadChange("expected a day like 2026-10-05") from None


def or_null(reader: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else reader(value)


def one_of(*allowed: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in allowed:
            raise BadChange(f"expected one of: {', '.join(allowed)}")
        return str(value)

    return read
