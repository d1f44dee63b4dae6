"""The instructor's desk: the windows that ask for something, and the page of what was asked.

A page acts by asking: it writes a request (warehouse/requests.py) that the sensor requested_syncs launches.
Looking changes nothing; each form is held against its session (forms.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gpb_pipeline import outlook
from gpb_pipeline.lti.sessions import Session
from gpb_pipeline.outlook import Outlook
from gpb_pipeline.passback.nightly import next_nightly
from gpb_pipeline.warehouse import choices, requests
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.requests import NewRequest, RequestKind
from gpb_pipeline.web import windows
from gpb_pipeline.web.forms import Form, acting, posted
from gpb_pipeline.web.query import Links
from gpb_pipeline.web.site import site, viewer
from gpb_pipeline.web.tool import Tool
from gpb_pipeline.web.windows import Picked

LATE = timedelta(minutes=1)
"""After which a request that nobody has launched says so."""
TITLES: Mapping[str, str] = {
    "read": "Get Assignments",
    "preview": "Preview",
    "sync": "Sync to SIS",
    "remaster": "Remaster Grade Passback",
    "categories": "Sync SIS Categories",
    "nightly": "Nightly Sync",
}
LISTS: tuple[RequestKind, ...] = ("read", "categories")
"""The kinds whose outcome has the course's whole list."""

Only = frozenset[str] | None
"""The sections that whoever asks is limited to; None for all."""


def routes(tool: Tool) -> list[Route]:
    """Make the desk's addresses."""
    asking = Asking(tool)
    return [
        Route("/courses/{course_id}/utilities", utilities),
        Route("/courses/{course_id}/sync", sync_window),
        Route("/courses/{course_id}/remaster", remaster_window),
        Route("/courses/{course_id}/categories", categories_window),
        Route("/courses/{course_id}/ask/{kind}", asking.ask, methods=["POST"]),
        Route("/requests/{request_id}", asked),
    ]


def utilities(request: Request) -> HTMLResponse:
    """Show the nightly switch, where the institution allows it, and the way to the other windows."""
    here, course_id = site(request), request.path_params["course_id"]
    acting(request, course_id)
    chosen = here.warehouse.read(choices.nightly)
    made = here.warehouse.read(requests.of_course, course_id)
    only = viewer(request).sections(course_id)
    switching = next((_told(each, only) for each in made if each.kind == "nightly"), None)
    return _window(
        request,
        "utilities.html",
        course_id,
        whole=only is None,
        nightly_is_on=here.nightly.enabled,
        opted_in=course_id in set(chosen["course_id"][chosen["enabled"]]),
        next_nightly=next_nightly(here.clock(), here.nightly.at, here.zone),
        switching=switching,
        running=switching is not None and switching.is_open,
    )


def sync_window(request: Request) -> HTMLResponse:
    """Show what would be sent, by section, to be chosen and posted."""
    return _assignments(request, "sync_window.html")


def remaster_window(request: Request) -> HTMLResponse:
    """Show what a remaster would send again; seen by section, nothing is chosen."""
    course_id = request.path_params["course_id"]
    acting(request, course_id)
    _require_whole(request, course_id)
    return _assignments(request, "remaster_window.html")


def categories_window(request: Request) -> HTMLResponse:
    """Show the assignment groups, and each section's category."""
    course_id = request.path_params["course_id"]
    acting(request, course_id)
    return _window(request, "categories_window.html", course_id, **_list(request, course_id))


def asked(request: Request) -> HTMLResponse:
    """Show what became of a request, and what its look found."""
    here = site(request)
    found = here.warehouse.read(requests.request, request.path_params["request_id"])
    who = viewer(request)
    if found is None or not who.may_see(found.course_id):
        raise HTTPException(404, "There is no such request, or it is past its age.")
    kept = here.warehouse.read(requests.outlook, found.request_id) if found.found else None
    only = who.sections(found.course_id)
    found = _told(found, only)
    seen = _as_seen(outlook.read(kept), only) if kept else None
    late = found.step is None and here.clock() - found.asked_at > LATE
    return _window(
        request,
        "asked.html",
        found.course_id,
        asked=found,
        limited=only is not None,
        title=TITLES[found.kind],
        late=late and found.is_open,
        running=found.is_open,
        seen=seen,
        assignments=windows.assignment_states(seen) if seen else [],
        grades=windows.grade_states(seen) if seen else [],
        causes=windows.causes(seen) if seen else [],
        may_act=who.may_act(found.course_id) and _is_theirs(found, only),
    )


class Asking:
    """What the forms do: each writes one request."""

    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    async def ask(self, request: Request) -> Response:
        """Write down what a form asks for, and go to where it shows."""
        course_id, kind = request.path_params["course_id"], request.path_params["kind"]
        session = acting(request, course_id)
        form = await posted(request, session, self._tool)
        if kind not in _WANTED:
            raise HTTPException(404, "There is no such page.")
        if kind in ("remaster", "nightly") or form["type"] == ["remaster"]:
            _require_whole(request, course_id)
        if kind == "nightly" and not site(request).nightly.enabled:
            raise HTTPException(409, "Nightly syncs are switched off for the institution.")
        request_id = await run_in_threadpool(self._asked, request, kind, form, session)
        if kind in ("sync", "remaster", "preview"):
            return RedirectResponse(f"/requests/{request_id}", 303)
        window = {"nightly": "utilities", "categories": "categories"}.get(kind) or _window_of(form)
        return RedirectResponse(f"/courses/{quote(course_id)}/{window}", 303)

    def _asked(self, request: Request, kind: RequestKind, form: Form, session: Session) -> str:
        here, course_id = site(request), request.path_params["course_id"]
        only = viewer(request).sections(course_id)
        seen = here.warehouse.read(_drawn_from, course_id, only, form)
        asked = NewRequest(
            course_id=course_id,
            kind=kind,
            wanted=_WANTED[kind](form, seen, only),
            by=session.name,
            by_id=session.user_id,
            at=here.clock(),
        )
        return here.warehouse.commit(requests.ask, asked)


