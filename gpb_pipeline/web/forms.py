"""Forms of the desk: from our own page, with the session's token, of someone who may; else refused."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Collection
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gpb_pipeline.lti.sessions import Session
from gpb_pipeline.web.access import Viewer
from gpb_pipeline.web.query import one_thing, unclear
from gpb_pipeline.web.readable import MOST, fault_of_fields
from gpb_pipeline.web.site import viewer
from gpb_pipeline.web.tool import Tool

BODY = 512 * 1024
"""Bytes: the form of 1,000 assignments has some 40 kB."""

Form = defaultdict[str, list[str]]


def acting(request: Request, course_id: str) -> Session:
    """Give the session of someone who may act on a course; 404 where they may not even see it, else 403."""
    who = viewer(request)
    if not who.may_see(course_id):
        raise HTTPException(404, "There is no such course here.")
    if who.session is None:
        raise HTTPException(403, "This is done from Canvas; the data team has `gpb` and Dagster for it.")
    if only_looks := why_only_looking(who, course_id):
        raise HTTPException(403, only_looks)
    return who.session


async def posted(request: Request, session: Session, tool: Tool) -> Form:
    """Read a form that our own page sent; 403 for one from elsewhere or without the session's token."""
    if not _is_from_here(request, tool):
        raise HTTPException(403, "This form did not come from Grade Sync. Open it again from Canvas.")
    form = await fields(request)
    token = single(form, "token")
    if not hmac.compare_digest(token.encode(), session.form_token.encode()):
        raise HTTPException(403, "This form is of another session. Open Grade Sync again from Canvas.")
    return form


async def looking(request: Request) -> Form:
    """Read a form that changes nothing; of who came from Canvas it is held against their session, too."""
    session = viewer(request).session
    if session is not None:
        return await posted(request, session, request.app.state.tool)
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403, "This form did not come from these pages. Open them, and ask there.")
    return await fields(request)


def why_only_looking(who: Viewer, course_id: str) -> str:
    """Say why who came from Canvas may change nothing in this course of theirs; "" for anybody else."""
    if who.session is None or who.may_act(course_id):
        return ""
    if who.session.entries[course_id].masquerader is not None:
        return "While you act as someone else, nothing is changed here."
    return "Only those who may manage the grades of this course change anything here."


def _is_from_here(request: Request, tool: Tool) -> bool:
    """Say whether our own page sent it: the cookie comes from any page that is framed beside us."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    ours = urlsplit(tool.registration.url)
    return request.headers.get("origin") == f"{ours.scheme}://{ours.netloc}"


async def fields(request: Request) -> Form:
    """Read the fields of a form, whoever sent it; 400 or 413 for what is none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY:
            raise HTTPException(413, "The form is too long.")
    try:
        given = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST)
    except ValueError:
        raise HTTPException(400, "What was sent is no form.") from None
    if wrong := fault_of_fields(given):
        raise HTTPException(400, wrong)
    form: Form = defaultdict(list)
    for name, value in given:
        form[name].append(value)
    return form


def only_one(form: Form, name: str, known: Collection[str], default: str) -> str:
    """Read the one of a few words that a field has; 400 for another, or for two."""
    given = single(form, name) or default
    if given not in known:
        raise unclear(name, "is not one of what there is")
    return given


def single(form: Form, name: str) -> str:
    """Read what a field has, "" where it is not there; 400 where it is there as two things."""
    return one_thing(name, form.get(name, ()))
