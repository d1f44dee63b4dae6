"""One request to the SIS with all that surrounds it: token, extra headers and query, retries, errors.

What is asked, and what the answer holds, is client.py's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Lock
from typing import Any, Literal, NoReturn

import requests
import stamina
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.errors import (
    AccessError,
    Answer,
    RefusedError,
    UnavailableError,
    UnknownOutcome,
    answer_of,
)

ATTEMPTS = 5
WAIT_INITIAL, WAIT_MAX = 0.5, 20.0  # seconds, doubling, where the SIS names no time of its own
RETRY_AFTER_MIN, RETRY_AFTER_MAX = 0.05, 60.0  # seconds: a SIS that asks for more is tried by the next sync
CONNECTIONS = 16
CONNECTION_FAULTS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


@dataclass(frozen=True)
class Call:
    """A request: `item` names it in errors; a `keyed` one may be repeated without knowing its outcome."""

    method: Literal["GET", "PUT", "DELETE"]
    url: str
    item: str
    params: Mapping[str, str | int] | None = None
    body: dict[str, Any] | None = None
    keyed: bool = True


class _Bearer(AuthBase):
    """Set as `auth`, so that a .netrc of the machine never replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """A pooled session with the client's own token; threads may share it."""

    def __init__(self, settings: SisSettings, scope: str | None) -> None:
        self._settings = settings
        self._scope = scope
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", **settings.headers})
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=CONNECTIONS))
        self._token: str | None = None
        self._token_lock = Lock()

    def close(self) -> None:
        self._session.close()

    def send(self, call: Call) -> requests.Response:
        """Ask, and return the successful (2xx) answer.

        Raises RefusedError for what the SIS will not do (AccessError for 401 twice and 403), UnavailableError
        for a throttle or an outage that outlasts the retries, UnknownOutcome for a write cut short by one.
        """

        def wait(error: Exception) -> bool | float:
            if not isinstance(error, UnavailableError) or (
                isinstance(error, UnknownOutcome) and not call.keyed
            ):
                return False
            return True if error.retry_after is None else error.retry_after

        for attempt in stamina.retry_context(
            on=wait, attempts=ATTEMPTS, timeout=None, wait_initial=WAIT_INITIAL, wait_max=WAIT_MAX
        ):
            with attempt:
                return self._once(call)
        raise AssertionError("unreachable: the last attempt raises")

    def _once(self, call: Call) -> requests.Response:
        token = self._current_token()
        response = self._request(call, token)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            response = self._request(call, self._renewed_token(token))
        if not _succeeded(response):
            raise_for(response, call.item, write=call.method != "GET")
        return response

    def _request(self, call: Call, token: str) -> requests.Response:
        try:
            return self._session.request(
                call.method,
                call.url,
                params={**self._settings.query, **(call.params or {})},
                json=call.body,
                auth=_Bearer(token),
                timeout=self._settings.timeout,
                allow_redirects=False,  # a redirected PUT would become a GET, and take the token elsewhere
            )
        except CONNECTION_FAULTS as fault:
            kind = UnavailableError if call.method == "GET" else UnknownOutcome
            raise kind(Answer(None, type(fault).__name__), item=call.item) from None
        except requests.RequestException as impossible:
            raise _impossible(impossible, call.item) from None

    def _current_token(self) -> str:
        with self._token_lock:
            if self._token is None:
                self._token = self._issued_token()
            return self._token

    def _renewed_token(self, refused: str) -> str:
        """Get a token other than `refused`: threads that were refused together ask for one between them."""
        with self._token_lock:
            if self._token in (None, refused):
                self._token = None
                self._token = self._issued_token()
            return self._token

    def _issued_token(self) -> str:
        """Ask by OAuth 2 client credentials with HTTP Basic (reference/oneroster.md §0)."""
        scope = self._settings.scope or self._scope
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        identity = (
            self._settings.client_id.encode(),
            self._settings.client_secret.get_secret_value().encode(),
        )
        try:
            response = self._session.post(
                self._settings.token_endpoint,
                data=form,
                auth=identity,  # type: ignore[arg-type]  # bytes are taken too, and str would be Latin-1
                timeout=self._settings.timeout,
                allow_redirects=False,
            )
        except CONNECTION_FAULTS as fault:
            raise UnavailableError(Answer(None, type(fault).__name__), item="SIS token") from None
        except requests.RequestException as impossible:
            raise _impossible(impossible, "SIS token") from None
        if response.status_code == HTTPStatus.BAD_REQUEST:
            raise AccessError(answer_of(response.status_code, response.text), item="SIS token")
        if not _succeeded(response):
            raise_for(response, "SIS token", write=False)
        return _access_token(response)


def raise_for(response: requests.Response, item: str, *, write: bool) -> NoReturn:
    """Raise what an answer without success means; a 403 that names a time is a throttle (PowerSchool)."""
    status = HTTPStatus(response.status_code) if response.status_code in set(HTTPStatus) else None
    answer = answer_of(response.status_code, response.text)
    after = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    throttled = status in (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE) and after is not None
    if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or throttled:
        raise UnavailableError(answer, item=item, retry_after=after)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AccessError(answer, item=item)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED:
        raise (UnknownOutcome if write else UnavailableError)(answer, item=item, retry_after=after)
    raise RefusedError(answer, item=item)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After, seconds or an HTTP date, as bounded seconds; None where unsaid."""
    if value is None:
        return None
    try:
        seconds = (
            float(value)
            if value.strip().isdecimal()
            else (parsedate_to_datetime(value) - now).total_seconds()
        )
    except (ValueError, TypeError):
        return None
    return min(max(seconds, RETRY_AFTER_MIN), RETRY_AFTER_MAX)


def _succeeded(response: requests.Response) -> bool:
    return response.status_code // 100 == 2  # noqa: PLR2004 - 2xx


def _access_token(response: requests.Response) -> str:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token:
        raise PermanentError(
            "the token endpoint answered without an access token",
            item="SIS token",
            remedy="Check SIS_TOKEN_URL.",
            code="sis_access",
        )
    return token


def _impossible(error: requests.RequestException, item: str) -> PermanentError:
    """Make the error for a request that cannot be made; the library's own would quote headers."""
    return PermanentError(
        f"the request cannot be made ({type(error).__name__})",
        item=item,
        remedy="Check SIS_BASE_URL, SIS_TOKEN_URL, SIS_HEADERS and SIS_QUERY.",
        code="settings",
    )
