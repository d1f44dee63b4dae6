"""What a form of the desk asks for: read from its fields, and held against what its page showed.

What becomes of a wish is desk.py's to write down; where a form comes from is forms.py's to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException

from gpb_pipeline import outlook
from gpb_pipeline.errors import UsageError
from gpb_pipeline.outlook import Outlook
from gpb_pipeline.passback.categories.edits import Edit, one_a_row
from gpb_pipeline.warehouse import requests
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.requests import Request, RequestKind
from gpb_pipeline.web import previewed, windows
from gpb_pipeline.web.forms import Form, only_one, single
from gpb_pipeline.web.query import unclear
from gpb_pipeline.web.windows import Picked

LISTS: tuple[RequestKind, ...] = ("read", "categories")
"""The kinds whose outcome has the course's whole list."""
PREVIEW_HOLDS = timedelta(minutes=30)
"""For which what a preview showed may be sent; after that it is to be made again."""

Only = frozenset[str] | None
"""The sections that whoever asks is limited to; None for all."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What a form was drawn from: the list or the preview on its page.

    `whole`: uncut by who asks. `sent`: what the preview was confirmed as; `is_past`: it is too old for that.
    """

    seen: Outlook | None
    whole: Outlook | None = None
    preview: Request | None = None
    sent: Request | None = None
    is_past: bool = False


def drawn_from(session: Connection, course_id: str, only: Only, form: Form, now: datetime) -> Drawn:
    """Read what a form was drawn from, so that it asks for what its page showed, and no more.

    Of a form that does not say, the newest list; nothing where it is past its age.
    """
    confirmed, named = single(form, "previewed"), single(form, "seen")
    made = requests.of_course(session, course_id)
    asked = next((each for each in made if each.request_id == (confirmed or named)), None)
    if not confirmed and not named:
        asked = newest_list(made)
    kept = requests.outlook(session, asked.request_id) if asked else None
    whole = outlook.read(kept) if kept else None
    preview = asked if confirmed else None
    return Drawn(
        seen=as_seen(whole, only) if whole else None,
        whole=whole,
        preview=preview,
        sent=sent(preview, made, whole) if preview and whole else None,
        is_past=preview is not None and is_past(preview, made, now),
    )


def newest_list(made: Sequence[Request]) -> Request | None:
    """Find the course's newest list that is still kept."""
    return next((each for each in made if each.kind in LISTS and each.found), None)


def is_past(preview: Request, made: Sequence[Request], now: datetime) -> bool:
    """Whether a preview is too old to be sent, or the course was read again since."""
    listed = newest_list(made)
    return now - preview.asked_at > PREVIEW_HOLDS or (
        listed is not None and listed.asked_at > preview.asked_at
    )


def sent(preview: Request, made: Sequence[Request], found: Outlook) -> Request | None:
    """Find what a preview was confirmed as: the same, asked for since or still waiting."""
    if preview.kind != "preview":
        return None
    kind: RequestKind = "remaster" if preview.wanted["type"] == "remaster" else "sync"
    names = confirmed(preview, found)
    return requests.same(made, kind, names, since=preview.asked_at)


def confirmed(preview: Request, found: Outlook) -> dict[str, Any]:
    """Name what a preview showed as going: nothing that came since is sent with it."""
    return {
        "sections": preview.wanted["sections"],
        "assignments": previewed.going(as_asked(found, preview)),
    }


def as_seen(found: Outlook, only: Only) -> Outlook:
    return found if only is None else found.of_sections(only)


def as_asked(found: Outlook, preview: Request) -> Outlook:
    """Leave out of what a preview found what it was not asked about; what is the course's stays."""
    asked = found.of_assignments(frozenset(preview.wanted["assignments"]))
    of_course = tuple(each for each in asked.causes if each.section_id is None)
    theirs = asked.of_sections(preview.wanted["sections"])
    return replace(theirs, causes=theirs.causes + of_course)


def chosen_of(wanted: Mapping[str, Any]) -> Picked:
    """Give what a preview was asked about as a choice, to come back to."""
    return Picked(sections=frozenset(wanted["sections"]), assignments=frozenset(wanted["assignments"]))


def require_theirs(sections: frozenset[str], only: Only) -> None:
    """Raise 404 for a section of others."""
    if only is not None and not sections <= only:
        raise HTTPException(404, "There is no such section here.")


