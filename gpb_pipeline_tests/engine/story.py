"""A story by its seed: what is edited between the syncs of a course, and what goes wrong in each.

The dice fall before anything runs, so that a seed has the same story each time. It is lived in life.py.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline_tests.engine.edits import COURSES, Edit, Nature, edited
from gpb_pipeline_tests.engine.troubles import Harm, Moment, Trouble

CANVAS_LISTS = ("sections", "enrollments", "assignment_groups", "assignments", "submissions")
SIS_READS = (
    "students",
    "categories",
    "(academicSessions|gradingPeriods|terms)",
    "lineItems",
    "results",
    "classes/",
)
BROKEN: tuple[dict[str, Any], ...] = (
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 503, "body": "<html>Down for maintenance</html>"},
    {"effect": "status", "status": 200, "body": "<!doctype html><p>Down for maintenance</p>"},
    {"effect": "throttle", "status": 429},
    {"effect": "lost_answer"},
    {"effect": "reset"},
    {"effect": "cut_body"},
    {"effect": "slow", "seconds": 0.05},
)
CANVAS_ONLY: tuple[dict[str, Any], ...] = (
    {"effect": "throttle", "status": 403},
    {"effect": "short_page"},
    {"effect": "shifting_page"},
    {"effect": "status", "status": 401},
)
SIS_ONLY: tuple[dict[str, Any], ...] = (
    {"effect": "expire_token"},
    {"effect": "expire_token"},
    {"effect": "throttle", "status": 429, "headers": {"Retry-After": "0"}},
    {"effect": "status", "status": 401},
)
WRITES_ONLY: tuple[dict[str, Any], ...] = (
    {"effect": "lost_answer"},
    {"effect": "lost_answer"},
    {"effect": "status_after", "status": 500},
    {"effect": "status_after", "status": 504},
    {"effect": "status", "status": 422},
    {"effect": "status", "status": 201},  # taken, it says, and is not
)
COMMITS = {"consumer": ("begin", "progress"), "provider": ("begin", "bring", "progress")}  # "bring": intents
MOMENTS: tuple[Moment, ...] = ("before", "in", "after")


@dataclass(frozen=True, kw_only=True)
class Night:
    """One sync of the course, or two at once: what was edited before, and what goes wrong in it."""

    type: SyncType
    edits: tuple[Edit, ...] = ()
    canvas_faults: tuple[dict[str, Any], ...] = ()
    sis_faults: tuple[dict[str, Any], ...] = ()
    troubles: tuple[Trouble, ...] = ()
    hours: float = 24.0  # since the one before
    jump: float = 0.0  # of the clock in the middle of it, in hours
    twice: bool = False

    def told(self) -> str:
        edits = ", ".join(each.words for each in self.edits) or "nothing is edited"
        wrong = [f"Canvas: {_fault_told(each)}" for each in self.canvas_faults]
        wrong += [f"SIS: {_fault_told(each)}" for each in self.sis_faults]
        wrong += [str(each) for each in self.troubles]
        wrong += [f"the clock jumps by {self.jump:+g} h"] if self.jump else []
        wrong += ["two syncs at once"] if self.twice else []
        after = f"{self.hours:+g} h"
        return f"{after}, {edits}; a {self.type} sync; {'; '.join(wrong) or 'nothing goes wrong'}"


@dataclass(frozen=True, kw_only=True)
class Story:
    seed: int
    nature: Nature
    course_id: str
    one_by_one: bool  # writes, so that their order is always the same
    stages: bool  # each is committed as it is reached, and not with the end
    page_size: int | None  # of the SIS's lists
    postgresql: bool
    nights: tuple[Night, ...]

    def told(self) -> list[str]:
        writes = "one by one" if self.one_by_one else "side by side"
        where = "PostgreSQL" if self.postgresql else "SQLite"
        pages = f", pages of {self.page_size}" if self.page_size else ""
        first = f"a {self.nature} SIS{pages}, course {self.course_id}, writes {writes}, on {where}"
        first += ", each stage committed" if self.stages else ""
        return [first, *(each.told() for each in self.nights)]


def _fault_told(fault: dict[str, Any]) -> str:
    what = " ".join(str(fault[name]) for name in ("effect", "status") if name in fault)
    times = "always" if fault["times"] is None else f"{fault['times']} ×"
    return f"{what} for {fault['method']} {fault['path']}, {times} after {fault['skip']}"


def story(seed: int, *, postgresql: bool = True) -> Story:
    """Throw the dice; `postgresql`: some seeds may have it as their catalogue."""
    dice = random.Random(seed)
    nature: Nature = dice.choice(("consumer", "provider"))
    course = dice.choice(COURSES)
    scaled_out = dice.random() < 0.02
    kinds = [
        dice.random() < 0.4 for _ in range(dice.choice((1, 2, 2, 3)))
    ]  # of each night: whether it is killed
    one_by_one, page_size = dice.random() < 0.5, dice.choice((None, None, 3))
    postgres = scaled_out and postgresql
    nights = tuple(
        _night(dice, course, nature, first=n == 0, killed=killed, postgres=postgres)
        for n, killed in enumerate(kinds)
    )
    return Story(
        seed=seed,
        nature=nature,
        course_id=str(course),
        one_by_one=one_by_one,
        stages=dice.random() < 0.25,
        page_size=page_size,
        postgresql=postgres,
        nights=nights,
    )


def _night(
    dice: random.Random, course: int, nature: Nature, *, first: bool, killed: bool, postgres: bool
) -> Night:
    edits = tuple(
        edited(dice, course, nature) for _ in range(dice.choice((0, 1)) if first else dice.randint(1, 4))
    )
    sync_type: SyncType = dice.choice(("manual", "nightly", "nightly", "remaster"))
    many = first or sync_type == "remaster"  # writes
    troubles = [_kill(dice, nature, upto=10 if many else 3)] if killed else []
    if dice.random() < (0.7 if postgres else 0.12):
        troubles.append(_harm(dice, nature, postgres=postgres))
    return Night(
        type=sync_type,
        edits=edits,
        canvas_faults=tuple(_canvas_fault(dice) for _ in range(dice.choice((0, 0, 0, 1, 2)))),
        sis_faults=tuple(_sis_fault(dice) for _ in range(dice.choice((0, 0, 1, 1, 2, 3)))),
        troubles=tuple(troubles),
        hours=dice.choice((24.0, 24.0, 24.0, 0.1, -30.0)),
        jump=dice.choice((0.0,) * 8 + (30.0, -30.0)),
        twice=dice.random() < 0.1,
    )


def _kill(dice: random.Random, nature: Nature, *, upto: int) -> Trouble:
    if dice.random() < 0.6:
        at = dice.choice(("", "/results/", "/lineItems/"))
        moment: Moment = dice.choice(("before", "after"))
        return Trouble(harm="kill", kind="write", at=at, nth=dice.randint(1, upto), moment=moment)
    at = dice.choice(COMMITS[nature])
    return Trouble(harm="kill", kind="commit", at=at, nth=dice.randint(1, 3), moment=dice.choice(MOMENTS))


def _harm(dice: random.Random, nature: Nature, *, postgres: bool) -> Trouble:
    harms: Sequence[Harm] = ("full disk", "full disk", "full disk", "catalogue gone", "catalogue locked")
    if postgres:
        harms = ("postgresql restarts",)
    at = dice.choice(COMMITS[nature])
    return Trouble(
        harm=dice.choice(harms),
        kind="commit",
        at=at,
        nth=dice.randint(1, 2),
        moment=dice.choice(("before", "after")),
    )


def _times(dice: random.Random) -> dict[str, Any]:
    """So often, after so many, of each request line by itself."""
    return {"skip": dice.choice((0, 0, 0, 1, 2)), "times": dice.choice((1, 1, 1, 2, 2, None)), "each": True}


def _canvas_fault(dice: random.Random) -> dict[str, Any]:
    broken = dice.choice(BROKEN + CANVAS_ONLY)
    return broken | _times(dice) | {"method": "GET", "path": rf"/{dice.choice(CANVAS_LISTS)}\?"}


def _sis_fault(dice: random.Random) -> dict[str, Any]:
    kind = dice.random()
    if kind < 0.1:
        status = {"effect": "status", "status": dice.choice((500, 503, 401))}
        return status | _times(dice) | {"method": "POST", "path": "(?i)/token"}
    if kind < 0.45:
        broken = dice.choice(BROKEN + SIS_ONLY)
        return broken | _times(dice) | {"method": "GET", "path": dice.choice(SIS_READS)}
    which = dice.choice(("[0-9a-f]", "[0-3]", "[4-9]", "[8-9a-f]"))  # the first digit of the sourcedId
    path = f"/{dice.choice(('results', 'results', 'lineItems'))}/{which}"
    broken = dice.choice(BROKEN + SIS_ONLY + WRITES_ONLY + WRITES_ONLY)
    return broken | _times(dice) | {"method": dice.choice(("PUT", "PUT", "PUT|DELETE")), "path": path}
