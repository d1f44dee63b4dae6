"""The instructor's desk: the windows that ask for something, and the page of what was asked.

A page acts by asking: it writes a request (warehouse/requests.py) that the sensor requested_syncs launches.
Looking changes nothing; each form is held against its session (forms.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gpb_pipeline import outlook
from gpb_pipeline.lti.sessions import Session
from gpb_pipeline.outlook import Outlook
from gpb_pipeline.passback.nightly import next_nightly
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.warehouse import choices, requests
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.failed_before import failed_before
from gpb_pipeline.warehouse.requests import NewRequest, RequestKind
from gpb_pipeline.web import previewed, windows, wishes
from gpb_pipeline.web.forms import Form, acting, only_one, posted, single
from gpb_pipeline.web.left_out import left_out
from gpb_pipeline.web.query import Links, one, unclear, word
from gpb_pipeline.web.site import site, viewer
from gpb_pipeline.web.tool import Tool
from gpb_pipeline.web.windows import Picked
from gpb_pipeline.web.wishes import LISTS, PREVIEW_HOLDS, WANTED, Drawn, Only
from gpb_pipeline.web.words import words

LATE = timedelta(minutes=1)
"""After which a request that nobody has launched says so."""
EXPLAINED = (
    Code.CATEGORY_NOT_FOUND,
    Code.CATEGORY_AMBIGUOUS,
    Code.CATEGORY_GONE,
    Code.CLASS_UNKNOWN,
)
"""Why a section goes to no category, where nobody chose Unassociated: told beside its drop-down."""
TITLES: Mapping[str, str] = {
    "read": "Get Assignments",
    "preview": "Preview",
    "sync": "Sync to SIS",
    "remaster": "Remaster Grade Passback",
    "categories": "Sync SIS Categories",
    "nightly": "Nightly Sync",
}


def routes(tool: Tool) -> list[Route]:
    """Make the desk's addresses."""
    asking = Asking(tool)
    return [
        Route("/courses/{course_id}/utilities", utilities),
        Route("/courses/{course_id}/sync", sync_window),
        Route("/courses/{course_id}/remaster", remaster_window),
        Route("/courses/{course_id}/categories", categories_window),
        Route("/courses/{course_id}/choose", asking.choose, methods=["POST"]),
        Route("/courses/{course_id}/ask/{kind}", asking.ask, methods=["POST"]),
        Route("/requests/{request_id}", asked),
    ]


def utilities(request: Request) -> HTMLResponse:
    """Show the nightly switch, where the institution allows it, and the way to the other windows."""
    here, course_id = site(request), request.path_params["course_id"]
    acting(request, course_id)
    made = here.warehouse.read(requests.of_course, course_id)
    only = viewer(request).sections(course_id)
    nightly = here.warehouse.read(choices.nightly_courses, default=here.nightly.default)
    switching = next((_told(each, only) for each in made if each.kind == "nightly"), None)
    wish = switching if switching and switching.is_open else None
    return _window(
        request,
        "utilities.html",
        course_id,
        whole=only is None,
        nightly_is_on=here.nightly.enabled,
        opted_in=course_id in nightly,
        is_on=wish.wanted["enabled"] if wish else course_id in nightly,
        by_default=nightly.by_default(course_id),
        next_nightly=next_nightly(here.clock(), here.nightly.at, here.zone),
        switching=switching,
        running=wish is not None,
    )


def sync_window(request: Request) -> HTMLResponse:
    """Show what would be sent, by section, to be chosen and posted."""
    return _assignments(request, "sync_window.html", "sync")


def remaster_window(request: Request) -> HTMLResponse:
    """Show what a remaster would send again; seen by section, nothing is chosen."""
    course_id = request.path_params["course_id"]
    acting(request, course_id)
    _require_whole(request, course_id)
    return _assignments(request, "remaster_window.html", "remaster")


def categories_window(request: Request) -> HTMLResponse:
    """Show the assignment groups, and each section's category."""
    course_id = request.path_params["course_id"]
    acting(request, course_id)
    made, found = site(request).warehouse.read(_read, course_id)
    listed = _list(request, course_id, made, found)
    return _window(request, "categories_window.html", course_id, explained=EXPLAINED, **listed)


