"""One request to the SIS with all that surrounds it: token, extra headers and query, retries, pauses.

What is asked, and what the answer holds, is client.py's; what a refusal means, refusals.py's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from time import monotonic, sleep
from typing import Any, Literal

import requests
import stamina
from requests.adapters import HTTPAdapter

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.outages import CONNECT_TIMEOUT, Patience
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.errors import UnavailableError, UnknownOutcome, UnreachableError
from gpb_pipeline.sis.refusals import raise_for, raise_unanswered
from gpb_pipeline.sis.tokens import Bearer, Tokens

ATTEMPTS = 5
CONNECTIONS = 16


@dataclass(frozen=True)
class Call:
    """A request: `item` names it in errors; a `keyed` one may be repeated without knowing its outcome."""

    method: Literal["GET", "PUT", "DELETE"]
    url: str
    item: str
    params: Mapping[str, str | int] | None = None
    body: dict[str, Any] | None = None
    keyed: bool = True


class Pause:
    """What a SIS that says Retry-After to one thread has said to all."""

    def __init__(self) -> None:
        self._until = 0.0
        self._lock = Lock()

    def ask(self, seconds: float) -> None:
        with self._lock:
            self._until = max(self._until, monotonic() + seconds)

    def wait(self) -> None:
        while (left := self._until - monotonic()) > 0:
            sleep(left)


class Transport:
    """A pooled session with the client's own token; threads may share it.

    Proxies and certificates are the environment's (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE). Raises
    SettingsError for headers that cannot be sent.
    """

    def __init__(self, settings: SisSettings, scope: str | None) -> None:
        self._settings = settings
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", **_headers_in(settings)})
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=CONNECTIONS))
        self._tokens = Tokens(self._session, settings, scope)
        self._pause = Pause()

    def close(self) -> None:
        self._session.close()

    def authorize(self) -> None:
        """Have a token; raises as send does."""
        for attempt in stamina.retry_context(on=_another_try(self._pause), attempts=ATTEMPTS, timeout=None):
            with attempt:
                self._tokens.current()

    def send(self, call: Call) -> requests.Response:
        """Ask, and return the successful (2xx) answer.

        Raises RefusedError for what the SIS will not do (AccessError for 401 twice and 403), UnavailableError
        for a throttle or an outage that outlasts the retries, UnknownOutcome for a write cut short by one.
        """
        rule = _another_try(self._pause, keyed=call.keyed)
        for attempt in stamina.retry_context(on=rule, attempts=ATTEMPTS, timeout=None):
            with attempt:
                return self._once(call)
        raise AssertionError("unreachable: the last attempt raises")

    def _once(self, call: Call) -> requests.Response:
        self._pause.wait()
        token = self._tokens.current()
        response = self._request(call, token)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            response = self._request(call, self._tokens.renewed(token))
        if response.status_code // 100 != 2:  # noqa: PLR2004 - 2xx
            raise_for(response, call.item, write=call.method != "GET")
        return response

    def _request(self, call: Call, token: str) -> requests.Response:
        try:
            return self._session.request(
                call.method,
                call.url,
                params={**self._settings.query, **(call.params or {})},
                json=call.body,
                auth=Bearer(token),
                timeout=(CONNECT_TIMEOUT, self._settings.timeout),
                allow_redirects=False,  # a redirected PUT would become a GET, and take the token elsewhere
            )
        except requests.RequestException as fault:
            raise_unanswered(fault, call.item, "SIS_BASE_URL", write=call.method != "GET")


def _another_try(pause: Pause, *, keyed: bool = True) -> Callable[[Exception], bool | float]:
    """Make the rule of one request: how many seconds until another try, or that there is none."""
    patience = Patience()

    def wait(error: Exception) -> bool | float:
        if not isinstance(error, UnavailableError):
            return False
        if isinstance(error, UnknownOutcome) and not keyed:
            return False
        seconds = patience.wait(unreachable=isinstance(error, UnreachableError))
        if seconds is None:
            return False
        if error.retry_after is None:
            return seconds
        pause.ask(error.retry_after)
        return error.retry_after

    return wait


def _headers_in(settings: SisSettings) -> dict[str, str]:
    """Give SIS_HEADERS; the HTTP library's own error for one that cannot be sent would quote it."""
    texts = [*settings.headers, *settings.headers.values()]
    if not all(each.isascii() and each.isprintable() for each in texts):
        raise SettingsError(
            "holds characters that no header can carry", item="SIS_HEADERS", remedy="Mend its value."
        )
    return settings.headers
