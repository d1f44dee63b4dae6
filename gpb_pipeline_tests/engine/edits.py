"""What people do between two syncs: teachers in Canvas, the office in the SIS. When, story.py says."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from gpb_pipeline.sandbox.district import CourseContent
from gpb_pipeline.sandbox.districts import district_named
from gpb_pipeline.sandbox.serve import Side

TODAY = date(2026, 11, 24)
DISTRICT = "courses=10,seed=1,students=5,assignments=3,sections=2"
_SCHOOL = district_named(DISTRICT, TODAY)
COURSES = sorted(_SCHOOL.courses)
Nature = Literal["consumer", "provider"]


@dataclass(frozen=True)
class Edit:
    """One request to a sandbox's control surface; `undo` ends what only bars for a while."""

    words: str
    side: Side
    method: str
    path: str
    body: Any = None
    undo: "Edit | None" = None


def edited(dice: random.Random, course_id: int, nature: Nature) -> Edit:
    """Draw one of all that may be done."""
    content = _SCHOOL.contents[course_id]
    what = dice.random()
    if what < 0.6:
        return _submission(dice, content)
    if what < 0.75:
        return _assignment(dice, content)
    if what < 0.85:
        return _enrollment(dice, content)
    return _office(dice, content, nature)


def _submission(dice: random.Random, content: CourseContent) -> Edit:
    n, who = dice.randrange(len(content.assignments)), dice.randrange(len(content.enrollments))
    assignment, user_id = content.assignments[n], content.enrollments[who].user_id
    score = dice.randint(0, int(2 * (assignment.points_possible or 0))) / 2
    acts: Sequence[dict[str, Any]] = (
        {"score": score},
        {"score": score},
        {"score": score},
        {"score": None},
        {"score": None},
        {"excused": True},
        {"excused": False},
        {"hidden": True},
        {"hidden": False},
    )
    act = dice.choice(acts)
    path = f"/courses/{content.course.id}/submissions/{assignment.id}/{user_id}"
    return Edit(f"student {who} in assignment {n}: {_told(act)}", "canvas", "PATCH", path, act)


def _assignment(dice: random.Random, content: CourseContent) -> Edit:
    n = dice.randrange(len(content.assignments))
    assignment = content.assignments[n]
    number = dice.randint(1, 99)
    changes: Sequence[dict[str, Any]] = (
        {"name": f"Essay {number} of {n}"},
        {"due_at": f"2026-11-{dice.randint(2, 27):02d}T17:00:00Z"},
        {"points_possible": float(100 + number)},
        {"post_to_sis": False},
        {"post_to_sis": True},
        {"published": False},
        {"published": True},
    )
    change = dice.choice(changes)
    path = f"/courses/{content.course.id}/assignments/{assignment.id}"
    return Edit(f"assignment {n}: {_told(change)}", "canvas", "PATCH", path, change)


def _enrollment(dice: random.Random, content: CourseContent) -> Edit:
    who = dice.randrange(len(content.enrollments))
    state = {"state": dice.choice(("inactive", "completed", "active"))}
    path = f"/courses/{content.course.id}/enrollments/{content.enrollments[who].id}"
    return Edit(f"student {who}: {state['state']}", "canvas", "PATCH", path, state)


def _office(dice: random.Random, content: CourseContent, nature: Nature) -> Edit:
    """A student is off the roster, or the grading period closed, until it is undone."""
    if dice.random() < 0.5:
        period = "/grading_periods/MP2"
        undo = Edit("", "sis", "PATCH", period, {"closed": False})
        return Edit("the SIS closes the period", "sis", "PATCH", period, {"closed": True}, undo)
    who = dice.randrange(len(content.enrollments))
    enrollment = content.enrollments[who]
    section = next(each for each in content.sections if each.id == enrollment.section_id)
    own = "own-" if nature == "provider" else ""
    student = content.people[enrollment.user_id].sis_id
    path = f"/rosters/{own}{section.sis_id}/{own}{student}"
    undo = Edit("", "sis", "PUT", path)
    return Edit(f"the SIS takes student {who} off the roster", "sis", "DELETE", path, None, undo)


def _told(change: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in change.items())
