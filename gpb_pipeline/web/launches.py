"""The tool's addresses: its configuration and keys, and the way of a launch from Canvas to a page of ours.

Login sets the state's cookie; *go* looks whether it came back, which a frame may forbid; if so, on to Canvas,
else a link opens a tab of its own, where it is first-party. No launch is accepted without it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gpb_pipeline.lti.id_token import verified
from gpb_pipeline.lti.pending import LIVES as PENDING_LIVES
from gpb_pipeline.lti.pending import PendingLaunch
from gpb_pipeline.lti.refusals import ADMIN, LaunchRefusedError
from gpb_pipeline.lti.registration import configuration
from gpb_pipeline.lti.sessions import COOKIE, REMEMBERED, Session, cookie_header, joined
from gpb_pipeline.lti.standing import Standing, standing
from gpb_pipeline.text import has_control
from gpb_pipeline.web.access import cookies
from gpb_pipeline.web.site import site, viewer
from gpb_pipeline.web.tool import Tool

BODY = 64 * 1024
"""Bytes: a launch has a few thousand."""
HINT = 2_000
"""Characters: anybody may begin a launch, and each is kept for a while."""
_STATE_COOKIE = "__Host-lti-"


def routes(tool: Tool) -> list[Route]:
    """Make the tool's addresses."""
    ways = Launches(tool)
    return [
        Route("/lti/config.json", ways.config),
        Route("/lti/jwks", ways.jwks),
        Route("/lti/login", ways.login, methods=["GET", "POST"]),
        Route("/lti/go", ways.go),
        Route("/lti/open", ways.open),
        Route("/lti/launch", ways.launch, methods=["POST"]),
    ]


class Launches:
    """The handlers; what is refused is told on a page that Canvas may frame."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    async def config(self, _: Request) -> Response:
        url = self._tool.registration.url
        return JSONResponse(configuration(url, new_tab=self._tool.new_tab))

    async def jwks(self, _: Request) -> Response:
        return JSONResponse(self._tool.own_keys.public())

    async def login(self, request: Request) -> Response:
        """Begin a launch: Canvas names itself, our key, and two hints that it wants back."""
        registration = self._tool.registration
        try:
            is_form = request.method == "POST"
            asked = await _form(request) if is_form else _once(request.query_params.multi_items())
            if (asked.get("iss"), asked.get("client_id")) != (registration.issuer, registration.client_id):
                raise LaunchRefusedError(
                    "The tool is not registered with this Canvas", remedy=ADMIN, status=400
                )
            hints = asked.get("login_hint", ""), asked.get("lti_message_hint", "")
            if not all(0 < len(hint) <= HINT for hint in hints):
                raise LaunchRefusedError("Canvas left out who opens the tool", status=400)
        except LaunchRefusedError as refused:
            return _told(request, refused)
        login_hint, message_hint = hints
        begun = self._tool.pending.begin(login_hint=login_hint, message_hint=message_hint)
        return _with_state(RedirectResponse(f"/lti/go?state={begun.state}", 303), begun)

    async def go(self, request: Request) -> Response:
        """Go on to Canvas if the cookie came back; else offer a tab of its own."""
        found = self._tool.pending.find(request.query_params.get("state", ""))
        if found is None:
            return _told(request, LaunchRefusedError("This opening is too old, or was used"))
        if _is_of_this_browser(request, found):
            return RedirectResponse(self._authorization(found), 302)
        if found.in_new_tab:
            blocked = LaunchRefusedError(
                "The browser keeps no cookies for this site",
                remedy="Allow cookies for it, then open it again from Canvas.",
            )
            return _told(request, blocked)
        return site(request).render("new_tab.html", {"address": f"/lti/open?state={found.state}"})

    async def open(self, request: Request) -> Response:
        """Begin afresh in a tab of its own, with the hints, which Canvas has not seen again yet."""
        found = self._tool.pending.take(request.query_params.get("state", ""))
        if found is None:
            return _told(request, LaunchRefusedError("This opening is too old, or was used"))
        begun = self._tool.pending.begin(
            login_hint=found.login_hint, message_hint=found.message_hint, in_new_tab=True
        )
        return _with_state(RedirectResponse(f"/lti/go?state={begun.state}", 303), begun)

    async def launch(self, request: Request) -> Response:
        """Take Canvas's answer: a token, or why there is none. The state is used up either way."""
        try:
            asked = await _form(request)
            found = self._tool.pending.take(asked.get("state", ""))
            if found is None or not _is_of_this_browser(request, found):
                raise LaunchRefusedError("This opening is too old, was used, or began in another browser")
            if "error" in asked:
                raise LaunchRefusedError(_CANVAS_SAYS.get(asked["error"], "Canvas did not let this happen"))
            came = await run_in_threadpool(self._standing, asked.get("id_token", ""), found)
        except LaunchRefusedError as refused:
            return _told(request, refused)
        session = joined(viewer(request).session, came, self._tool.clock())
        return self._let_in(session, came, found)

    def _standing(self, token: str, found: PendingLaunch) -> Standing:
        """Judge a token; it asks Canvas for its keys and for the course."""
        tool = self._tool
        claims = verified(token, tool.registration, tool.canvas_keys, nonce=found.nonce, now=tool.clock())
        return standing(claims, tool.contexts.course_of)

    def _let_in(self, session: Session, came: Standing, found: PendingLaunch) -> Response:
        page = _PAGES[came.placement] if came.may_act else ""
        answer = RedirectResponse(f"/courses/{quote(came.course_id)}{page}", 303)
        kept = cookie_header(COOKIE, self._tool.sessions.written(session), lives=REMEMBERED)
        answer.headers.append("Set-Cookie", kept)
        answer.headers.append("Set-Cookie", cookie_header(_name(found), "", lives=0))
        return answer

    def _authorization(self, found: PendingLaunch) -> str:
        registration = self._tool.registration
        asked = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": registration.client_id,
            "redirect_uri": registration.launch_url,
            "login_hint": found.login_hint,
            "lti_message_hint": found.message_hint,
            "state": found.state,
            "nonce": found.nonce,
        }
        return f"{registration.authorize_url}?{urlencode(asked)}"


