"""The access token by OAuth 2 client credentials with HTTP Basic (reference/oneroster.md §0).

One token serves all threads of a client; another client's is its own. What it is used for is transport.py's.
"""

from http import HTTPStatus
from threading import Lock

import requests
from requests.auth import AuthBase

from gpb_pipeline.errors import PermanentError, SettingsError
from gpb_pipeline.outages import CONNECT_TIMEOUT
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.errors import AccessError, answer_of
from gpb_pipeline.sis.refusals import raise_for, raise_unanswered

ITEM = "SIS token"
NO_ENDPOINT = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE)
REDIRECTS = 3  # hundreds


class Bearer(AuthBase):
    """Set as `auth`, so that a .netrc of the machine never replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Tokens:
    """The client's current token; `scope` is the dialect's, where SIS_SCOPE says nothing."""

    def __init__(self, session: requests.Session, settings: SisSettings, scope: str | None) -> None:
        self._session = session
        self._settings = settings
        self._scope = settings.scope or scope
        self._token: str | None = None
        self._lock = Lock()

    def current(self) -> str:
        """Raises AccessError, SettingsError for an address that issues none, UnavailableError."""
        with self._lock:
            if self._token is None:
                self._token = self._issued()
            return self._token

    def renewed(self, refused: str) -> str:
        """Get a token other than `refused`: threads that were refused together ask for one between them."""
        with self._lock:
            if self._token in (None, refused):
                self._token = None
                self._token = self._issued()
            return self._token

    def _issued(self) -> str:
        form = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        identity = (
            self._settings.client_id.encode(),
            self._settings.client_secret.get_secret_value().encode(),
        )
        try:
            response = self._session.post(
                self._settings.token_endpoint,
                data=form,
                auth=identity,  # type: ignore[arg-type]  # bytes are taken too, and str would be Latin-1
                timeout=(CONNECT_TIMEOUT, self._settings.timeout),
                allow_redirects=False,
            )
        except requests.RequestException as fault:
            raise_unanswered(fault, ITEM, "SIS_TOKEN_URL and SIS_BASE_URL", write=False)
        return _access_token(response)


def _access_token(response: requests.Response) -> str:
    status = response.status_code
    if status == HTTPStatus.BAD_REQUEST:
        raise AccessError(answer_of(status, response.text), item=ITEM)
    if status in NO_ENDPOINT or status // 100 == REDIRECTS:
        raise SettingsError(
            f"no token is to be had there: HTTP {status}",
            item="SIS_TOKEN_URL",
            remedy="Set it to the SIS's token address; without it, SIS_BASE_URL with /Token is asked.",
        )
    if status != HTTPStatus.OK:
        raise_for(response, ITEM, write=False)
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise PermanentError(
            "the token endpoint answered without an access token",
            item=ITEM,
            remedy="Check SIS_TOKEN_URL.",
            code="sis_access",
        )
    return token
