"""A term's courses as an account lists them: which are switched on for every night, and why not the others.

Pure. Where the list comes from is canvas/courses.py's, who asked for which term gpb_pipeline/terms.py's.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gpb_pipeline.passback.course import Course


@dataclass(frozen=True, kw_only=True)
class Term:
    """An enrollment term; `starts_at` is ISO 8601 text in UTC, None where it has no beginning."""

    term_id: str
    name: str
    sis_term_id: str | None
    starts_at: str | None

    def __str__(self) -> str:
        return f"{self.name} ({self.term_id})"


@dataclass(frozen=True, kw_only=True)
class ListedCourse:
    """A course with what only the account's list says of it; of a `restricted` one that is its id alone."""

    course: Course
    code: str
    term: Term | None
    restricted: bool = False


def names_of(listed: Sequence[ListedCourse]) -> dict[str, str]:
    """Give each course's own id by every name that it may be asked for by."""
    own = {each.course.course_id: each.course.course_id for each in listed}
    by_sis_id = {
        f"sis_course_id:{each.course.sis_course_id}": each.course.course_id
        for each in listed
        if each.course.sis_course_id
    }
    return by_sis_id | own


@dataclass(frozen=True, kw_only=True)
class Switched:
    """The last choice of someone for a course's nightly sync."""

    enabled: bool
    by: str


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A course that is not switched on, and why."""

    course: Course
    why: str


@dataclass(frozen=True, kw_only=True)
class SwitchingOn:
    """What switching a term's courses on means: which are, and which are not."""

    courses: tuple[Course, ...]
    left_out: tuple[LeftOut, ...]


def switching_on(
    listed: Sequence[ListedCourse], chosen: Mapping[str, Switched], *, excepted: Collection[str] = ()
) -> SwitchingOn:
    """Judge each course of a term; `chosen` is by course id.

    Whoever switched a course off has decided for it: it is switched on by its own id alone.
    """
    why = {
        each.course.course_id: _why_not(each, chosen.get(each.course.course_id), excepted) for each in listed
    }
    courses = [each.course for each in listed]
    return SwitchingOn(
        courses=tuple(course for course in courses if why[course.course_id] is None),
        left_out=tuple(
            LeftOut(course=course, why=reason)
            for course in courses
            if (reason := why[course.course_id]) is not None
        ),
    )


def _why_not(listed: ListedCourse, chosen: Switched | None, excepted: Collection[str]) -> str | None:
    course, by = listed.course, chosen.by if chosen else ""
    reasons = {
        "excepted": course.course_id in excepted,
        "restricted by date, so that Canvas shows the token nothing of it": listed.restricted,
        "a blueprint": course.blueprint,
        "concluded": course.concluded or course.workflow_state == "completed",
        "not published": course.workflow_state != "available",
        "on already": chosen is not None and chosen.enabled,
        f"switched off by {by}": chosen is not None,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)
