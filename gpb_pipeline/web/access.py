"""Who may see what: the shared secret, the proxy's user, the courses it allows; and headers for all answers.

There is no account and no session here. Sign-on is a proxy's business, and its word counts only from the
addresses that are trusted. What cannot be seen answers like what does not exist.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import WebSettings

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Grade Sync", charset="UTF-8"'}
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Viewer:
    """Someone who was let in; `courses` are the Canvas ids they may see, None for all."""

    courses: frozenset[str] | None

    def may_see(self, course_id: str) -> bool:
        return self.courses is None or course_id in self.courses


@dataclass(frozen=True)
class Refusal:
    """Why someone was not let in, in words that may be shown."""

    status: int
    reason: str


def assure_guarded(settings: WebSettings) -> None:
    """Refuse to listen beyond this machine without a secret or a proxy; raises SettingsError."""
    if not settings.loopback and settings.secret is None and settings.user_header is None:
        raise SettingsError(
            f"is {settings.host}, which others can reach, and no secret or proxy's user is asked for",
            item="GPB_WEB_HOST",
            remedy="Set GPB_WEB_SECRET or GPB_WEB_USER_HEADER (see .env.example), or listen on 127.0.0.1.",
        )


class Guard:
    """The middleware around all pages: puts the Viewer into `request.state`, or answers 401, 403 or 400."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        peer = scope["client"][0] if scope.get("client") else ""
        found = admit(self._settings, Headers(scope=scope), peer)
        if isinstance(found, Refusal):
            challenge = _CHALLENGE if found.status == 401 and self._settings.secret else None  # noqa: PLR2004
            answer = PlainTextResponse(found.reason, found.status, challenge)
            await answer(scope, receive, send_guarded)
            return
        scope.setdefault("state", {})["viewer"] = found
        await self._app(scope, receive, send_guarded)


def admit(settings: WebSettings, headers: Headers, peer: str) -> Viewer | Refusal:
    """Judge one request by its headers and the address that it comes from."""
    if settings.secret is not None:
        told = _secret_of(headers.get("authorization", ""))
        if not hmac.compare_digest(told, settings.secret.get_secret_value().encode()):
            return Refusal(401, "The shared secret is needed.")
    if settings.user_header is not None:
        return _of_proxy(settings, headers, peer)
    if settings.secret is None and not _is_for_this_machine(settings, headers.get("host", "")):
        return Refusal(400, "These pages answer only under the name of this machine.")
    return Viewer(courses=None)


def _of_proxy(settings: WebSettings, headers: Headers, peer: str) -> Viewer | Refusal:
    if peer not in settings.proxies:
        return Refusal(403, "These pages are reached through the district's sign-on.")
    if not headers.get(settings.user_header or "", "").strip():
        return Refusal(401, "Nobody has signed in.")
    listed = {each.strip() for each in headers.get(settings.courses_header, "").split(",")} - {""}
    return Viewer(courses=None if "*" in listed else frozenset(listed))


def _secret_of(authorization: str) -> bytes:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(rest, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _is_for_this_machine(settings: WebSettings, host: str) -> bool:
    """Say whether a browser meant us: a page elsewhere may point a name of its own at 127.0.0.1."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name in _THIS_MACHINE or name == urlsplit(settings.url).hostname
