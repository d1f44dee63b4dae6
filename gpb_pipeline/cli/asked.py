"""What a command was asked to work on, held against Canvas before anything of it is put on record.

Wrong usage enters no history and makes no partition, so it must be found here, and not in the run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import course_named, course_path
from gpb_pipeline.canvas.errors import NotFoundError
from gpb_pipeline.errors import UsageError
from gpb_pipeline.settings import CanvasSettings

_COURSE = re.compile(r"[0-9]+|sis_course_id:\S.*")


@dataclass(frozen=True, kw_only=True)
class KnownCourses:
    """The courses that there are, by their canonical ids, and what to say of each that there is not."""

    course_ids: list[str]
    unknown: list[NotFoundError]


def asked_for(
    canvas: CanvasClient,
    courses: Sequence[str],
    *,
    sections: Collection[str] = (),
    assignments: Collection[str] = (),
) -> KnownCourses:
    """Find the courses; raises UsageError for what cannot be a course, or is nothing of the one course.

    An error of Canvas that is no answer about a course (a token refused, no network) is raised as it is.
    """
    require_names(courses)
    require_one_course(courses, [*sections, *assignments])
    found: dict[str, None] = {}
    unknown: list[NotFoundError] = []
    for name in dict.fromkeys(each.strip() for each in courses):
        try:
            found[course_named(canvas, name).course_id] = None
        except NotFoundError as missing:
            unknown.append(missing)
    for course_id in found:
        _require_part(canvas, course_id, "section", sections)
        _require_part(canvas, course_id, "assignment", assignments)
    return KnownCourses(course_ids=list(found), unknown=unknown)


def own_ids(courses: Sequence[str]) -> list[str]:
    """Give each course's own id, once, by whatever name it was asked for: only a SIS course id needs Canvas.

    Raises UsageError for what cannot be a course, NotFoundError for a SIS course id that Canvas has not.
    """
    require_names(courses)
    return list(dict.fromkeys(_own_id(plain_id(name)) for name in courses))


def plain_id(name: str) -> str:
    """Give a course's number as Canvas spells it; a SIS course id stays what it is."""
    name = name.strip()
    return (name.lstrip("0") or "0") if name.isdecimal() else name


def _own_id(name: str) -> str:
    if name.isdecimal():
        return name
    with CanvasClient(CanvasSettings.load()) as canvas:
        return course_named(canvas, name).course_id


def require_names(courses: Sequence[str]) -> None:
    """Raise UsageError for what is neither a Canvas course id nor a SIS course id."""
    for name in courses:
        if not _COURSE.fullmatch(name.strip()):
            raise UsageError(
                "is no course id",
                item=f"COURSE {name!r}",
                remedy="Give Canvas's number of the course (`gpb courses`), or sis_course_id:….",
            )


def require_one_course(courses: Sequence[str], chosen: Sequence[str]) -> None:
    """Raise UsageError where sections or assignments were chosen for more than one course."""
    if chosen and len(courses) > 1:
        raise UsageError(
            f"sections or assignments were chosen for {len(courses)} courses",
            item="--section, --assignment",
            remedy="Choose them for one course at a time.",
        )


def _require_part(canvas: CanvasClient, course_id: str, part: str, chosen: Collection[str]) -> None:
    if not chosen:
        return
    rows = canvas.pages(f"{course_path(course_id)}/{part}s", item=f"course {course_id}, {part}s")
    unknown = sorted(set(chosen) - {str(each.get("id")) for each in rows})
    if unknown:
        raise UsageError(
            f"the course has no {part} {', '.join(unknown)}",
            item=f"course {course_id}, --{part}",
            remedy=f"See `gpb assignments {course_id}` for what there is.",
        )
