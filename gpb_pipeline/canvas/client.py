"""The Canvas REST client: one GET or PUT, pages followed by Link, turns at the token's bucket, retries.

What is asked for, and the frames made of it, are in extracts.py. Source: reference/canvas_api.md §7.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

import requests
import stamina
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from gpb_pipeline.canvas.body import body_of
from gpb_pipeline.canvas.bucket import Bucket
from gpb_pipeline.canvas.errors import (
    AccessError,
    NotFoundError,
    ShiftedError,
    ShortReadError,
    ThrottledError,
    UnavailableError,
    UnreachableError,
    refusal,
    unanswered,
    unreadable,
)
from gpb_pipeline.canvas.readings import UNFIT, ident
from gpb_pipeline.errors import PermanentError, SettingsError
from gpb_pipeline.outages import CONNECT_TIMEOUT, Patience
from gpb_pipeline.settings import CanvasSettings

__all__ = [
    "AccessError",
    "CanvasClient",
    "NotFoundError",
    "ShiftedError",
    "ShortReadError",
    "ThrottledError",
    "UnavailableError",
]

USER_AGENT = "gpb_pipeline (grade passback)"
PAGE = 100  # Canvas's own cap
ATTEMPTS = 6
PASSES = 3  # over a list whose order shifts, before it is given up
CONNECTIONS = 16

Json = dict[str, Any]
Params = Mapping[str, str | int | list[str]]


class _Bearer(AuthBase):
    """Set as the session's `auth`, so that a .netrc of the machine never replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Read(NamedTuple):
    """A 200 and what it says."""

    answer: requests.Response
    body: object


