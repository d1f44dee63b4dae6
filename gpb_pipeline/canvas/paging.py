"""A list of Canvas, page by page, to its end or not at all. How one page is asked for is client.py's.

Sources: docs/canvas.md §7. Which of the objects can be carried is sieve.py's.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

from gpb_pipeline.canvas.body import Json
from gpb_pipeline.canvas.errors import NotFoundError, ShiftedError, ShortReadError
from gpb_pipeline.canvas.readings import UNFIT, ident
from gpb_pipeline.errors import PermanentError

PAGE = 100  # Canvas's own cap
PASSES = 3  # over a list whose order shifts, before it is given up

Params = Mapping[str, str | int | list[str]]


class Read(NamedTuple):
    """A 200 and what it says."""

    answer: requests.Response
    body: object


Ask = Callable[[str, Params | None], Read]
Objects = Callable[[object, str], list[Json]]
"""Finds the objects in a page's body, of the item named; raises PermanentError where there can be none."""


def each_object(ask: Ask, url: str, params: Params, item: str, objects: Objects) -> Iterator[Json]:
    """Read a list to its end, each object once; what has no id or is no object is the caller's to judge.

    Where an object came twice the order has shifted, and another may not have come at all: the list is read
    again, as it is where a page is gone (404) in the middle of it. Raises ShiftedError then, and
    ShortReadError where it shifts for good or Canvas does not say how the list goes on.
    """
    seen: set[str] = set()
    for passes_left in reversed(range(PASSES)):
        try:
            shifted = yield from _pass(_pages(ask, url, params, item, objects), seen)
        except ShiftedError:
            if not passes_left:
                raise
        else:
            if not shifted:
                return
    raise ShortReadError(
        "the list's order shifts while it is read, so that not all of it came",
        item=item,
        remedy="Sync again when fewer people work in the course.",
    )


def _pass(objects: Iterator[Json], seen: set[str]) -> Generator[Json, None, bool]:
    """Yield what no earlier pass has seen; tells whether this one met an object twice."""
    met: set[str] = set()
    shifted = False
    for each in objects:
        own = ident(each.get("id"))
        if own is UNFIT:
            yield each
            continue
        shifted |= own in met
        met.add(own)
        if own not in seen:
            seen.add(own)
            yield each
    return shifted


def _pages(ask: Ask, first: str, params: Params, item: str, objects: Objects) -> Iterator[Json]:
    answer, body = ask(first, {**params, "per_page": PAGE})  # where there is no such list, this is not found
    yield from objects(body, item)
    followed: set[str] = set()
    while (url := _next(answer, first, item)) is not None:
        if url in followed:
            raise _without_end(item)
        followed.add(url)
        try:
            answer, body = ask(url, None)
        except NotFoundError:
            raise ShiftedError(
                "a page of it was gone while it was read", item=item, remedy="Sync the course again."
            ) from None
        yield from objects(body, item)


def _next(answer: requests.Response, first: str, item: str) -> str | None:
    """Take the next page's address verbatim, but never let the token leave for another host.

    Every page names itself in its Link header. Where nothing does, the header was too long or was taken out
    on the way, and a next page with it; where the last page is another one, `next` is missing.
    """
    links = {name: each.get("url") for name, each in answer.links.items()}
    url = links.get("next")
    if not links or (url is None and links.get("last", links.get("current")) != links.get("current")):
        raise _without_end(item)
    if url is not None and _host(url) != _host(first):
        raise PermanentError(
            "Canvas links to a next page on another host",
            item=item,
            remedy="Set CANVAS_BASE_URL to the address that Canvas itself uses.",
            code="canvas_other_host",
        )
    return url


def _host(url: str) -> tuple[str, str] | None:
    """Give scheme and host; None where it is no address."""
    try:
        return urlsplit(url)[:2]
    except ValueError:
        return None


def _without_end(item: str) -> ShortReadError:
    return ShortReadError(
        "Canvas does not say how the list goes on",
        item=item,
        remedy="Sync again; if it stays, see whether a proxy strips Link headers.",
    )
