"""What the SIS should hold of a course, said a second time: design's rules of passback over plain data.

It is the simulation's judge, so it shares no line with gpb_pipeline/passback: loops, no frames. Per section
and assignment, and per student, it says whether a value must stand in the SIS, may not, or is left alone.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from gpb_pipeline.passback.course import Selection
from gpb_pipeline_tests.simulation.school import (
    FIRST_PERIOD,
    GROUPS,
    SECOND_PERIOD,
    Cell,
    Course,
    Pupil,
    Room,
    Work,
)

TITLE_MAX = 50
Wish = Literal["goes", "cleared", "stays"]  # must stand so; must not stand; is neither written nor taken away


@dataclass(frozen=True, kw_only=True)
class Column:
    """An assignment of a section: `wanted` if a grade of it goes; `barred` where nothing may be written."""

    section_id: str
    class_id: str | None
    assignment_id: str
    title: str
    points: float | None
    category_id: str | None
    period_id: str | None
    due: date | None
    blocked: frozenset[str]
    barred: frozenset[str]
    wanted: bool = False

    @property
    def writable(self) -> bool:
        return not self.blocked and not self.barred


@dataclass(frozen=True, kw_only=True)
class Grade:
    section_id: str
    class_id: str | None
    assignment_id: str
    user_id: str
    student_id: str
    wish: Wish
    score: float | None
    exempt: bool
    why: frozenset[str]
    told: bool  # there must be a row for it, held or not
    twice: bool = False  # another user of the section has the same SIS id: it may be theirs that stands
    known_as: tuple[str, ...] = ()  # by earlier ids, where the roster does not say which is now theirs


@dataclass(frozen=True, kw_only=True)
class Wishes:
    columns: dict[tuple[str, str], Column]  # by section and assignment
    grades: dict[tuple[str, str, str], Grade]  # and Canvas's student

    @cached_property
    def column_in(self) -> dict[tuple[str | None, str], Column]:
        """Columns by class and assignment."""
        return {(each.class_id, each.assignment_id): each for each in self.columns.values()}

    @cached_property
    def grade_in(self) -> dict[tuple[str | None, str, str], Grade]:
        """Grades by class, assignment and the SIS's student."""
        return {(each.class_id, each.assignment_id, each.student_id): each for each in self.grades.values()}

    @cached_property
    def cleared_in(self) -> set[tuple[str | None, str, str]]:
        """Name the grades that Canvas has cleared, by class, assignment and each id of the student."""
        return {
            (each.class_id, each.assignment_id, who)
            for each in self.grades.values()
            if each.wish == "cleared"
            for who in (each.student_id, *each.known_as)
        }


def wishes(course: Course, cases: Collection[int], selection: Selection, *, everyone_else: str) -> Wishes:
    columns: dict[tuple[str, str], Column] = {}
    grades: dict[tuple[str, str, str], Grade] = {}
    synced = [each for each in course.works.values() if each.published and each.ticked]
    rooms = course.rooms(cases)
    dated = {work for room in rooms for work, due in room.dates.items() if isinstance(due, datetime)}
    pupils: dict[str, list[Pupil]] = {}
    for pupil in course.pupils(cases):
        for section_id, state in pupil.sections.items():
            if state == "active":
                pupils.setdefault(section_id, []).append(pupil)
    for room in rooms:
        if room.sis_section_id is None:
            continue
        if selection.sections is not None and room.section_id not in selection.sections:
            continue
        works = [each for each in synced if each.assignment_id in room.dates or not each.for_named_only]
        names = Counter(each.name.strip() for each in works)
        users = Counter(each.sis_user_id for each in pupils.get(room.section_id, []))
        for work in works:
            column = _column(course, room, work, names, selection, dated, everyone_else)
            wanted = False
            for pupil in pupils.get(room.section_id, []):
                cell = course.cells[pupil.user_id].get(work.assignment_id)
                if cell is not None and cell.assigned:
                    grade = _grade(column, pupil, cell, twice=users[pupil.sis_user_id] > 1)
                    grades[room.section_id, work.assignment_id, pupil.user_id] = grade
                    wanted |= grade.wish == "goes"
            columns[room.section_id, work.assignment_id] = Column(**(column.__dict__ | {"wanted": wanted}))
    return Wishes(columns=columns, grades=grades)