def asked(request: Request) -> HTMLResponse:
    """Show what became of a request, and what its look found."""
    here, request_id = site(request), request.path_params["request_id"]
    made, kept = here.warehouse.read(_answered, request_id)
    found = next((each for each in made if each.request_id == request_id), None)
    who = viewer(request)
    if found is None or not who.may_see(found.course_id):
        raise HTTPException(404, "There is no such request, or it is past its age.")
    only = who.sections(found.course_id)
    found = _told(found, only)
    whole = outlook.read(kept) if kept else None
    seen = wishes.as_seen(whole, only) if whole else None
    if seen and found.kind == "preview":
        seen = wishes.as_asked(seen, found)
    late = found.step is None and here.clock() - found.asked_at > LATE
    sent = wishes.sent(found, made, whole) if whole else None
    return _window(
        request,
        "asked.html",
        found.course_id,
        asked=found,
        limited=only is not None,
        title=TITLES[found.kind],
        late=late and found.is_open,
        running=found.is_open,
        ended="" if found.kind == "preview" else "Done.",  # all is told; a preview is no deed
        seen=seen,
        would=previewed.WOULD,
        shown=previewed.states(seen) if seen else [],
        lines=previewed.lines(seen, here.warehouse.read(failed_before, found.course_id)) if seen else [],
        assignments=previewed.assignment_states(seen) if seen else [],
        grades=previewed.grade_states(seen) if seen else [],
        causes=previewed.causes(seen) if seen else [],
        goes=bool(seen and previewed.going(seen)),
        is_past=wishes.is_past(found, made, here.clock()),
        holds=PREVIEW_HOLDS,
        sent=sent,
        left_out=here.warehouse.read(left_out, found, made, whole, only),
        may_act=who.may_act(found.course_id) and _is_theirs(found, only),
    )


class Asking:
    """What the forms do: each writes one request, or shows its window anew."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    async def ask(self, request: Request) -> Response:
        """Write down what a form asks for, and go to where it shows."""
        course_id, kind = request.path_params["course_id"], request.path_params["kind"]
        session = acting(request, course_id)
        form = await posted(request, session, self._tool)
        if kind not in WANTED:
            raise HTTPException(404, "There is no such page.")
        if kind in ("remaster", "nightly") or wishes.is_remaster(form):
            _require_whole(request, course_id)
        if kind == "nightly" and not site(request).nightly.enabled:
            raise HTTPException(409, "Nightly syncs are switched off for the institution.")
        leads_to = await run_in_threadpool(self._asked, request, kind, form, session)
        return RedirectResponse(leads_to, 303)

    async def choose(self, request: Request) -> Response:
        """Go to a window sorted and filtered, with what was chosen there."""
        course_id = request.path_params["course_id"]
        form = await posted(request, acting(request, course_id), self._tool)
        return RedirectResponse(await run_in_threadpool(self._chosen, request, form), 303)

    def _chosen(self, request: Request, form: Form) -> str:
        here, course_id = site(request), request.path_params["course_id"]
        only = viewer(request).sections(course_id)
        view = _view_of(form)
        drawn = here.warehouse.read(wishes.drawn_from, course_id, only, form, here.clock())
        return _address(course_id, _window_of(form), view | _choice_of(form, drawn, only))

    def _asked(self, request: Request, kind: RequestKind, form: Form, session: Session) -> str:
        here, course_id = site(request), request.path_params["course_id"]
        only = viewer(request).sections(course_id)
        window = {"nightly": "utilities", "categories": "categories"}.get(kind) or _window_of(form)
        view = _view_of(form)
        drawn = here.warehouse.read(wishes.drawn_from, course_id, only, form, here.clock())
        asked = NewRequest(
            course_id=course_id,
            kind=kind,
            wanted=WANTED[kind](form, drawn, only),
            by=session.name,
            by_id=session.user_id,
            at=here.clock(),
            since=drawn.preview.asked_at if drawn.preview else None,
        )
        request_id = here.warehouse.commit(requests.ask, asked)
        if kind in ("sync", "remaster", "preview"):
            return f"/requests/{request_id}"
        if kind == "nightly":
            return _address(course_id, window) + "#switch"
        if wishes.chose_all(form, drawn, only):
            return _address(course_id, window)
        return _address(course_id, window, view | _choice_of(form, drawn, only))


def _assignments(request: Request, template: str, window: str) -> HTMLResponse:
    course_id = request.path_params["course_id"]
    acting(request, course_id)
    named = one(request, "asked") or one(request, "seen")
    made, found = site(request).warehouse.read(_read, course_id, named)
    context = _list(request, course_id, made, found)
    seen, listed = context["seen"], context["listed"]
    asked = next((each for each in made if each.request_id == named), None)
    choice, chosen_on = _choice(request, course_id, window, asked, found.get(named))
    return _window(
        request,
        template,
        course_id,
        lines=windows.lines(seen, choice) if seen else [],
        before=previewed.by_assignment(seen, site(request).warehouse.read(failed_before, course_id))
        if seen
        else {},
        choice=choice,
        newer=bool(listed and chosen_on and chosen_on < listed.asked_at),
        **context,
    )


def _choice(
    request: Request, course_id: str, window: str, asked: requests.Request | None, whole: Outlook | None
) -> tuple[Picked, datetime | None]:
    """Read what an address chose, or the preview that it comes back from, and when that was listed.

    `asked` is the list or the preview that the address names, and `whole` what it found.
    """
    only = viewer(request).sections(course_id)
    sort = word(request, "sort", windows.SORTS) or "name"
    came_from, view = one(request, "asked"), one(request, "view")
    assignments, sections = one(request, "assignments"), one(request, "sections")
    choice = Picked(sections=None, assignments=None)
    if came_from:
        if asked and asked.kind == "preview":
            choice = wishes.chosen_of(asked.wanted)
    elif assignments or sections:
        choice = _chosen_in(whole, assignments, sections)
    chosen_on = asked.asked_at if asked and choice.assignments is not None else None
    wishes.require_theirs((choice.sections or frozenset()) | ({view} if view else set()), only)
    sections_too = None if window == "remaster" else choice.sections
    return replace(choice, sections=sections_too, view=view or None, sort=sort), chosen_on


def _chosen_in(whole: Outlook | None, assignments: str, sections: str) -> Picked:
    """Read a choice of a list; nothing is chosen of one that is not kept any more."""
    for name, given in (("assignments", assignments), ("sections", sections)):
        if not windows.is_choice(given):
            raise unclear(name, "is not a choice on a list")
    if whole is None:
        return Picked(sections=frozenset(), assignments=frozenset())
    return windows.read(whole, assignments, sections)


def _list(
    request: Request, course_id: str, made: Sequence[requests.Request], found: Mapping[str, Outlook]
) -> dict[str, Any]:
    """Give the newest list of the course, when it was read, and what is being read now."""
    here = site(request)
    only = viewer(request).sections(course_id)
    listed = wishes.newest_list(made)
    whole = found.get(listed.request_id) if listed else None
    reading = next((_told(each, only) for each in made if each.kind in LISTS), None)
    return {
        "limited": only is not None,
        "seen": wishes.as_seen(whole, only) if whole else None,
        "listed": listed,
        "reading": reading,
        "late": reading is not None and reading.step is None and here.clock() - reading.asked_at > LATE,
        "running": reading is not None and reading.is_open,
    }


def _answered(session: Connection, request_id: str) -> tuple[list[requests.Request], str | None]:
    """Read a request with those of its course, and what its look found, in one."""
    return requests.beside(session, request_id), requests.outlook(session, request_id)


def _read(
    session: Connection, course_id: str, named: str = ""
) -> tuple[list[requests.Request], dict[str, Outlook]]:
    """Read a course's requests, and what its newest list and the one that is named found, in one."""
    made = requests.of_course(session, course_id)
    listed = wishes.newest_list(made)
    drawn_from = {named, listed.request_id if listed else ""} & {each.request_id for each in made}
    kept = {each: requests.outlook(session, each) for each in drawn_from}
    return made, {each: outlook.read(text) for each, text in kept.items() if text}


