"""The Canvas REST client: one GET or PUT or a list of pages, turns at the token's bucket, retries.

What is asked for, and the frames made of it, are in extracts.py. Source: docs/canvas.md §7.
"""

from collections.abc import Callable, Iterator
from copy import copy
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from threading import Event
from typing import Literal, Self

import requests
import stamina
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from gpb_pipeline.brake import Brake
from gpb_pipeline.canvas.body import Json, body_of, object_in
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
)
from gpb_pipeline.canvas.paging import Params, Read, each_object
from gpb_pipeline.errors import SettingsError
from gpb_pipeline.outages import CONNECT_TIMEOUT, Patience
from gpb_pipeline.settings import CanvasSettings

__all__ = [
    "AccessError",
    "CanvasClient",
    "Json",
    "NotFoundError",
    "ShiftedError",
    "ShortReadError",
    "ThrottledError",
    "UnavailableError",
]

USER_AGENT = "gpb_pipeline (grade passback)"
ATTEMPTS = 6
CONNECTIONS = 16


class _Bearer(AuthBase):
    """Set as the session's `auth`, so that a .netrc of the machine never replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class CanvasClient:
    """A Canvas by its settings; ids come as strings. May be shared between threads.

    Proxies and certificates are the environment's (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE). Raises
    SettingsError for a token that no header can carry.
    """

    def __init__(self, settings: CanvasSettings, bucket: Bucket | None = None) -> None:
        self.settings = settings
        self._bucket = bucket or Bucket()
        self._brake = Brake()
        self._is_canvas = Event()  # set by its first answer in JSON
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

    def heeding(self, brake: Brake) -> Self:
        """Give this client, its session and its bucket, for work that `brake` stops between two requests."""
        heeding = copy(self)
        heeding._brake = brake  # noqa: SLF001  its own kind
        return heeding

    def get(self, path: str, params: Params | None = None, *, item: str) -> Json:
        """Read one object."""
        return object_in(self._read("GET", self._url(path), params, item=item).body, item)

    def put(self, path: str, body: Json, *, item: str) -> Json:
        """Change one object and read it as it is then; repeated where the outcome of a try is unknown.

        So `body` must say what the object is to be, never what is to be added to it. Raises AccessError where
        the token may not.
        """
        return object_in(self._read("PUT", self._url(path), item=item, body=body).body, item)

    def clock(self) -> datetime | None:
        """Ask what time it is at Canvas (UTC); None where it does not say."""
        answer, _ = self._read("GET", self._url("users/self"), item="Canvas's clock")
        try:
            return parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return None

    def pages(self, path: str, params: Params | None = None, *, item: str) -> Iterator[Json]:
        """Read a list to its end, each object once (paging.py); raises ShiftedError or ShortReadError."""
        return each_object(partial(self._read, "GET", item=item), self._url(path), params or {}, item)

    def _url(self, path: str) -> str:
        return f"{self.settings.base_url}/api/v1/{path}"

    def _read(
        self,
        method: Literal["GET", "PUT"],
        url: str,
        params: Params | None = None,
        *,
        item: str,
        body: Json | None = None,
    ) -> Read:
        """Ask until there is a whole answer; raises what the last try did."""
        for attempt in stamina.retry_context(on=_another_try(self._brake), attempts=ATTEMPTS, timeout=None):
            with attempt:
                answer = self._ask(method, url, item, params, body)
                said = body_of(answer, item, is_canvas=self._is_canvas.is_set())
                self._is_canvas.set()
                return Read(answer, said)
        raise AssertionError("unreachable: the last attempt raises")

    def _ask(
        self, method: str, url: str, item: str, params: Params | None, body: Json | None
    ) -> requests.Response:
        with self._bucket.turn(self._brake):
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


def _another_try(brake: Brake) -> Callable[[Exception], bool | float]:
    """Make the rule of one request: a throttle waits at the bucket, an outage by patience."""
    patience = Patience()

    def wait(error: Exception) -> bool | float:
        if brake.why is not None:
            return False
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
