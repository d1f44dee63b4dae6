"""A random course as Canvas, the SIS's rosters and people have it: plain data, drawn and changed by a seed.

One course holds many *cases*: each a section or two with their classes and students, of which no other case
knows anything. So one frame judges hundreds of them. No rule stands here (wishes.py), and no SIS (sis.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Literal

START = datetime(2026, 11, 2, 3, tzinfo=UTC)
SCORES = (0.0, 1.0, 3.333, 6.6667, 7.5, 8.25, 9.99, 10.0, 12.5, -1.0)  # no two are alike once rounded to 0.01
NAMES = (
    "Quiz",
    "Quiz",
    "quiz",
    " Essay ",
    "Lab & Report",
    "Unit  3",
    "Exam <A>",
    "x" * 51,
    "Test",
    "Map",
    "",
)
ZONES = ("America/New_York", "America/Los_Angeles", "UTC")
GROUPS = {"g1": "Homework", "g2": "Labs", "g3": "Tests"}
FIRST_PERIOD = (START - timedelta(days=60), START + timedelta(days=12))
SECOND_PERIOD = (START + timedelta(days=13), START + timedelta(days=80))

Override = Literal["inherits"] | datetime | None


@cache
def case_of(name: str) -> int:
    """Say whose an id is: sections, classes, students are all named `<letter><case>.<number>`."""
    return int(name[1:].partition(".")[0])


@dataclass(kw_only=True)
class Work:
    """An assignment; all cases of the course have the same, each with dates of its own."""

    assignment_id: str
    name: str
    group_id: str
    published: bool
    ticked: bool
    grading_type: str
    points: float | None
    due_at: datetime | None
    for_named_only: bool


@dataclass(kw_only=True)
class Room:
    """A section and the class that the SIS has for it."""

    section_id: str
    sis_section_id: str | None
    class_id: str | None
    dates: dict[str, Override]  # by assignment: an override that names this section
    chosen: dict[str, str | None] = field(default_factory=dict)  # Sync SIS Categories, by assignment group
    unlisted: str | None = None  # the class that it has, where the SIS does not show it just now


@dataclass(kw_only=True)
class Pupil:
    """A student: `sections` where enrolled, with the enrollment's state; `earlier`: sourcedIds of before."""

    user_id: str
    sis_user_id: str | None
    student_id: str
    on_roster: bool
    sections: dict[str, str]
    earlier: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Cell:
    """A submission."""

    score: float | None = None
    excused: bool = False
    posted: bool = True
    missing: bool = False
    late: bool = False
    text: bool = False
    assigned: bool = True


@dataclass(frozen=True, kw_only=True)
class Category:
    category_id: str
    title: str
    class_id: str | None = None
    active: bool = True


@dataclass(kw_only=True)
class Course:
    """All of it: `closed` says of the two grading periods whether they are; None where the SIS has none."""

    zone: str
    works: dict[str, Work]
    rooms_of: dict[int, list[Room]]
    pupils_of: dict[int, list[Pupil]]
    cells: dict[str, dict[str, Cell]]  # by student and assignment
    categories: list[Category]
    closed: tuple[bool, bool] | None
    rng: Random
    rngs: dict[int, Random]  # each case has dice of its own
    ids: dict[int, Random]  # and others, for what the SIS knows of ids

    def rooms(self, cases: Iterable[int]) -> list[Room]:
        return [each for case in cases for each in self.rooms_of[case]]

    def pupils(self, cases: Iterable[int]) -> list[Pupil]:
        return [each for case in cases for each in self.pupils_of[case]]


def drawn(seed: int, cases: int) -> Course:
    """Draw a course of so many cases."""
    rng = Random(f"course/{seed}")
    works = {each.assignment_id: each for each in (_work(rng, number) for number in range(8))}
    course = Course(
        zone=rng.choice(ZONES),
        works=works,
        rooms_of={},
        pupils_of={},
        cells={},
        categories=_categories(rng),
        closed=rng.choice([None, (False, False), (False, False), (True, False)]),
        rng=rng,
        rngs={case: Random(f"case/{seed}/{case}") for case in range(cases)},
        ids={case: Random(f"ids/{seed}/{case}") for case in range(cases)},
    )
    for case, dice in course.rngs.items():
        _add(course, case, dice)
    return course


