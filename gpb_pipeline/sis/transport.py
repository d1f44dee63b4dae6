"""One request to the SIS with all that surrounds it: token, extra headers and query, its turn, its retries.

What is asked, and what the answer holds, is client.py's; what a refusal means, refusals.py's.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event
from typing import Any, Literal, Self, TypeVar

import requests
import stamina

from gpb_pipeline.brake import Brake, StoppedError
from gpb_pipeline.outages import CONNECT_TIMEOUT, Patience
from gpb_pipeline.pooled_session import pooled_session
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.errors import (
    AccessError,
    Answer,
    ThrottledError,
    UnavailableError,
    UnknownOutcome,
    UnreachableError,
)
from gpb_pipeline.sis.pacing import IN_FLIGHT, Pace
from gpb_pipeline.sis.refusals import is_throttle, raise_for, raise_unanswered
from gpb_pipeline.sis.replies import Reply, require_read
from gpb_pipeline.sis.standing import ClientStanding
from gpb_pipeline.sis.tokens import Tokens

ATTEMPTS = 5  # at what an outage leaves unanswered, if it lasts no longer than outages.Patience
BRIEFLY = 0.5  # seconds that all wait for a 503 without a word; the one that met it waits by its patience
T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """A request: `item` names it in errors; a `keyed` one may be repeated without knowing its outcome.

    `class_id` is the class that it is about, None for what is every class's.
    """

    method: Literal["GET", "PUT", "DELETE"]
    url: str
    item: str
    params: Mapping[str, str | int] | None = None
    body: dict[str, Any] | None = None
    keyed: bool = True
    class_id: str | None = None


class Transport:
    """A pooled session with the client's own token; threads may share it.

    Proxies and certificates are the environment's (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE).
    """

    def __init__(self, settings: SisSettings, scope: str | None) -> None:
        self._settings = settings
        self._session = pooled_session(settings.base_url, settings.token_endpoint, connections=IN_FLIGHT)
        self._session.headers.update({"Accept": "application/json", **settings.headers})
        self._tokens = Tokens(self._session, settings, scope)
        self._pace = Pace()
        self._standing = ClientStanding()
        self._brake = Brake()
        self._is_sis = Event()  # set by its first answer in JSON

    def heeding(self, brake: Brake) -> Self:
        """Give the same session, token and pace for work that `brake` stops between two requests."""
        heeding = copy(self)
        heeding._brake = brake  # noqa: SLF001  its own kind
        return heeding

    @property
    def answers(self) -> int:
        """How often the SIS has answered so far."""
        return self._pace.answers

    @property
    def waits_as_told(self) -> bool:
        return self._pace.waits_as_told

    def close(self) -> None:
        self._session.close()

    def authorize(self) -> None:
        """Have a token; raises as send does."""
        self._patiently(self._token)

    def send(self, call: Call) -> Reply:
        """Ask, and return the successful (2xx) answer; a GET's may be read.

        Raises RefusedError for what the SIS will not do (AccessError where it refuses the client as a whole),
        UnavailableError for an outage that outlasts the retries or a throttle for which there is no time
        (pacing.py), UnknownOutcome for a write cut short by one, StoppedError for what was stopped before it
        was sent; SettingsError for a write to a host that this configuration may not write to.
        """
        if call.method != "GET":
            self._settings.require_writable()
        return self._patiently(lambda: self._once(call), keyed=call.keyed)

    def _patiently(self, ask: Callable[[], T], *, keyed: bool = True) -> T:
        """Ask again while the SIS throttles and there is time; after each throttle outages are met afresh."""
        rule = _AnotherTry(self._pace, self._brake, keyed=keyed)
        while True:
            try:
                return _through_outages(ask, rule)
            except (UnavailableError, AccessError, StoppedError) as error:
                if isinstance(error, ThrottledError) and self._pace.has_time:
                    rule.begin_afresh()
                elif isinstance(rule.met, UnknownOutcome):  # an earlier try may have been taken
                    raise rule.met from None
                else:
                    raise

    @contextmanager
    def _turn(self) -> Iterator[float]:
        """Have a turn; the pace knows of a throttle before another begins."""
        with self._pace.turn(self._brake) as began:
            try:
                yield began
            except ThrottledError as error:
                self._pace.throttled(began, error.retry_after)
                raise

    def _token(self) -> str:
        with self._turn():
            return self._tokens.current()

    def _once(self, call: Call) -> Reply:
        write = call.method != "GET"
        with self._turn() as began:
            response = self._authorized(call)
            self._learn(call, response, began)
            if response.status_code // 100 != 2:  # noqa: PLR2004 - 2xx
                forbidden = response.status_code == HTTPStatus.FORBIDDEN and not is_throttle(response)
                whole = forbidden and self._standing.is_refused(call.method, call.class_id)
                raise_for(response, call.item, write=write, whole=whole)
        reply = Reply.of(response)
        if reply.kind == "json":
            self._is_sis.set()
        if not write:
            require_read(reply, call.item, is_sis=self._is_sis.is_set())
        elif reply.kind == "cut":
            raise UnknownOutcome(Answer(reply.status, "cut"), item=call.item)
        return reply

    def _authorized(self, call: Call) -> requests.Response:
        """Ask with a token, and once more with another where that may be what is refused."""
        token = self._tokens.current()
        response = self._request(call, token)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            return self._request(call, self._tokens.renewed(token))
        if response.status_code == HTTPStatus.FORBIDDEN and not is_throttle(response):
            another = self._tokens.doubted(token)
            if another is not None:
                response = self._request(call, another)
                if response.status_code == HTTPStatus.FORBIDDEN:
                    self._tokens.renewed_in_vain()
        return response

    def _learn(self, call: Call, response: requests.Response, began: float) -> None:
        if is_throttle(response):  # which is raised in this very turn
            return
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:  # a throttle too, or an outage
            self._pace.throttled(began, BRIEFLY)
        elif response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            self._pace.answered()
            if response.status_code not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                self._standing.answered(call.method)

    def _request(self, call: Call, token: str) -> requests.Response:
        try:
            return self._session.request(
                call.method,
                call.url,
                params={**self._settings.query, **(call.params or {})},
                json=call.body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=(CONNECT_TIMEOUT, self._settings.timeout),
                allow_redirects=False,  # a redirected PUT would become a GET, and take the token elsewhere
            )
        except requests.RequestException as fault:
            raise_unanswered(fault, call.item, "SIS_BASE_URL", write=call.method != "GET")


def _through_outages(ask: Callable[[], T], rule: "_AnotherTry") -> T:
    for attempt in stamina.retry_context(on=rule, attempts=ATTEMPTS, timeout=None):
        with attempt:
            return ask()
    raise AssertionError("unreachable: the last attempt raises")


class _AnotherTry:
    """The rule of one request: how many seconds until another try, or that there is none."""

    def __init__(self, pace: Pace, brake: Brake, *, keyed: bool) -> None:
        self.met: Exception | None = None
        self._pace = pace
        self._brake = brake
        self._keyed = keyed
        self._patience = Patience()

    def begin_afresh(self) -> None:
        """Meet outages with all patience again; what was met before stays."""
        self._patience = Patience()

    def __call__(self, error: Exception) -> bool | float:
        if not isinstance(error, UnavailableError) or isinstance(error, ThrottledError):
            return False
        if not isinstance(self.met, UnknownOutcome):  # no later try undoes what that one may have done
            self.met = error
        if self._brake.why is not None or (isinstance(error, UnknownOutcome) and not self._keyed):
            return False
        seconds = self._patience.wait(unreachable=isinstance(error, UnreachableError))
        if seconds is None:
            return False
        if error.retry_after is None:
            return seconds
        self._pace.hold(error.retry_after)  # which is where all wait, this one too
        return 0.0 if self._pace.has_time else False
