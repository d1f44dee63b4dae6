"""The page about a course: its syncs, and what was asked for and has not begun. All courses: front.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gpb_pipeline.passback.nightly import next_nightly
from gpb_pipeline.warehouse import choices, district, history, requests
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.web.desk import TITLES
from gpb_pipeline.web.query import Links, page_number, window
from gpb_pipeline.web.site import Site, site, viewer

SYNCS_A_PAGE = 10
ENDED_SHOWN = timedelta(days=2)
"""How long a request that came to nothing is told above the history."""


def course(request: Request) -> HTMLResponse:
    """Show a course's syncs, ten a page, newest first."""
    here = site(request)
    course_id = request.path_params["course_id"]
    if not viewer(request).may_see(course_id):
        raise HTTPException(404, _UNKNOWN)
    jobs = here.warehouse.read(history.jobs, course_id)
    if any(job.status == "Running" for job in jobs):
        history.fail_dead_jobs(here.warehouse)
        jobs = here.warehouse.read(history.jobs, course_id)
    name = here.warehouse.read(district.course_name, course_id)
    if not jobs and name is None and viewer(request).session is None:
        raise HTTPException(404, _UNKNOWN)
    chosen = here.warehouse.read(choices.nightly)
    asked = _asked(here, course_id, jobs)
    number, last = window(page_number(request), len(jobs), SYNCS_A_PAGE)
    return here.render(
        "course.html",
        {
            "links": Links(request),
            "course_id": course_id,
            "name": here.course_name(request, course_id),
            "jobs": here.as_seen(request, jobs[SYNCS_A_PAGE * (number - 1) : SYNCS_A_PAGE * number]),
            "limited": viewer(request).sections(course_id) is not None,
            "total": len(jobs),
            "number": number,
            "last": last,
            "running": any(each.is_open for each in asked) or any(job.status == "Running" for job in jobs),
            "asked": asked,
            "titles": TITLES,
            "may_act": viewer(request).may_act(course_id),
            "nightly_is_on": here.nightly.enabled,
            "opted_in": course_id in set(chosen["course_id"][chosen["enabled"]]),
            "next_nightly": next_nightly(here.clock(), here.nightly.at, here.zone),
        },
    )


def _asked(here: Site, course_id: str, jobs: Sequence[Job]) -> list[requests.Request]:
    """List what was asked for and is not in the history yet: waiting, or ended without a sync."""
    made = here.warehouse.read(requests.of_course, course_id)
    listed = {job.job_id for job in jobs}
    untold = [each for each in made if each.job_id not in listed]
    since = here.clock() - ENDED_SHOWN
    failed = ("Failed", "Not launched in time")
    return [each for each in untold if each.is_open or (each.status in failed and each.asked_at > since)]


_UNKNOWN = "There is no such course here."
