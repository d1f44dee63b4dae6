"""Canvas's pages: `per_page`, opaque bookmarks, the Link header with its 6 KB cap, ids as strings.

Source: docs/canvas.md §7 (lib/api.rb). What is paged is decided by the endpoints.
"""

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gpb_pipeline.sandbox.canvas.access import not_found

T = TypeVar("T")
DEFAULT_PER_PAGE, MAX_PER_PAGE = 10, 100
LINK_HEADER_BYTES = 6 * 1024
STRING_IDS = "application/json+canvas-string-ids"


@dataclass(frozen=True)
class Page(Generic[T]):
    """The items of one page, its own page token and the next page's, if there is one."""

    items: Sequence[T]
    token: str
    next_token: str | None
    per_page: int


def page_of(request: Request, items: Sequence[T], key: Callable[[T], int]) -> Page[T]:
    """Cut the page asked for out of items in ascending order of `key`. Raises CanvasRefusal (404)."""
    per_page = _per_page(request)
    token = request.query_params.get("page", "first")
    start = _start(token, items, key, per_page)
    chosen = items[start : start + per_page]
    more = start + per_page < len(items)
    return Page(chosen, token, _bookmark(key(chosen[-1])) if more else None, per_page)


def answer(request: Request, body: Any, headers: dict[str, str] | None = None) -> Response:
    """The JSON response, with ids as strings where the request's Accept header asks for them."""
    if STRING_IDS in request.headers.get("accept", ""):
        body = with_string_ids(body)
    return JSONResponse(body, headers=headers)


def answer_page(request: Request, page: Page[T], payload: Callable[[T], Any]) -> Response:
    return answer(request, [payload(each) for each in page.items], {"Link": link_header(request, page)})


def link_header(request: Request, page: Page[T]) -> str:
    """`next`, `current`, `first` in the order in which Canvas fills the header, as far as they fit."""
    relations = [("current", page.token), ("first", "first")]
    if page.next_token:
        relations.insert(0, ("next", page.next_token))
    header = ""
    for relation, token in relations:
        link = f'<{_page_url(request, token, page.per_page)}>; rel="{relation}"'
        longer = f"{header},{link}" if header else link
        if len(longer) > LINK_HEADER_BYTES:
            break
        header = longer
    return header


def with_string_ids(body: Any) -> Any:
    """Every `id`, `…_id` and `…_ids` as strings, at any depth."""
    if isinstance(body, list):
        return [with_string_ids(each) for each in body]
    if isinstance(body, dict):
        return {key: _string_id(key, value) for key, value in body.items()}
    return body


def _string_id(key: str, value: Any) -> Any:
    if (key == "id" or key.endswith("_id")) and type(value) is int:
        return str(value)
    if key.endswith("_ids") and isinstance(value, list):
        return [str(each) for each in value]
    return with_string_ids(value)


def _per_page(request: Request) -> int:
    asked = request.query_params.get("per_page", "")
    return min(int(asked), MAX_PER_PAGE) if asked.isdecimal() and int(asked) > 0 else DEFAULT_PER_PAGE


def _start(token: str, items: Sequence[T], key: Callable[[T], int], per_page: int) -> int:
    if token == "first":
        return 0
    if token.isdecimal():
        return max(0, int(token) - 1) * per_page
    return bisect_right(items, _bookmarked(token), key=key)


def _bookmark(last_key: int) -> str:
    return "bookmark:" + base64.urlsafe_b64encode(json.dumps([last_key]).encode()).decode().rstrip("=")


def _bookmarked(token: str) -> int:
    encoded = token.removeprefix("bookmark:")
    try:
        [last_key] = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, TypeError, binascii.Error):
        raise not_found() from None
    if not token.startswith("bookmark:") or not isinstance(last_key, int):
        raise not_found()
    return last_key


def _page_url(request: Request, token: str, per_page: int) -> str:
    given = parse_qsl(request.url.query, keep_blank_values=True)  # a bare `grouped` counts by presence
    query = [(key, value) for key, value in given if key not in ("page", "per_page")]
    query += [("page", token), ("per_page", str(per_page))]
    return str(request.url.replace(query=urlencode(query, safe=":")))
