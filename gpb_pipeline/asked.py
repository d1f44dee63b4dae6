"""What a command or a form was asked to work on, held against Canvas before anything of it is on record.

Wrong usage enters no history and makes no partition, so it must be found here, and not in the sync; it is
told by the name of the field where it was given.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import course_named, course_path
from gpb_pipeline.canvas.errors import NotFoundError
from gpb_pipeline.course_names import COMMAND_LINE, Fields, plain_id, require_names
from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.term import ListedCourse, names_of
from gpb_pipeline.settings import CanvasSettings


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
    known = _found(canvas, courses)
    for course_id in known.course_ids:
        require_parts(canvas, course_id, sections=sections, assignments=assignments)
    return known


def to_switch(
    names: Sequence[str], *, switched: Collection[str] = (), fields: Fields = COMMAND_LINE
) -> list[str]:
    """Give the own ids of courses whose nightly sync is switched; those `switched` before may be gone by now.

    Raises UsageError for what cannot be a course, and for those that Canvas does not have.
    """
    require_names(names, fields)
    taken = [plain for plain in map(plain_id, names) if plain in switched]
    others = [name for name in names if plain_id(name) not in switched]
    if not others:
        return taken
    with CanvasClient(CanvasSettings.load()) as canvas:
        known = _found(canvas, others)
    if known.unknown:
        raise UsageError(
            "Canvas has no such course, or hides it from this token; nothing was switched",
            item=", ".join(each.item for each in known.unknown),
            remedy="List the courses with `gpb courses`.",
        )
    return list(dict.fromkeys([*taken, *known.course_ids]))


def _found(canvas: CanvasClient, courses: Sequence[str]) -> KnownCourses:
    found: dict[str, None] = {}
    unknown: list[NotFoundError] = []
    for name in dict.fromkeys(each.strip() for each in courses):
        try:
            found[course_named(canvas, name).course_id] = None
        except NotFoundError as missing:
            unknown.append(missing)
    return KnownCourses(course_ids=list(found), unknown=unknown)


def own_ids(courses: Sequence[str], fields: Fields = COMMAND_LINE) -> list[str]:
    """Give each course's own id, once, by whatever name it was asked for: only a SIS course id needs Canvas.

    Raises UsageError for what cannot be a course, NotFoundError for a SIS course id unknown to Canvas.
    """
    require_names(courses, fields)
    plain = [plain_id(name) for name in courses]
    if all(name.isdecimal() for name in plain):
        return list(dict.fromkeys(plain))
    with CanvasClient(CanvasSettings.load()) as canvas:
        own = (name if name.isdecimal() else course_named(canvas, name).course_id for name in plain)
        return list(dict.fromkeys(own))


def those_listed(
    listed: Sequence[ListedCourse], given: Sequence[str], *, argument: str, what: str, remedy: str
) -> frozenset[str]:
    """Find courses among these by whatever name; raises UsageError for those that are none of them."""
    names = names_of(listed)
    asked = [plain_id(name) for name in given]
    if unknown := [name for name in asked if name not in names]:
        raise UsageError(what, item=f"{argument} {', '.join(unknown)}", remedy=remedy)
    return frozenset(names[name] for name in asked)


def require_one_course(courses: Sequence[str], chosen: Sequence[str], fields: Fields = COMMAND_LINE) -> None:
    """Raise UsageError where sections or assignments were chosen for more than one course."""
    if chosen and len(courses) > 1:
        raise UsageError(
            f"sections or assignments were chosen for {len(courses)} courses",
            item=f"{fields.section}, {fields.assignment}",
            remedy="Choose them for one course at a time.",
        )


def require_parts(
    canvas: CanvasClient,
    course_id: str,
    fields: Fields = COMMAND_LINE,
    *,
    sections: Collection[str] = (),
    assignments: Collection[str] = (),
) -> None:
    """Raise UsageError for a section or an assignment that the course does not have."""
    _require_part(canvas, course_id, "section", sections, fields.section)
    _require_part(canvas, course_id, "assignment", assignments, fields.assignment)


def _require_part(
    canvas: CanvasClient, course_id: str, part: str, chosen: Collection[str], field: str
) -> None:
    if not chosen:
        return
    rows = canvas.pages(f"{course_path(course_id)}/{part}s", item=f"course {course_id}, {part}s")
    unknown = sorted(set(chosen) - {str(each.get("id")) for each in rows})
    if unknown:
        raise UsageError(
            f"the course has no {part} {', '.join(unknown)}",
            item=f"course {course_id}, {field}",
            remedy=f"See `gpb assignments {course_id}` for what there is.",
        )