def is_remaster(form: Form) -> bool:
    """Whether a window's form is of a remaster."""
    return only_one(form, "type", ("", "remaster"), "") == "remaster"


def picked(form: Form, only: Only) -> Picked:
    """Read what a window's form chose; a remaster's is of all sections, whichever are looked at."""
    sections = None if is_remaster(form) else frozenset(form["section"])
    require_theirs(sections or frozenset(), only)
    return Picked(sections=sections, assignments=frozenset(form["assignment"]))


def chose_all(form: Form, drawn: Drawn, only: Only) -> bool:
    """Whether a window's form left everything selected, or had nothing to select."""
    if drawn.seen is None or not form["shown"]:
        return True
    choice = picked(form, only)
    sections = choice.sections is None or choice.sections >= drawn.seen.sections.keys()
    return sections and windows.all_assignments(drawn.seen, choice)


def _chosen(form: Form, drawn: Drawn, only: Only) -> tuple[Outlook, Picked]:
    if drawn.seen is None:
        raise HTTPException(409, "The course's assignments are to be read again first.")
    choice = picked(form, only)
    if choice.sections is not None:
        known = choice.sections & drawn.seen.sections.keys()
        if not known:
            raise HTTPException(400, "No section was chosen. Go back and choose one.")
        choice = replace(choice, sections=known)
    if not windows.selection(drawn.seen, choice)["assignments"]:
        raise HTTPException(400, "No assignment was chosen. Go back and choose one.")
    return drawn.seen, choice


def _preview(form: Form, drawn: Drawn, only: Only) -> dict[str, Any]:
    sync_type = "remaster" if is_remaster(form) else "manual"
    return windows.looked_at(*_chosen(form, drawn, only)) | {"type": sync_type}


def _sync(form: Form, drawn: Drawn, only: Only) -> dict[str, Any]:
    if form["previewed"]:
        return _confirmed(drawn, only, "manual")
    return windows.selection(*_chosen(form, drawn, only))


def _remaster(_form: Form, drawn: Drawn, only: Only) -> dict[str, Any]:
    return _confirmed(drawn, only, "remaster")


def _confirmed(drawn: Drawn, only: Only, sync_type: str) -> dict[str, Any]:
    preview, too_old = drawn.preview, drawn.is_past and drawn.sent is None
    if preview is None or drawn.seen is None or preview.wanted.get("type") != sync_type or too_old:
        raise HTTPException(409, "What would be sent is to be looked at first, or anew. Preview it again.")
    require_theirs(frozenset(preview.wanted["sections"]), only)
    wanted = confirmed(preview, drawn.seen)
    if not wanted["assignments"]:
        raise HTTPException(400, "None of these assignments can go. Nothing is sent.")
    return wanted


def _edits(form: Form, drawn: Drawn, _only: Only) -> dict[str, Any]:
    if drawn.seen is None:
        raise HTTPException(409, "The course's categories are to be read again first.")
    rows = {(g.group_id, row.section_id): row for g in drawn.seen.groups for row in g.sections}
    if rows and not form["category"]:
        raise unclear("category", "is missing")
    try:
        asked = one_a_row(map(_edit, form["category"]))
    except UsageError:
        raise unclear("category", "is given as two things for one section") from None
    edits = []
    for edit in asked:
        row = rows.get((edit.group_id, edit.section_id))
        if row is None or edit.category_id not in {None, *row.offered}:
            raise HTTPException(400, "What was chosen is not on the list any more. Read it again.")
        if edit.category_id != row.category_id:
            edits.append(asdict(edit))
    return {"edits": edits}


def _edit(option: str) -> Edit:
    """Read what an option of the window's drop-downs stands for."""
    group_id, _, rest = option.partition(":")
    section_id, _, category_id = rest.partition(":")
    return Edit(group_id=group_id, section_id=section_id, category_id=category_id or None)


WANTED: Mapping[str, Callable[[Form, Drawn, Only], dict[str, Any]]] = {
    "read": lambda _form, _drawn, _only: {},
    "preview": _preview,
    "sync": _sync,
    "remaster": _remaster,
    "categories": _edits,
    "nightly": lambda form, _drawn, _only: {
        "enabled": only_one(form, "enabled", ("true", "false"), "") == "true"
    },
}