def _assignments(request: Request, template: str) -> HTMLResponse:
    course_id = request.path_params["course_id"]
    acting(request, course_id)
    context = _list(request, course_id)
    query = request.query_params
    only = viewer(request).sections(course_id)
    choice = _choice(query.getlist, only, was_shown="shown" in query, sort=query.get("sort", "name"))
    seen = context["seen"]
    found = windows.lines(seen, choice) if seen else []
    return _window(request, template, course_id, lines=found, choice=choice, **context)


def _list(request: Request, course_id: str) -> dict[str, Any]:
    """Give the newest list of the course, when it was read, and what is being read now."""
    here = site(request)
    only = viewer(request).sections(course_id)
    seen, made = here.warehouse.read(_latest, course_id, only)
    reading = next((_told(each, only) for each in made if each.kind in LISTS), None)
    listed = next((each for each in made if each.kind in LISTS and each.found), None)
    return {
        "limited": only is not None,
        "seen": seen,
        "listed": listed,
        "reading": reading,
        "late": reading is not None and reading.step is None and here.clock() - reading.asked_at > LATE,
        "running": reading is not None and reading.is_open,
    }


def _latest(session: Connection, course_id: str, only: Only) -> tuple[Outlook | None, list[requests.Request]]:
    made = requests.of_course(session, course_id)
    listed = next((each for each in made if each.kind in LISTS and each.found), None)
    kept = requests.outlook(session, listed.request_id) if listed else None
    return (_as_seen(outlook.read(kept), only) if kept else None), made


def _drawn_from(session: Connection, course_id: str, only: Only, form: Form) -> Outlook | None:
    """Read the list that a form was drawn from, so that it changes what its page showed, and no more.

    Of a form that does not say, the newest; None where it is past its age.
    """
    named = "".join(form["seen"][:1])
    if not named:
        return _latest(session, course_id, only)[0]
    asked = requests.request(session, named)
    kept = requests.outlook(session, named) if asked and asked.course_id == course_id else None
    return _as_seen(outlook.read(kept), only) if kept else None


def _as_seen(found: Outlook, only: Only) -> Outlook:
    return found if only is None else found.of_sections(only)


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
    here, session = site(request), viewer(request).session
    shared = {
        "canvas": " ".join(request.app.state.tool.registration.frame_origins),
        "links": Links(request),
        "course_id": course_id,
        "name": here.course_name(request, course_id),
        "token": session.form_token if session else "",
        "refresh": 2,
        "ended": "Done.",
    }
    return here.render(template, shared | context)


def _choice(listed: Callable[[str], list[str]], only: Only, *, was_shown: bool, sort: str = "name") -> Picked:
    sections = frozenset(filter(None, listed("section")))
    _require_theirs(sections, only)
    return Picked(
        sections=sections or None,
        assignments=frozenset(listed("assignment")) if was_shown else None,
        sort=sort,
    )


def _require_theirs(sections: frozenset[str], only: Only) -> None:
    if only is not None and not sections <= only:
        raise HTTPException(404, "There is no such section here.")


def _window_of(form: Form) -> str:
    [window] = form["window"][:1] or ["sync"]
    return window if window in ("sync", "remaster", "categories") else "sync"


def _selected(form: Form, seen: Outlook | None, only: Only) -> dict[str, Any]:
    if seen is None:
        raise HTTPException(409, "The course's assignments are to be read again first.")
    choice = _choice(lambda name: form[name], only, was_shown=True)
    if not windows.chosen_any(seen, choice):
        raise HTTPException(400, "No assignment was chosen. Go back and choose one.")
    return windows.selection(seen, choice, whole=only is None)


def _previewed(form: Form, seen: Outlook | None, only: Only) -> dict[str, Any]:
    sync_type = "remaster" if form["type"] == ["remaster"] else "manual"
    return _selected(form, seen, only) | {"type": sync_type}


def _as_previewed(form: Form, seen: Outlook | None, only: Only) -> dict[str, Any]:
    """Take a selection as the page of a preview has it, or as a window does."""
    if form["as"] != ["previewed"]:
        return _selected(form, seen, only)
    _require_theirs(frozenset(form["sections"]), only)
    if only is not None and not form["sections"]:  # none would be all
        raise HTTPException(400, "No section was chosen. Go back and choose one.")
    return {name: form[name] for name in ("sections", "assignments")}


def _edits(form: Form, seen: Outlook | None, _only: Only) -> dict[str, Any]:
    if seen is None:
        raise HTTPException(409, "The course's categories are to be read again first.")
    rows = {(g.group_id, row.section_id): row for g in seen.groups for row in g.sections}
    edits = []
    for each in form["category"]:
        group_id, _, rest = each.partition(":")
        section_id, _, category_id = rest.partition(":")
        row = rows.get((group_id, section_id))
        if row is None or (category_id and category_id not in row.offered):
            raise HTTPException(400, "What was chosen is not on the list any more. Read it again.")
        if (category_id or None) != row.category_id:
            edit = {"group_id": group_id, "section_id": section_id, "category_id": category_id or None}
            edits.append(edit)
    return {"edits": edits}


_WANTED: Mapping[str, Callable[[Form, Outlook | None, Only], dict[str, Any]]] = {
    "read": lambda _form, _seen, _only: {},
    "preview": _previewed,
    "sync": _as_previewed,
    "remaster": _as_previewed,
    "categories": _edits,
    "nightly": lambda form, _seen, _only: {"enabled": form["enabled"] == ["true"]},
}