_PAGES: Mapping[str, str] = {
    "course_navigation": "",
    "post_grades": "/sync",
    "assignment_index_menu": "/categories",
    "assignment_group_menu": "/categories",
}
_CANVAS_SAYS = {
    "login_required": "Canvas has someone else signed in, or nobody",
    "launch_no_longer_valid": "This opening is too old, or was used",
    "unauthorized_client": "Canvas does not let this tool be opened",
}


async def _form(request: Request) -> dict[str, str]:
    """Read a form of a few fields; raises LaunchRefusedError for one that is none, or far too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY:
            raise LaunchRefusedError("What was sent is no launch", status=413)
    try:
        given = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise LaunchRefusedError("What was sent is no launch", status=400) from None
    return _once(given)


def _once(given: list[tuple[str, str]]) -> dict[str, str]:
    """Read fields of which each comes once and is text; raises LaunchRefusedError, which names another."""
    found: dict[str, str] = {}
    for name, value in given:
        if has_control(name + value):
            raise LaunchRefusedError("What was sent is no text", status=400)
        if name in found:
            raise LaunchRefusedError(f"{name}: is given as two things", status=400)
        found[name] = value
    return found


def _is_of_this_browser(request: Request, found: PendingLaunch) -> bool:
    kept = cookies(request.headers).get(_name(found), "")
    return hmac.compare_digest(kept.encode(), found.state.encode())


def _with_state(answer: Response, begun: PendingLaunch) -> Response:
    answer.headers.append("Set-Cookie", cookie_header(_name(begun), begun.state, lives=PENDING_LIVES))
    return answer


def _name(found: PendingLaunch) -> str:
    """Name the cookie of one launch: people double-click."""
    return _STATE_COOKIE + found.state[:8]


def _told(request: Request, refused: LaunchRefusedError) -> Response:
    context = {"title": "Grade Sync did not open", "told": f"{refused.what}.", "remedy": refused.remedy}
    return site(request).render("message.html", context | {"leads_on": False}, refused.status)
