"""Who may see what: a launch from Canvas, the shared secret, the proxy's user; and headers for all answers.

There is no account here. Sign-on is Canvas's or a proxy's business, and a proxy's word counts only from the
addresses that are trusted. A launch is judged first and wins. What cannot be seen answers like what does not
exist.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.lti.registration import LOOPBACK
from gpb_pipeline.lti.sessions import COOKIE, Session
from gpb_pipeline.settings import WebSettings
from gpb_pipeline.web.tool import Tool

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
_OPEN = ("/lti/", "/static/")
"""Where there is a tool, what is reached without having been let in: the way in, and what pages look like."""


@dataclass(frozen=True)
class Viewer:
    """Someone who was let in; `courses` are the Canvas ids they may see, None for all.

    `session` is there for who came from Canvas. They alone may change anything, each as their launch says.
    `name` is the proxy's user; who has the secret, or sits at this machine, has none.
    """

    courses: frozenset[str] | None
    session: Session | None = None
    name: str = "data team"

    @property
    def form_token(self) -> str:
        """Give what stands in each form of theirs; "" for who has no session."""
        return self.session.form_token if self.session else ""

    def may_see(self, course_id: str) -> bool:
        return self.courses is None or course_id in self.courses

    def may_act(self, course_id: str) -> bool:
        entry = self.session.entries.get(course_id) if self.session else None
        return entry is not None and entry.may_act

    def course_name(self, course_id: str) -> str | None:
        """Give the course's name as their launch has it."""
        entry = self.session.entries.get(course_id) if self.session else None
        return entry.name if entry else None

    def sections(self, course_id: str) -> frozenset[str] | None:
        """Name the sections of a course that they are limited to; None for all."""
        entry = self.session.entries.get(course_id) if self.session else None
        return None if entry is None or entry.sections is None else frozenset(entry.sections)

    @property
    def limited(self) -> dict[str, frozenset[str]]:
        """Name the courses of which they may see some sections alone, and those."""
        found = {course_id: self.sections(course_id) for course_id in self.courses or ()}
        return {course_id: only for course_id, only in found.items() if only is not None}

    def who(self, course_id: str) -> str:
        """Say who looks, for the record; behind someone whom an admin acts as, the admin too."""
        if self.session is None:
            return self.name
        entry = self.session.entries.get(course_id)
        acting = f", through Canvas user {entry.masquerader}" if entry and entry.masquerader else ""
        return f"{self.session.name} (Canvas user {self.session.user_id}{acting})"


@dataclass(frozen=True)
class Refusal:
    """Why someone was not let in, in words that may be shown."""

    status: int
    reason: str
    challenge: bool = False  # whether the browser asks for the secret


def assure_guarded(settings: WebSettings, tool: Tool | None = None) -> None:
    """Refuse to listen beyond this machine without a secret, a proxy or a tool; raises SettingsError."""
    asked = settings.secret is not None or settings.user_header is not None or tool is not None
    if not settings.loopback and not asked:
        raise SettingsError(
            f"is {settings.host}, which others can reach, and no secret or proxy's user is asked for",
            item="GPB_WEB_HOST",
            remedy="Set GPB_WEB_SECRET or GPB_WEB_USER_HEADER (see .env.example), or listen on 127.0.0.1.",
        )


