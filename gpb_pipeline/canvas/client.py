"""The Canvas REST client: one GET or PUT, pages followed by Link, retries, errors that say what to do.

What is asked for, and the frames made of it, are in extracts.py. Source: reference/canvas_api.md §7.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import requests
import stamina

from gpb_pipeline.errors import PermanentError, TransientError
from gpb_pipeline.settings import CanvasSettings

USER_AGENT = "gpb_pipeline (grade passback)"
PAGE = 100  # Canvas's own cap
ATTEMPTS = 6
THROTTLED = "Rate Limit Exceeded"  # 403 or 429, whichever Canvas it is
UNPUBLISHED = "invalid assignment ids requested"  # 403: unpublished since the assignments were read
THROTTLE_PAUSE = timedelta(seconds=5)  # the bucket leaks ten points a second; there is no Retry-After

Json = dict[str, Any]
Params = Mapping[str, str | int | list[str]]


class UnavailableError(TransientError):
    """Canvas did not answer, or answered that it cannot now."""

    code = "canvas_unavailable"


class ThrottledError(UnavailableError):
    """The token's bucket is empty."""

    code = "canvas_throttled"


class ShiftedError(TransientError):
    """The course changed while it was read: what was asked for is gone since, so read it from the start."""

    code = "canvas_changed"


class AccessError(PermanentError):
    """The token is refused, or lacks a permission."""

    code = "canvas_access"


class NotFoundError(PermanentError):
    """Canvas has no such course, or not for this token."""

    code = "canvas_not_found"


class CanvasClient:
    """A Canvas by its settings; ids come as strings. May be shared between threads for reading."""

    def __init__(self, settings: CanvasSettings) -> None:
        self.settings = settings
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(
            {
                "Authorization": f"Bearer {settings.api_token.get_secret_value()}",
                "Accept": "application/json+canvas-string-ids",
                "User-Agent": USER_AGENT,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, path: str, params: Params | None = None, *, item: str) -> Json:
        """Read one object."""
        answer = self._answer("GET", self._url(path), item, params=params)
        return _of_type(answer, dict, item)  # type: ignore[no-any-return]

    def put(self, path: str, body: Json, *, item: str) -> Json:
        """Change one object and read it as it is then; repeated where the outcome of a try is unknown.

        So `body` must say what the object is to be, never what is to be added to it. Raises AccessError where
        the token may not.
        """
        answer = self._answer("PUT", self._url(path), item, body=body)
        return _of_type(answer, dict, item)  # type: ignore[no-any-return]

    def pages(self, path: str, params: Params | None = None, *, item: str) -> Iterator[Json]:
        """Read a list to its end, each object once: pages shift under concurrent edits."""
        seen: set[object] = set()
        url: str | None = self._url(path)
        query: Params | None = {**(params or {}), "per_page": PAGE}
        while url is not None:
            answer = self._answer("GET", url, item, params=query)
            for each in _of_type(answer, list, item):
                if each.get("id") not in seen:
                    seen.add(each.get("id"))
                    yield each
            url, query = self._next(answer, item), None

    def _url(self, path: str) -> str:
        return f"{self.settings.base_url}/api/v1/{path}"

    def _next(self, answer: requests.Response, item: str) -> str | None:
        """Take the next page's address verbatim, but never let the token leave for another host."""
        url = answer.links.get("next", {}).get("url")
        if url is not None and urlsplit(url)[:2] != urlsplit(self.settings.base_url)[:2]:
            raise PermanentError(
                "Canvas links to a next page on another host",
                item=item,
                remedy="Set CANVAS_BASE_URL to the address that Canvas itself uses.",
                code="canvas_other_host",
            )
        return url

    def _answer(
        self,
        method: Literal["GET", "PUT"],
        url: str,
        item: str,
        *,
        params: Params | None = None,
        body: Json | None = None,
    ) -> requests.Response:
        for attempt in stamina.retry_context(on=_retry_after, attempts=ATTEMPTS, timeout=120.0):
            with attempt:
                answer = self._ask(method, url, item, params, body)
        return answer

    def _ask(
        self, method: str, url: str, item: str, params: Params | None, body: Json | None
    ) -> requests.Response:
        try:
            answer = self._session.request(
                method, url, params=params, json=body, timeout=self.settings.timeout, allow_redirects=False
            )
        except requests.RequestException as fault:  # its text may hold the address and more
            raise UnavailableError(
                f"Canvas did not answer ({type(fault).__name__})",
                item=item,
                remedy="Check CANVAS_BASE_URL, and that Canvas is up.",
            ) from None
        if answer.status_code != HTTPStatus.OK:
            raise _refusal(answer, item)
        return answer


def _retry_after(error: Exception) -> bool | timedelta:
    if isinstance(error, ThrottledError):
        return THROTTLE_PAUSE
    return isinstance(error, UnavailableError)


def _refusal(answer: requests.Response, item: str) -> PermanentError | TransientError:
    """Tell what an answer other than 200 means; never quotes it."""
    status = answer.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS or THROTTLED in answer.text[:200]:
        return ThrottledError("Canvas throttles this token", item=item, remedy="Try again in a few minutes.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnavailableError(
            f"Canvas answered {status}", item=item, remedy="Try again; if it stays, ask the Canvas admin."
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return _denial(answer, item)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(
            "Canvas has no such item", item=item, remedy="Check the id, and CANVAS_BASE_URL."
        )
    return PermanentError(
        f"Canvas answered {status}",
        item=item,
        remedy="Check CANVAS_BASE_URL; else report it.",
        code="canvas_refused",
    )


def _denial(answer: requests.Response, item: str) -> AccessError | ShiftedError:
    """Tell a refused token, a missing permission and a course that changed apart: all are 401 or 403."""
    status = answer.status_code
    if status == HTTPStatus.UNAUTHORIZED and "WWW-Authenticate" in answer.headers:
        return AccessError(
            "Canvas refuses the token",
            item="CANVAS_API_TOKEN",
            remedy="Set it to a token that has neither expired nor been deleted.",
        )
    if status == HTTPStatus.FORBIDDEN and UNPUBLISHED in answer.text[:200]:
        return ShiftedError(
            "an assignment was unpublished while the course was read",
            item=item,
            remedy="Sync the course again.",
        )
    return AccessError(
        f"Canvas answered {status}: the token may not do this",
        item=item,
        remedy="Grant the user of CANVAS_API_TOKEN: read SIS data, view all grades, manage assignments.",
    )


def _of_type(answer: requests.Response, kind: type, item: str) -> Any:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        body = None
    if not isinstance(body, kind):
        raise PermanentError(
            f"Canvas answered with something that is not a JSON {'list' if kind is list else 'object'}",
            item=item,
            remedy="Check that CANVAS_BASE_URL is a Canvas and not a page before it.",
            code="unreadable_data",
        )
    return body