def _told(asked: requests.Request, only: Only) -> requests.Request:
    """Leave out of a request why it failed, where the words may be of sections that are not theirs."""
    if only is None or asked.cause is None:
        return asked
    return replace(asked, cause="The data team, or a teacher of the whole course, sees why.")


def _is_theirs(asked: requests.Request, only: Only) -> bool:
    """Whether who is limited to sections may ask for the same: for their own, and no remaster."""
    if only is None:
        return True
    sections = frozenset(asked.wanted.get("sections", ()))
    return bool(sections) and sections <= only and asked.wanted.get("type") != "remaster"


def _require_whole(request: Request, course_id: str) -> None:
    if viewer(request).sections(course_id) is not None:
        raise HTTPException(403, "This concerns the whole course: ask a teacher of all its sections.")


def _window(request: Request, template: str, course_id: str, **context: object) -> HTMLResponse:
    here = site(request)
    shared = {
        "canvas": " ".join(request.app.state.tool.registration.frame_origins),
        "links": Links(request),
        "course_id": course_id,
        "name": here.course_name(request, course_id),
        "token": viewer(request).form_token,
        "refresh": 2,
        "ended": "Done.",
        "words": words(request),
    }
    return here.render(template, shared | context)


def _window_of(form: Form) -> str:
    return only_one(form, "window", ("sync", "remaster", "categories"), "sync")


def _view_of(form: Form) -> dict[str, str]:
    """Read how a window's form has its list shown; 400 for what its address would refuse."""
    return {"sort": only_one(form, "sort", ("", *windows.SORTS), ""), "view": single(form, "view")}


def _choice_of(form: Form, drawn: Drawn, only: Only) -> dict[str, str]:
    """Write what a window's form chose as an address has it; nothing where its list is not kept."""
    listed, choice = single(form, "seen"), wishes.picked(form, only)
    return {"seen": listed} | windows.written(drawn.whole, choice) if listed and drawn.whole else {}


def _address(course_id: str, window: str, fields: Mapping[str, str] = MappingProxyType({})) -> str:
    query = urlencode({name: value for name, value in fields.items() if value})
    return f"/courses/{quote(course_id)}/{window}" + (f"?{query}" if query else "")
