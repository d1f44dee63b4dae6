"""The access token by OAuth 2 client credentials, by HTTP Basic or in the form (docs/oneroster.md §0).

One token serves all threads of a client; another client's is its own. What it is used for is transport.py's.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from time import monotonic

import requests

from gpb_pipeline.errors import PermanentError, SettingsError
from gpb_pipeline.outages import CONNECT_TIMEOUT
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.answers import answer_of, parsed
from gpb_pipeline.sis.errors import AccessError
from gpb_pipeline.sis.refusals import raise_for, raise_unanswered
from gpb_pipeline.sis.replies import decoded
from gpb_pipeline.sis.values import number_of

ITEM = "SIS token"
NO_ENDPOINT = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE)
REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY)
REDIRECTS = 3  # hundreds
RENEWED_BEFORE = 60.0  # seconds before it expires, or a tenth of its life where that is shorter
LIFE_MAX = 366 * 86400.0  # seconds; more is no time that anybody meant
DOUBT_EVERY = 60.0  # seconds between two renewals for a 403, once one was in vain


@dataclass(frozen=True)
class Token:
    """A token and when to get the next, by this machine's own clock; None: when it is refused."""

    text: str = field(repr=False)
    until: float | None


class Tokens:
    """The client's current token; `scope` is the dialect's, where SIS_SCOPE says nothing."""

    def __init__(self, session: requests.Session, settings: SisSettings, scope: str | None) -> None:
        self._session = session
        self._settings = settings
        self._scope = settings.scope or scope
        self._token: Token | None = None
        self._no_doubt_until = 0.0
        self._lock = Lock()

    def current(self) -> str:
        """Raises AccessError, SettingsError for an address that issues none, UnavailableError."""
        with self._lock:
            held = self._token
            if held is None or (held.until is not None and monotonic() >= held.until):
                return self._issued()
            return held.text

    def renewed(self, refused: str) -> str:
        """Get a token other than `refused`: threads that were refused together ask for one between them."""
        with self._lock:
            if self._token is None or self._token.text == refused:
                return self._issued()
            return self._token.text

    def doubted(self, refused: str) -> str | None:
        """Get a token for one that met a 403, for it may have expired; None if that was in vain just now."""
        with self._lock:
            if self._token is not None and self._token.text != refused:
                return self._token.text
            return None if monotonic() < self._no_doubt_until else self._issued()

    def renewed_in_vain(self) -> None:
        """Note that a 403 was none of the token's: it is not taken for that again for a while."""
        with self._lock:
            self._no_doubt_until = monotonic() + DOUBT_EVERY

    def _issued(self) -> str:
        self._token = None
        self._token = self._ask()
        return self._token.text

    def _ask(self) -> Token:
        settings = self._settings
        secret = settings.client_secret.get_secret_value()
        form = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        where = settings.token_auth
        if where == "form":
            form |= {"client_id": settings.client_id, "client_secret": secret}
        asked = monotonic()
        try:
            response = self._session.post(
                settings.token_endpoint,
                data=form,
                auth=None if where == "form" else (settings.client_id.encode(), secret.encode()),  # type: ignore[arg-type]  # bytes are taken too, and str would be Latin-1
                timeout=(CONNECT_TIMEOUT, settings.timeout),
                allow_redirects=False,
            )
        except requests.RequestException as fault:
            raise_unanswered(fault, ITEM, "SIS_TOKEN_URL and SIS_BASE_URL", write=False)
        return _token_in(response, asked)


def _token_in(response: requests.Response, asked: float) -> Token:
    status, text = response.status_code, decoded(response)
    if status in REFUSED:
        raise AccessError(answer_of(status, text), item=ITEM)
    if status in NO_ENDPOINT or status // 100 == REDIRECTS:
        raise SettingsError(
            f"no token is to be had there: HTTP {status}",
            item="SIS_TOKEN_URL",
            remedy="Set it to the SIS's token address; without it, SIS_BASE_URL with /Token is asked.",
        )
    if status != HTTPStatus.OK:
        raise_for(response, ITEM, write=False)
    try:
        body = parsed(text)
    except ValueError:
        body = None
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise PermanentError(
            "the token endpoint answered without an access token",
            item=ITEM,
            remedy="Check SIS_TOKEN_URL.",
            code="sis_access",
        )
    life = _life(body.get("expires_in"))
    return Token(token, life and asked + life - min(RENEWED_BEFORE, life / 10))


def _life(expires_in: object) -> float | None:
    """Read `expires_in` in seconds, a number or text; None for what is no time to go by."""
    seconds = number_of(expires_in)
    return seconds if seconds is not None and 0 < seconds < LIFE_MAX else None