class CanvasClient:
    """A Canvas by its settings; ids come as strings. May be shared between threads.

    Proxies and certificates are the environment's (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE). Raises
    SettingsError for a token that no header can carry.
    """

    def __init__(self, settings: CanvasSettings, bucket: Bucket | None = None) -> None:
        self.settings = settings
        self._bucket = bucket or Bucket()
        self._session = requests.Session()
        self._session.auth = _Bearer(_token_in(settings))
        self._session.headers.update(
            {"Accept": "application/json+canvas-string-ids", "User-Agent": USER_AGENT}
        )
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, path: str, params: Params | None = None, *, item: str) -> Json:
        """Read one object."""
        return _object(self._read("GET", self._url(path), item, params=params).body, item)

    def put(self, path: str, body: Json, *, item: str) -> Json:
        """Change one object and read it as it is then; repeated where the outcome of a try is unknown.

        So `body` must say what the object is to be, never what is to be added to it. Raises AccessError where
        the token may not.
        """
        return _object(self._read("PUT", self._url(path), item, body=body).body, item)

    def clock(self) -> datetime | None:
        """Ask what time it is at Canvas (UTC); None where it does not say."""
        answer, _ = self._read("GET", self._url("users/self"), "Canvas's clock")
        try:
            return parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return None

    def pages(self, path: str, params: Params | None = None, *, item: str) -> Iterator[Json]:
        """Read a list to its end, each object once; what has no id or is no object is the caller's to judge.

        Where an object came twice the order has shifted, and another may not have come at all: the list is
        read again, as it is where a page is gone (404) in the middle of it. Raises ShiftedError then, and
        ShortReadError where it shifts for good or Canvas does not say how the list goes on.
        """
        seen: set[str] = set()
        for passes_left in reversed(range(PASSES)):
            try:
                shifted = yield from self._pass(path, params, item, seen)
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

    def _pass(
        self, path: str, params: Params | None, item: str, seen: set[str]
    ) -> Generator[Json, None, bool]:
        """Yield what was not seen by an earlier pass; tells whether this one met an object twice."""
        met: set[str] = set()
        shifted = False
        for each in self._pages(path, params, item):
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

    def _pages(self, path: str, params: Params | None, item: str) -> Iterator[Json]:
        url: str | None = self._url(path)
        query: Params | None = {**(params or {}), "per_page": PAGE}
        followed: set[str] = set()
        while url is not None:
            try:
                answer, body = self._read("GET", url, item, params=query)
            except NotFoundError:
                if query is not None:  # the first page: there is no such list
                    raise
                raise ShiftedError(
                    "a page of it was gone while it was read", item=item, remedy="Sync the course again."
                ) from None
            yield from _objects(body, item)
            url, query = self._next(answer, item), None
            if url in followed:
                raise _without_end(item)
            followed.add(str(url))

    def _url(self, path: str) -> str:
        return f"{self.settings.base_url}/api/v1/{path}"

    def _next(self, answer: requests.Response, item: str) -> str | None:
        """Take the next page's address verbatim, but never let the token leave for another host.

        Every page names itself in its Link header. Where nothing does, the header was too long or was taken
        out on the way, and a next page with it; where the last page is another one, `next` is missing.
        """
        links = {name: each.get("url") for name, each in answer.links.items()}
        url = links.get("next")
        if not links or (url is None and links.get("last", links.get("current")) != links.get("current")):
            raise _without_end(item)
        if url is not None and _host(url) != _host(self.settings.base_url):
            raise PermanentError(
                "Canvas links to a next page on another host",
                item=item,
                remedy="Set CANVAS_BASE_URL to the address that Canvas itself uses.",
                code="canvas_other_host",
            )
        return url

    def _read(
        self,
        method: Literal["GET", "PUT"],
        url: str,
        item: str,
        *,
        params: Params | None = None,
        body: Json | None = None,
    ) -> _Read:
        """Ask until there is a whole answer; raises what the last try did."""
        for attempt in stamina.retry_context(on=_another_try(), attempts=ATTEMPTS, timeout=None):
            with attempt:
                answer = self._ask(method, url, item, params, body)
                return _Read(answer, body_of(answer, item))
        raise AssertionError("unreachable: the last attempt raises")

    def _ask(
        self, method: str, url: str, item: str, params: Params | None, body: Json | None
    ) -> requests.Response:
        with self._bucket.turn():
            try:
                answer = self._session.request(
                    method,
                    url,
                    params=params,
                    json=body,
                    timeout=(CONNECT_TIMEOUT, self.settings.timeout),
                    allow_redirects=False,
                )
            except requests.RequestException as fault:
                raise unanswered(fault, item) from None
            error = None if answer.status_code == HTTPStatus.OK else refusal(answer, item)
            self._bucket.told(answer.headers, refused=isinstance(error, ThrottledError))
        if error is not None:
            raise error
        return answer


def _another_try() -> Callable[[Exception], bool | float]:
    """Make the rule of one request: a throttle waits at the bucket, an outage by patience."""
    patience = Patience()

    def wait(error: Exception) -> bool | float:
        if isinstance(error, ThrottledError):
            return 0.0
        if not isinstance(error, UnavailableError):
            return False
        seconds = patience.wait(unreachable=isinstance(error, UnreachableError))
        return False if seconds is None else seconds

    return wait


def _token_in(settings: CanvasSettings) -> str:
    """Give the token; the HTTP library's own error for one that is no token would quote it."""
    token = settings.api_token.get_secret_value()
    if not token.isascii() or not token.isprintable():
        raise SettingsError(
            "holds characters that no token has", item="CANVAS_API_TOKEN", remedy="Copy it from Canvas anew."
        )
    return token


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


def _object(body: object, item: str) -> Json:
    if not isinstance(body, dict):
        raise unreadable("Canvas answered with something that is not a JSON object", item)
    return body


def _objects(body: object, item: str) -> list[Json]:
    """Give the list's objects, null being none; what is no object is one without anything."""
    if body is not None and not isinstance(body, list):
        raise unreadable("Canvas answered with something that is not a JSON list", item)
    return [each if isinstance(each, dict) else {} for each in body or []]