def _column(
    course: Course,
    room: Room,
    work: Work,
    names: Counter[str],
    selection: Selection,
    dated: set[str],
    everyone_else: str,
) -> Column:
    due = room.dates.get(work.assignment_id, "inherits")
    due_at = work.due_at if due == "inherits" else due
    day = due_at.astimezone(ZoneInfo(course.zone)).date() if due_at else None
    title = work.name.strip()
    category = _category(course, room, work)
    period = None
    if day is not None and course.closed is not None and room.class_id is not None:
        period = _period(course, day)
    excluded = (
        everyone_else == "skip" and work.assignment_id in dated and work.assignment_id not in room.dates
    )
    chosen = selection.assignments is None or work.assignment_id in selection.assignments
    ungraded = work.grading_type == "not_graded"
    uncategorised = category is None or (category or "").startswith("category_")
    blocked = {
        "not_selected": not chosen,
        "name_empty": not title,
        "name_too_long": len(title) > TITLE_MAX,
        "not_graded": ungraded,
        "no_points": not ungraded and (not work.points or work.points <= 0),
        "no_due_date": day is None,
        "everyone_else": excluded,
        "category_unassociated": category == "category_unassociated",
        "class_unknown": room.class_id is None,
    }
    barred = {
        category or "category_not_found": uncategorised and room.class_id is not None,
        "duplicate_name": names[title] > 1,
        period or "": (period or "").startswith("grading_period"),
    }
    return Column(
        section_id=room.section_id,
        class_id=room.class_id,
        assignment_id=work.assignment_id,
        title=title,
        points=work.points,
        category_id=category,
        period_id=period,
        due=day,
        blocked=_those(blocked),
        barred=_those(barred) - _those(blocked),
    )


def _those(marks: dict[str, bool]) -> frozenset[str]:
    return frozenset(name for name, applies in marks.items() if applies)


def _category(course: Course, room: Room, work: Work) -> str | None:
    """Find the category's id, or the code of why there is none."""
    if work.group_id in room.chosen and room.chosen[work.group_id] is None:
        return "category_unassociated"
    if room.class_id is None:
        return None
    usable = [each for each in course.categories if each.active and each.class_id in {None, room.class_id}]
    if work.group_id in room.chosen:
        chosen = room.chosen[work.group_id]
        return chosen if chosen in {each.category_id for each in usable} else "category_gone"
    named = [each for each in usable if each.title == GROUPS[work.group_id]]
    own = [each for each in named if each.class_id is not None]
    best = own or named
    if len(best) > 1:
        return "category_ambiguous"
    return best[0].category_id if best else "category_not_found"


def _period(course: Course, day: date) -> str:
    assert course.closed is not None
    for name, (first, last), closed in zip(
        ("P1", "P2"), (FIRST_PERIOD, SECOND_PERIOD), course.closed, strict=True
    ):
        if first.date() <= day <= last.date():
            return "grading_period_closed" if closed else name
    return "grading_period_missing"


def _grade(column: Column, pupil: Pupil, cell: Cell, *, twice: bool) -> Grade:
    """Say what is wished of a submission; `twice`: the SIS has one student for its user and for another."""
    why = set()
    known = pupil.sis_user_id is not None and pupil.on_roster and column.class_id is not None
    value = cell.score is not None or cell.excused
    wish: Wish = "stays"
    if not value:
        wish = "cleared" if column.writable and not (twice and known) else "stays"
        why |= {name for name in ("missing", "late") if getattr(cell, name)} | (
            {"text"} if cell.text else set()
        )
    else:
        if not cell.posted:
            why.add("hidden")
        if pupil.sis_user_id is None:
            why.add("student_without_sis_id")
        elif not known:
            why.add("student_not_on_roster")
        elif twice:
            why.add("student_twice")
        if not column.writable:
            why.add("assignment_not_sent")
        if not why:
            wish = "goes"
    return Grade(
        section_id=column.section_id,
        class_id=column.class_id,
        assignment_id=column.assignment_id,
        user_id=pupil.user_id,
        student_id=pupil.student_id,
        wish=wish,
        score=0.0 if cell.excused else cell.score,
        exempt=cell.excused,
        why=frozenset(why),
        told=value or cell.missing or cell.late or cell.text,
        twice=twice,
        known_as=() if known else tuple(pupil.earlier),
    )