def _work(rng: Random, number: int) -> Work:
    return Work(
        assignment_id=f"a{number}",
        name=rng.choice(NAMES) if rng.random() < 0.25 else f"Work {number}",
        group_id=rng.choice(list(GROUPS)),
        published=rng.random() < 0.95,
        ticked=rng.random() < 0.95,
        grading_type=rng.choice(
            ["points", "points", "points", "pass_fail", "percent", "letter_grade"]
            + ["not_graded"] * (rng.random() < 0.3)
        ),
        points=rng.choice([10.0, 10.0, 20.0, 12.5, 0.0 if rng.random() < 0.3 else 5.0]),
        due_at=a_date(rng) if rng.random() < 0.9 else None,
        for_named_only=rng.random() < 0.85,
    )


def a_date(rng: Random) -> datetime:
    day = START + timedelta(days=rng.choice([-9, -3, 2, 9, 30]))
    return day.replace(hour=rng.choice([4, 4, 15, 23]), minute=59, second=59)


def _categories(rng: Random) -> list[Category]:
    found = [Category(category_id=f"K-{each}", title=each) for each in GROUPS.values() if rng.random() < 0.93]
    if rng.random() < 0.2:
        found.append(Category(category_id="K-twin", title="Labs"))
    if rng.random() < 0.2:
        found.append(Category(category_id="K-old", title="Tests", active=False))
    return found


def _add(course: Course, case: int, rng: Random) -> None:
    rooms = [_room(course, case, number, rng) for number in range(rng.choice([1, 1, 2]))]
    course.rooms_of[case], course.pupils_of[case] = rooms, []
    for number in range(rng.choice([1, 2, 3])):
        pupil = Pupil(
            user_id=f"u{case}.{number}",
            sis_user_id=f"N{case}.{number}" if rng.random() < 0.95 else None,
            student_id=f"S{case}.{number}",
            on_roster=rng.random() < 0.95,
            sections={rng.choice(rooms).section_id: "active" if rng.random() < 0.92 else "inactive"},
        )
        if rng.random() < 0.1:
            pupil.sections |= {each.section_id: "active" for each in rooms}
        course.pupils_of[case].append(pupil)
        mine = course.cells[pupil.user_id] = {}
        named = {each for room in rooms for each in room.dates}
        for work in course.works.values():
            if (work.assignment_id in named or not work.for_named_only) and rng.random() < 0.8:
                mine[work.assignment_id] = a_cell(rng)


def _room(course: Course, case: int, number: int, rng: Random) -> Room:
    works = rng.sample(list(course.works), rng.choice([1, 2, 3]))
    room = Room(
        section_id=f"s{case}.{number}",
        sis_section_id=f"X{case}.{number}" if rng.random() < 0.97 else None,
        class_id=f"C{case}.{number}" if rng.random() < 0.97 else None,
        dates={
            each: a_date(rng) if rng.random() < 0.85 else rng.choice(["inherits", None]) for each in works
        },
    )
    if rng.random() < 0.15:
        room.chosen[rng.choice(list(GROUPS))] = rng.choice(["K-Homework", "K-Labs", "K-gone", None])
    if room.class_id and rng.random() < 0.1:
        title = rng.choice(list(GROUPS.values()))
        course.categories.append(
            Category(category_id=f"K{case}.{number}", title=title, class_id=room.class_id)
        )
    return room


def a_cell(rng: Random) -> Cell:
    if rng.random() < 0.75:
        return Cell(score=rng.choice(SCORES), posted=rng.random() < 0.93, late=rng.random() < 0.1)
    return Cell(
        excused=rng.random() < 0.3,
        posted=rng.random() < 0.8,
        missing=rng.random() < 0.3,
        late=rng.random() < 0.2,
        text=rng.random() < 0.2,
        assigned=rng.random() < 0.9,
    )
