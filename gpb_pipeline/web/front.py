"""The front page: a row a course that is unresolved, why, and who must act; the rest by what is asked for.

A course leaves the list when its latest sync is all right. Who came from Canvas sees the courses that they
opened, and what to do in each. One course's history is courses.py's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse

from gpb_pipeline.warehouse import choices, district, history
from gpb_pipeline.warehouse.district import Cause, CourseLine, District
from gpb_pipeline.web.query import Links, one, page_number, window, word
from gpb_pipeline.web.site import site, viewer
from gpb_pipeline.web.words import words

COURSES_A_PAGE = 25
CAUSES_SHOWN = 8
CAUSES_A_COURSE = 2
"""In a course's row; its last sync's details tell the others."""


@dataclass(frozen=True)
class Actor:
    """Someone who must act: on how many items, in how many courses."""

    who: str
    items: int
    courses: int


def all_courses(request: Request) -> HTMLResponse:
    """Show each course that is unresolved, why and who must act; and any other, by what is asked for."""
    here = site(request)
    allowed, only = viewer(request).courses, viewer(request).limited

    def read() -> District:
        default = here.nightly.default
        return here.warehouse.read(district.district, course_ids=allowed, only=only, nightly_default=default)

    found = read()
    if any(line.last and line.last.status == "Running" for line in found.courses):
        history.fail_dead_jobs_at_once(here.warehouse)
        found = read()
    if viewer(request).session:
        return _their_courses(request, found)
    asked = _asked_for(request)
    shown = [line for line in found.courses if asked.takes(line)]
    number, last = window(page_number(request), len(shown), COURSES_A_PAGE)
    return here.render(
        "courses.html",
        {
            "links": Links(request),
            "asked": asked,
            "statuses": {name: sum(map(takes, found.courses)) for name, takes in STATUSES.items()},
            "causes": found.causes,
            "causes_shown": CAUSES_SHOWN,
            "actors": _actors(found.causes),
            "lines": sorted(shown, key=_gravest_first)[
                COURSES_A_PAGE * (number - 1) : COURSES_A_PAGE * number
            ],
            "first_causes": CAUSES_A_COURSE,
            "total": len(shown),
            "number": number,
            "last": last,
            "nightly_is_on": here.nightly.enabled,
            "words": words(request),
        },
    )


def _their_courses(request: Request, found: District) -> HTMLResponse:
    """Show who came from Canvas the few courses that they opened, each with what its last sync left open."""
    here, who = site(request), viewer(request)
    nightly = here.warehouse.read(choices.nightly_courses, default=here.nightly.default)
    new = (who.courses or frozenset()) - {line.course_id for line in found.courses}
    never_read = [
        CourseLine(
            course_id=course_id,
            name=who.course_name(course_id) or f"Course {course_id}",
            last=None,
            causes=(),
            nightly=course_id in nightly,
        )
        for course_id in new
    ]
    return here.render(
        "their_courses.html",
        {
            "links": Links(request),
            "lines": sorted([*found.courses, *never_read], key=lambda line: (line.name, line.course_id)),
            "nightly_is_on": here.nightly.enabled,
            "words": words(request),
        },
    )


def _ended(*statuses: str) -> Callable[[CourseLine], bool]:
    return lambda line: line.last is not None and line.last.status in statuses


UNRESOLVED, EVERY = "Unresolved", "All"
STATUSES: dict[str, Callable[[CourseLine], bool]] = {
    UNRESOLVED: _ended("Failed", "Completed (with errors)"),
    "Failed": _ended("Failed"),
    "Completed (with errors)": _ended("Completed (with errors)"),
    "With warnings": lambda line: line.warnings > 0,
    "Running": _ended("Running"),
    "Completed": _ended("Completed"),
    "Never synced": lambda line: line.last is None,
    EVERY: lambda _: True,
}
"""What the courses can be filtered by: their last syncs' ends, and what these left."""


@dataclass(frozen=True)
class FrontFilter:
    """Which courses an address asks for; without any word of its own, those that are unresolved."""

    words: str
    status: str
    code: str
    who: str

    def takes(self, line: CourseLine) -> bool:
        words = self.words.casefold()
        return (
            STATUSES[self.status](line)
            and (not words or words in line.name.casefold() or words == line.course_id)
            and (not self.code or any(each.code == self.code for each in line.causes))
            and (not self.who or any(each.meaning.who == self.who for each in line.causes))
        )


def _asked_for(request: Request) -> FrontFilter:
    words, code, who = (one(request, name) for name in ("q", "code", "who"))
    status = word(request, "status", STATUSES) or (EVERY if words or code or who else UNRESOLVED)
    return FrontFilter(words, status, code, who)


def _gravest_first(line: CourseLine) -> int:
    return next(number for number, name in enumerate(_GRAVITY) if STATUSES[name](line))


_GRAVITY = [name for name in STATUSES if name != UNRESOLVED]


def _actors(causes: list[Cause]) -> list[Actor]:
    by_who: defaultdict[str, list[Cause]] = defaultdict(list)
    for cause in causes:
        by_who[cause.meaning.who].append(cause)
    actors = [
        Actor(who, sum(cause.items for cause in own), len(frozenset[str]().union(*(c.courses for c in own))))
        for who, own in by_who.items()
    ]
    return sorted(actors, key=lambda actor: -actor.items)
