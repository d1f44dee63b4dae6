"""The Canvas REST client: one GET or PUT or a list of pages, turns at the token's bucket, retries.

What is asked for, and the frames made of it, are in extracts.py. Source: docs/canvas.md §7.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from threading import Event
from typing import Literal, Self

import requests
import stamina

from gpb_pipeline.abreast import abreast
from gpb_pipeline.brake import Brake
from gpb_pipeline.canvas.body import Json, body_of, object_in, objects_in
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
from gpb_pipeline.canvas.paging import Objects, Params, Read, each_object
from gpb_pipeline.outages import CONNECT_TIMEOUT, Patience
from gpb_pipeline.pooled_session import pooled_session
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


class CanvasClient:
    """A Canvas by its settings; ids come as strings. May be shared between threads.

    Proxies and certificates are the environment's (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE).
    """

    def __init__(self, settings: CanvasSettings, bucket: Bucket | None = None) -> None:
        self.settings = settings
        self._bucket = bucket or Bucket()
        self._brake = Brake()
        self._is_canvas = Event()  # set by its first answer in JSON
        self._threads = ThreadPoolExecutor(CONNECTIONS, "canvas")
        self._session = pooled_session(settings.base_url, connections=CONNECTIONS)
        self._session.headers.update(
            {
                "Accept": "application/json+canvas-string-ids",
                "Authorization": f"Bearer {settings.api_token.get_secret_value()}",
                "User-Agent": USER_AGENT,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._session.close()

    @property
    def answers(self) -> int:
        """How often Canvas has answered so far."""
        return self._bucket.answers

    @property
    def answer_time(self) -> float:
        """How many seconds an answer takes, on average of the last ones."""
        return self._bucket.seconds

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
        the token may not, SettingsError where this configuration may not write there.
        """
        self.settings.require_writable()
        return object_in(self._read("PUT", self._url(path), item=item, body=body).body, item)

    def clock(self) -> datetime | None:
        """Ask what time it is at Canvas (UTC); None where it does not say."""
        answer, _ = self._read("GET", self._url("users/self"), item="Canvas's clock")
        try:
            said = parsedate_to_datetime(answer.headers.get("Date", ""))
        except (ValueError, OverflowError):
            return None
        return said if said.tzinfo else said.replace(tzinfo=UTC)

    def pages(
        self, path: str, params: Params | None = None, *, item: str, objects: Objects = objects_in
    ) -> Iterator[Json]:
        """Read a list to its end, each object once (paging.py); raises ShiftedError or ShortReadError.

        `objects` finds the list in a page of another shape.
        """
        ask = partial(self._read, "GET", item=item)
        return each_object(ask, self._url(path), params or {}, item, objects)

    def lists(self, asked: Iterable[tuple[str, Params, str]]) -> list[list[Json]]:
        """Read lists, each a path, its query and its item, side by side; raises as pages does."""
        return abreast(
            self._threads,
            [partial(self._list, path, params, item) for path, params, item in asked],
        )

    def _list(self, path: str, params: Params, item: str) -> list[Json]:
        return list(self.pages(path, params, item=item))

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
        with self._bucket.turn(self._brake) as began:
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
            self._bucket.told(answer.headers, began, refused=isinstance(error, ThrottledError))
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
