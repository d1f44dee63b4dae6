"""The page about a course: its syncs, and what was asked for and has not begun. All courses: front.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gpb_pipeline.passback.nightly import next_nightly
from gpb_pipeline.warehouse import choices, district, history, requests
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.web.desk import TITLES
from gpb_pipeline.web.forms import why_only_looking
from gpb_pipeline.web.query import Links, page_number, window
from gpb_pipeline.web.site import Site, site, viewer
from gpb_pipeline.web.words import words

SYNCS_A_PAGE = 10
ENDED_SHOWN = timedelta(days=2)
"""How long a request that came to nothing is told above the history."""


@dataclass(frozen=True, kw_only=True)
class CourseRecord:
    """What the warehouse has for a course's page, read in one."""

    jobs: Sequence[Job]
    name: str | None
    nightly: choices.NightlyCourses
    made: Sequence[requests.Request]


def course(request: Request) -> HTMLResponse:
    """Show a course's syncs, ten a page, newest first."""
    here = site(request)
    course_id = request.path_params["course_id"]
    if not viewer(request).may_see(course_id):
        raise HTTPException(404, _UNKNOWN)
    known = here.warehouse.read(_known, course_id, default=here.nightly.default)
    if any(job.status == "Running" for job in known.jobs):
        history.fail_dead_jobs_at_once(here.warehouse)
        known = here.warehouse.read(_known, course_id, default=here.nightly.default)
    jobs, name = known.jobs, known.name
    if not jobs and name is None and viewer(request).session is None:
        raise HTTPException(404, _UNKNOWN)
    asked = _asked(here, known)
    number, last = window(page_number(request), len(jobs), SYNCS_A_PAGE)
    return here.render(
        "course.html",
        {
            "links": Links(request),
            "course_id": course_id,
            "name": name or viewer(request).course_name(course_id) or f"Course {course_id}",
            "jobs": here.as_seen(request, jobs[SYNCS_A_PAGE * (number - 1) : SYNCS_A_PAGE * number]),
            "limited": viewer(request).sections(course_id) is not None,
            "total": len(jobs),
            "number": number,
            "last": last,
            "running": any(each.is_open for each in asked) or any(job.status == "Running" for job in jobs),
            "asked": asked,
            "titles": TITLES,
            "words": words(request),
            "may_act": viewer(request).may_act(course_id),
            "token": viewer(request).form_token,
            "only_looks": why_only_looking(viewer(request), course_id),
            "nightly_is_on": here.nightly.enabled,
            "opted_in": course_id in known.nightly,
            "by_default": known.nightly.by_default(course_id),
            "next_nightly": next_nightly(here.clock(), here.nightly.at, here.zone),
        },
    )


def _known(session: Connection, course_id: str, *, default: bool) -> CourseRecord:
    return CourseRecord(
        jobs=history.jobs(session, course_id),
        name=district.course_name(session, course_id),
        nightly=choices.nightly_courses(session, default=default),
        made=requests.of_course(session, course_id),
    )


def _asked(here: Site, known: CourseRecord) -> list[requests.Request]:
    """List what was asked for and is not in the history yet: waiting, or ended without a sync.

    What came to nothing and was asked for again since is told by what became of that.
    """
    listed = {job.job_id for job in known.jobs}
    untold = [each for each in known.made if each.job_id not in listed]
    newest = {(each.kind, str(each.wanted)): each.request_id for each in reversed(known.made)}
    since = here.clock() - ENDED_SHOWN
    failed = ("Failed", "Not launched in time")
    told = {each.request_id for each in untold if each.status in failed and each.asked_at > since} & {
        *newest.values()
    }
    return [each for each in untold if each.is_open or each.request_id in told]


_UNKNOWN = "There is no such course here."
