"""What an address or a form may hold at all: short text of one line. What a page makes of it is query.py's.

An id that nobody has is no fault here. What no link or form of ours can hold is refused before any page
reads it, on a page that names it.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from gpb_pipeline.text import has_control
from gpb_pipeline.web.site import Site

LONGEST = 2_000
"""Characters of one value; Canvas's hints of a launch are the longest."""
MOST = 5_000
"""Values in one address or form: a choice of 1,000 assignments has one each."""


class Readable:
    """The middleware inside the guard: answers 400 to an address that cannot be read."""

    def __init__(self, app: ASGIApp, here: Site) -> None:
        self._app = app
        self._here = here

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wrong = fault_of_address(scope) if scope["type"] == "http" else None
        if wrong is None:
            await self._app(scope, receive, send)
            return
        context = {"title": "Not possible", "told": wrong, "remedy": "", "leads_on": True}
        await self._here.render("message.html", context, 400)(scope, receive, send)


def fault_of_address(scope: Scope) -> str | None:
    """Say what cannot be read of a request's path or query, naming it."""
    if wrong := _fault(scope["path"]):
        return f"The address {wrong}."
    try:
        asked = parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=MOST)
    except ValueError:
        return "The address's query cannot be read, or is far too long."
    return fault_of_fields(asked)


def fault_of_fields(given: list[tuple[str, str]]) -> str | None:
    """Say which field cannot be read, and why."""
    for name, value in given:
        if _fault(name):
            return "The name of a field cannot be read."
        if wrong := _fault(value):
            return f"{name}: {wrong}."
    return None


def _fault(text: str) -> str | None:
    if len(text) > LONGEST:
        return "is far too long"
    if "\N{REPLACEMENT CHARACTER}" in text:  # what was no UTF-8 is decoded to
        return "is not UTF-8 text"
    if has_control(text):
        return "has characters that are no text"
    return None
