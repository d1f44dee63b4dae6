"""The few pages of the sandbox Canvas that lead to the tool: sign-in, a course, its Grades, its Assignments.

The tool opens in a frame of the course's page, as in Canvas. Served under the paths that Canvas has.
"""

import json
import time
from html import escape
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gpb_pipeline.sandbox.canvas.lti import TOOL_ID, Forgery, Launching, LtiPlatform
from gpb_pipeline.sandbox.canvas.lti_people import MEMBERS
from gpb_pipeline.sandbox.canvas.state import CanvasState

SESSION = "canvas_session"
NO_CONTENT = 204
TEXTS = {
    "course_navigation": "Grade Sync",
    "post_grades": "Sync to SIS",
    "assignment_index_menu": "Sync SIS Categories",
    "assignment_group_menu": "Sync SIS Categories",
}
CLOSING = (
    "<script>addEventListener('message', said => said.data.subject === 'lti.close' && "
    "setTimeout(() => document.querySelector('iframe').remove(), 1000))</script>"
)
"""Canvas's tray slides away first; a frame that goes while a key is down keeps a browser's driver waiting."""
STYLE = (
    "body{margin:0;font:16px/1.5 Lato,Helvetica,Arial,sans-serif;color:#2d3b45;display:flex;min-height:100vh}"
    "nav{background:#394b58;padding:16px;min-width:150px}nav a{color:#fff;display:block;padding:6px}"
    "main{flex:1;padding:16px}iframe{width:100%;height:75vh;border:1px solid #c7cdd1}"
    ".assignment_index_menu,.assignment_group_menu{max-width:30rem}"  # Canvas's tray
)


class LtiPages:
    """The handlers; a form says who signs in, and a cookie keeps it."""

    def __init__(self, state: CanvasState) -> None:
        self._state = state
        self._platform = LtiPlatform(state)

    def routes(self) -> list[Route]:
        course = "/courses/{course:int}"
        return [
            Route("/login", self.login, methods=["GET", "POST"]),
            Route(course, self.course),
            Route(f"{course}/grades", self.course),
            Route(f"{course}/assignments", self.course),
            Route(f"{course}/external_tools/{TOOL_ID}", self.tool),
            Route("/api/lti/authorize_redirect", self.authorize),
            Route("/api/lti/security/jwks", self.jwks),
            Route("/sandbox/lti/tool", self.install, methods=["PUT"]),
            Route("/sandbox/lti/forgery", self.forge, methods=["PUT"]),
            Route("/sandbox/lti/rotate", self.rotate, methods=["POST"]),
        ]

    async def login(self, request: Request) -> Response:
        if request.method == "GET":
            names = {id: escape(f"{each.person.name}, {each.what}") for id, each in MEMBERS.items()}
            rows = "".join(
                f'<p><button name="user" value="{id}">{name}</button></p>' for id, name in names.items()
            )
            return _page("Sign in", f'<form method="post">{rows}</form>')
        asked = dict(parse_qsl((await request.body()).decode()))
        answer = RedirectResponse(f"/courses/{min(self._state.district.courses)}", 303)
        kept = f"{int(asked['user'])}.{asked.get('masquerader', '')}"
        answer.headers["Set-Cookie"] = f"{SESSION}={kept}; Path=/; HttpOnly; Secure; SameSite=None"
        return answer

    async def course(self, request: Request) -> Response:
        """A course's page, its gradebook or its assignments, with the tool's links where Canvas has them."""
        course = self._state.course(request.path_params["course"])
        title, body = "Home", "<p>The course's home.</p>"
        if request.url.path.endswith("/grades"):
            title, body = "Grades", _menu("Actions", course.id, "post_grades")
        if request.url.path.endswith("/assignments"):
            names = [escape(each.name) for each in self._state.view(course.id).content.groups]
            groups = [
                f"<h2>{each}</h2>" + _menu(f"Options of {each}", course.id, "assignment_group_menu")
                for each in names
            ]
            title, body = "Assignments", _menu("More options", course.id, "assignment_index_menu")
            body += "".join(groups)
        return _page(f"{title}: {course.name}", body, course.id)

    async def tool(self, request: Request) -> Response:
        """The page around the tool's frame, and in the frame the form that begins the launch."""
        course_id = request.path_params["course"]
        placement = request.query_params.get("launch_type", "course_navigation")
        user_id, masquerader = _signed_in(request)
        if user_id is None or self._platform.tool is None:
            return RedirectResponse("/login", 303)
        if request.query_params.get("display") != "borderless":
            title = TEXTS[placement]
            address = f"{_tool(course_id, placement)}&amp;display=borderless"
            return _page(
                title,
                f'<iframe class="{placement}" title="{title}" src="{address}"></iframe>{CLOSING}',
                course_id,
            )
        launching = Launching(MEMBERS[user_id], masquerader, course_id, placement, time.time())
        return _posting(self._platform.tool["oidc_initiation_url"], self._platform.begin(launching))

    async def authorize(self, request: Request) -> Response:
        answer = self._platform.answer(dict(request.query_params), _signed_in(request)[0])
        return _posting(*answer) if answer else JSONResponse({"message": "Invalid redirect_uri"}, 400)

    async def jwks(self, request: Request) -> Response:
        if self._platform.forgery.keys_down:
            return Response(status_code=503)
        return JSONResponse(self._platform.key_set())

    async def install(self, request: Request) -> Response:
        self._platform.tool = json.loads(await request.body())
        return Response(status_code=NO_CONTENT)

    async def forge(self, request: Request) -> Response:
        self._platform.forgery = Forgery(**json.loads(await request.body()))
        return Response(status_code=NO_CONTENT)

    async def rotate(self, request: Request) -> Response:
        self._platform.rotate()
        return Response(status_code=NO_CONTENT)


def _tool(course_id: int, placement: str) -> str:
    return f"/courses/{course_id}/external_tools/{TOOL_ID}?launch_type={placement}"


def _menu(name: str, course_id: int, placement: str) -> str:
    link = f'<a href="{_tool(course_id, placement)}">{TEXTS[placement]}</a>'
    return f"<details><summary>{name}</summary>{link}</details>"


def _signed_in(request: Request) -> tuple[int | None, int | None]:
    """Who is signed in, and who acts as them."""
    user, _, masquerader = request.cookies.get(SESSION, "").partition(".")
    return (int(user) if user in map(str, MEMBERS) else None, int(masquerader) if masquerader else None)


def _posting(address: str, fields: dict[str, str]) -> HTMLResponse:
    """A form that posts itself, as Canvas does it."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    inputs += "<noscript><button>Go on</button></noscript>"
    form = f'<form method="post" action="{escape(address)}">{inputs}</form>'
    return HTMLResponse(f"<!doctype html><title>…</title>{form}<script>document.forms[0].submit()</script>")


def _page(title: str, body: str, course_id: int | None = None) -> HTMLResponse:
    links = {"": "Home", "/assignments": "Assignments", "/grades": "Grades"} if course_id else {}
    nav = "".join(f'<a href="/courses/{course_id}{path}">{name}</a>' for path, name in links.items())
    if course_id:
        nav += f'<a href="{_tool(course_id, "course_navigation")}">Grade Sync</a>'
    head = f'<!doctype html><html lang="en"><title>{escape(title)} · Canvas</title><style>{STYLE}</style>'
    return HTMLResponse(
        f'{head}<nav aria-label="Course">{nav}</nav><main><h1>{escape(title)}</h1>{body}</main>'
    )