class Guard:
    """The middleware around all pages: puts the Viewer into `request.state`, or answers 401, 403 or 400.

    `refused` makes the page that says so.
    """

    def __init__(
        self, app: ASGIApp, settings: WebSettings, tool: Tool | None, refused: Callable[[Refusal], Response]
    ) -> None:
        self._app = app
        self._settings = settings
        self._tool = tool
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        peer = scope["client"][0] if scope.get("client") else ""
        found = self._found(headers, peer, scope["path"], asks=scope["method"] == "POST")
        framed = self._tool is not None and (isinstance(found, Refusal) or found.session is not None)
        told = framed_by(self._tool) if self._tool and (framed or self._is_open(scope["path"])) else {}

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                answered.update(SECURITY_HEADERS | told)
                if told:
                    del answered["X-Frame-Options"]
            await send(message)

        if isinstance(found, Refusal):
            answer = self._refused(found)
            if found.challenge:
                answer.headers.update(_CHALLENGE)
            await answer(scope, receive, send_guarded)
            return
        scope.setdefault("state", {})["viewer"] = found
        await self._app(scope, receive, send_guarded)

    def _found(self, headers: Headers, peer: str, path: str, *, asks: bool) -> Viewer | Refusal:
        if self._tool is None:
            return admit(self._settings, headers, peer)
        cookie = cookies(headers).get(COOKIE)
        session = self._tool.sessions.read(cookie, self._tool.clock()) if cookie else None
        if session is not None and session.entries:
            return Viewer(courses=frozenset(session.entries), session=session)
        if self._is_open(path):
            return Viewer(courses=frozenset())
        if cookie and not {"authorization", (self._settings.user_header or "").lower()} & {*headers.keys()}:
            why = "This is over an hour old." if session else "What your browser kept of it cannot be read."
            lost = ", and choose anew: nothing was sent or saved" if asks else ""
            return Refusal(401, f"{why} Open it again from your course in Canvas{lost}.")
        asked = self._settings.secret is not None or self._settings.user_header is not None
        ours_alone = self._settings.loopback and urlsplit(self._settings.url).hostname in LOOPBACK
        if not asked and not ours_alone:  # a proxy before us speaks from this machine too
            return Refusal(401, "Open Grade Sync from your course in Canvas.")
        return admit(self._settings, headers, peer)

    def _is_open(self, path: str) -> bool:
        return self._tool is not None and path.startswith(_OPEN)


def framed_by(tool: Tool) -> dict[str, str]:
    """Make the headers that let Canvas alone frame a page, and a form of ours say where it is from."""
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    origins = " ".join(tool.registration.frame_origins)
    return {
        "Content-Security-Policy": policy.replace("frame-ancestors 'none'", f"frame-ancestors {origins}"),
        "Referrer-Policy": "same-origin",
    }


def cookies(headers: Headers) -> dict[str, str]:
    """Read what the browser keeps for us, by name."""
    pairs = (each.strip().partition("=") for each in headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name}


def admit(settings: WebSettings, headers: Headers, peer: str) -> Viewer | Refusal:
    """Judge one request by its headers and the address that it comes from."""
    if settings.secret is not None:
        told = _secret_of(headers.get("authorization", ""))
        if not hmac.compare_digest(told, settings.secret.get_secret_value().encode()):
            return Refusal(401, "The shared secret is needed.", challenge=True)
    if settings.user_header is not None:
        return _of_proxy(settings, headers, peer)
    if settings.secret is None and not _is_for_this_machine(settings, headers.get("host", "")):
        return Refusal(400, "These pages answer only under the name of this machine.")
    return Viewer(courses=None)


def _of_proxy(settings: WebSettings, headers: Headers, peer: str) -> Viewer | Refusal:
    if peer not in settings.proxies:
        return Refusal(403, "These pages are reached through the district's sign-on.")
    for header in (settings.user_header or "", settings.courses_header):
        if (
            len(headers.getlist(header)) > 1
        ):  # the proxy's and a client's own, and nobody knows which is which
            return Refusal(400, f"{header} came twice: the proxy must replace what a client sends.")
    name = headers.get(settings.user_header or "", "").strip()
    if not name:
        return Refusal(401, "Nobody has signed in.")
    listed = {each.strip() for each in headers.get(settings.courses_header, "").split(",")} - {""}
    if "*" in listed and len(listed) > 1:
        return Refusal(400, f"{settings.courses_header} has both * and courses: it must be one or the other.")
    return Viewer(courses=None if "*" in listed else frozenset(listed), name=name)


def _secret_of(authorization: str) -> bytes:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(rest, validate=True).partition(b":")[2]
    except ValueError:  # also of what is not ASCII
        return b""


def _is_for_this_machine(settings: WebSettings, host: str) -> bool:
    """Say whether a browser meant us: a page elsewhere may point a name of its own at 127.0.0.1."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name in LOOPBACK or name == urlsplit(settings.url).hostname
