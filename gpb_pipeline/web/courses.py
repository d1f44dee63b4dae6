"""The pages about courses: all of them at a glance, and the history of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gpb_pipeline.passback.nightly import last_nightly, next_nightly
from gpb_pipeline.warehouse import choices, district, history, requests
from gpb_pipeline.warehouse.district import Cause, CourseLine, District
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.web.desk import TITLES
from gpb_pipeline.web.query import Links, page_number, window
from gpb_pipeline.web.site import Site, site, viewer

COURSES_A_PAGE = 25
SYNCS_A_PAGE = 10
CAUSES_SHOWN = 8
ENDED_SHOWN = timedelta(days=2)
"""How long a request that came to nothing is told above the history."""
STATUSES = ("Running", "Completed", "Completed (with errors)", "Failed", "Never synced")


@dataclass(frozen=True)
class Actor:
    """Someone who must act: on how many items, in how many courses."""

    who: str
    items: int
    courses: int


def all_courses(request: Request) -> HTMLResponse:
    """Show what failed tonight, the most common causes, who must act, and every course."""
    here = site(request)
    since = last_nightly(here.clock(), here.nightly.at, here.zone)
    allowed, only = viewer(request).courses, viewer(request).limited
    found = here.warehouse.read(district.district, since=since, course_ids=allowed, only=only)
    if any(line.last and line.last.status == "Running" for line in found.courses):
        history.fail_dead_jobs(here.warehouse)
        found = here.warehouse.read(district.district, since=since, course_ids=allowed, only=only)
    shown = _asked_for(request, found)
    number, last = window(page_number(request), len(shown), COURSES_A_PAGE)
    asked = request.query_params
    return here.render(
        "courses.html",
        {
            "links": Links(request),
            "found": found,
            "names": {line.course_id: line.name for line in found.courses},
            "causes": found.causes[:CAUSES_SHOWN],
            "actors": _actors(found.causes),
            "lines": shown[COURSES_A_PAGE * (number - 1) : COURSES_A_PAGE * number],
            "total": len(shown),
            "number": number,
            "last": last,
            "statuses": STATUSES,
            "words": asked.get("q", ""),
            "status": asked.get("status", ""),
            "code": asked.get("code", ""),
            "nightly_is_on": here.nightly.enabled,
        },
    )


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


def _asked_for(request: Request, found: District) -> list[CourseLine]:
    asked = request.query_params
    words, status, code = asked.get("q", "").strip().casefold(), asked.get("status"), asked.get("code")
    met = {course_id for cause in found.causes if cause.code == code for course_id in cause.courses}
    return [
        line
        for line in found.courses
        if (not words or words in line.name.casefold() or words == line.course_id)
        and (not status or status == _status(line.last))
        and (not code or line.course_id in met)
    ]


def _status(job: Job | None) -> str:
    return job.status if job else "Never synced"


def _actors(causes: list[Cause]) -> list[Actor]:
    by_who: defaultdict[str, list[Cause]] = defaultdict(list)
    for cause in causes:
        by_who[cause.meaning.who].append(cause)
    actors = [
        Actor(who, sum(cause.items for cause in own), len(frozenset[str]().union(*(c.courses for c in own))))
        for who, own in by_who.items()
    ]
    return sorted(actors, key=lambda actor: -actor.items)
