"""The application: its addresses, and what it says where there is nothing or something fails."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.settings import WebSettings
from gpb_pipeline.web import courses, desk, differences, front, launches, syncs, trace
from gpb_pipeline.web.access import Guard, Refusal
from gpb_pipeline.web.readable import Readable
from gpb_pipeline.web.site import FOLDER, Site, site
from gpb_pipeline.web.tool import Tool


def create_app(here: Site, settings: WebSettings, tool: Tool | None = None) -> Starlette:
    """Make the pages of a site, guarded as the settings say; with a tool, Canvas's people come in too."""
    app = Starlette(
        routes=[
            Route("/", front.all_courses, name="courses"),
            Route("/differences", differences.all_differences),
            Route("/courses/{course_id}", courses.course),
            Route("/courses/{course_id}/trace", trace.grade_trace, methods=["GET", "POST"]),
            Route("/syncs/{job_id}", syncs.overview),
            Route("/syncs/{job_id}/issues", syncs.issues),
            Route("/syncs/{job_id}/filtered", syncs.filtered),
            Route("/syncs/{job_id}/assignments", syncs.assignments),
            Route("/syncs/{job_id}/grades", syncs.grades),
            Route("/syncs/{job_id}/issues.csv", syncs.issues_csv),
            Route("/syncs/{job_id}/assignments.csv", syncs.assignments_csv),
            Route("/syncs/{job_id}/grades.csv", syncs.grades_csv),
            *([*launches.routes(tool), *desk.routes(tool)] if tool else []),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ],
        middleware=[
            Middleware(Guard, settings, tool, _not_let_in(here) if tool else _in_plain_text),
            Middleware(
                ServerErrorMiddleware, handler=_our_fault
            ),  # within: its answer has the guard's headers
            Middleware(Readable, here),
        ],
        exception_handlers={HTTPException: _no_such_page, ClientDisconnect: _gone, PipelineError: _fault},
    )
    app.state.site = here
    app.state.tool = tool
    return app


def _not_let_in(here: Site) -> Callable[[Refusal], Response]:
    """Tell on a page why someone is not let in: inside Canvas, a bare line looks like a fault."""

    def page(refusal: Refusal) -> Response:
        context = {"title": "Grade Sync is not open", "told": refusal.reason, "remedy": "", "leads_on": False}
        return here.render("message.html", context, refusal.status)

    return page


def _in_plain_text(refusal: Refusal) -> Response:
    """Tell it without a page, whose looks are not for who was not let in."""
    return PlainTextResponse(refusal.reason, refusal.status)


_TO_INSTRUCTOR = {
    404: "If it is of a course of yours, open it again from there in Canvas: an opening lasts an hour, and "
    "nothing is sent or saved after it."
}
"""Each of someone's courses by itself; said whatever was looked for, so that it tells of none."""
_OF_THE_ROUTER = {405: "This address takes what a button of a page sends. Nothing was asked for: go back."}
_TITLES = {403: "Not allowed", 404: "Not found"}


def _no_such_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    told = _OF_THE_ROUTER.get(status) or (error.detail if isinstance(error, HTTPException) else "")
    title = _TITLES.get(status, "Not possible")
    came = getattr(request.state, "viewer", None)
    remedy = _TO_INSTRUCTOR.get(status, "") if came is not None and came.session is not None else ""
    course_id = request.path_params.get("course_id")
    course = came and came.session and course_id and came.may_see(course_id) and course_id
    context = {"title": title, "told": told, "remedy": remedy, "leads_on": True, "course": course}
    return site(request).render("message.html", context, status)


def _gone(_request: Request, _: Exception) -> Response:
    """Answer who left in the middle of a form: nobody reads it, and it is no fault to log."""
    return Response(status_code=400)


def _our_fault(request: Request, _: Exception) -> Response:
    context = {"title": "Not available", "told": _OURS, "remedy": "", "leads_on": True}
    return site(request).render("message.html", context, 500)


_OURS = "This page has a fault of its own. Tell the data team when you saw it; nothing was changed."


def _fault(request: Request, error: Exception) -> Response:
    if not isinstance(error, PipelineError):
        raise error
    told, remedy = f"{error.item}: {error.what}.", error.remedy
    came = getattr(request.state, "viewer", None)
    if came is not None and came.session is not None:
        stop = stop_of(error.code)
        told, remedy = stop.cause, stop.to_who_asked
    context = {"title": "Not available", "told": told, "remedy": remedy, "leads_on": True}
    return site(request).render("message.html", context, 503)
