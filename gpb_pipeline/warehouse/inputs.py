"""What of the warehouse a course is judged by, as one stamp; and the sync whose judgement others may share.

What is hashed beside the stamp, and when a judgement may be shared, equality.py says. A stamp tells any two
states of a course's holdings and category choices apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gpb_pipeline.warehouse import history, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.plain_rows import marks
from gpb_pipeline.warehouse.table import Table

_UNJUDGED = {"job_id"}  # by whom a holding was met; no rule goes by it


@dataclass(frozen=True, kw_only=True)
class Base:
    """A course's last sync whose judgement an equal input may share: the warehouse's part of it is equal."""

    job: Job
    overview: Overview


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What a sync left, by number: its rows by state, and its issues by code."""

    course_name: str | None
    assignments: Mapping[str, int]
    grades: Mapping[str, int]
    issues: Mapping[str, int]


def bases(session: Connection, course_ids: Sequence[str]) -> dict[str, Base]:
    """Find what these courses may share; a course without such a sync has none."""
    last: dict[str, Job] = {}
    for job in history.with_input(session, course_ids):
        last.setdefault(job.course_id, job)
    now = stamps(session, list(last))
    found = {course_id: job for course_id, job in last.items() if job.stamp == now[course_id]}
    overviews = _overviews(session, found)
    return {course_id: Base(job=job, overview=overviews[course_id]) for course_id, job in found.items()}


def stamps(session: Connection, course_ids: Sequence[str]) -> dict[str, str]:
    """Make the stamp of each course, in the sections and classes that its last whole sync found.

    It is a sum of the hashes of the rows, in whatever order they stand.
    """
    by_section = _places(session, tables.CANVAS_SECTIONS, "section_id", course_ids)
    by_class = _places(session, tables.SIS_CLASSES, "class_id", course_ids)
    sections = sorted({*by_section, *_sections_in(session, list(by_class))})
    counts, totals = Counter[str](), Counter[str]()
    for hashed in _HASHED if sections else ():
        for section_id, class_id, count, total in _rows(session, hashed, sections):
            for course_id in {*by_section.get(section_id, ()), *by_class.get(class_id, ())}:
                counts[course_id] += count
                totals[course_id] += int(total)
    return {each: f"{counts[each]}:{totals[each]}" if each in counts else "0" for each in course_ids}


def _places(
    session: Connection, table: Table[Any], key: str, course_ids: Sequence[str]
) -> dict[str, list[str]]:
    """Name the sections, or the classes, of these courses, each with the courses that it is of."""
    courses_of: dict[str, list[str]] = defaultdict(list)
    query = (
        f"SELECT DISTINCT {key}, course_id FROM {table.qualified} WHERE {key} IS NOT NULL AND course_id IN"  # noqa: S608
    )
    for place, course_id in _rows(session, query, course_ids):
        courses_of[place].append(course_id)
    return courses_of


def _sections_in(session: Connection, class_ids: Sequence[str]) -> set[str]:
    """Name the sections of what is held in these classes, whoever has them.

    By them alone the rows are read whole: those of one section stand together, those of a class do not.
    """
    queries = [f"SELECT DISTINCT section_id FROM {table.qualified} WHERE class_id IN" for table in _HELD]  # noqa: S608
    return {section_id for query in queries for (section_id,) in _rows(session, query, class_ids)}


def _rows(session: Connection, query: str, values: Sequence[str]) -> list[Any]:
    """Ask a query that ends with IN for these values; where there are none, nothing."""
    return session.execute(f"{query} {marks(values)} GROUP BY ALL", list(values)).fetchall() if values else []


def _overviews(session: Connection, jobs: Mapping[str, Job]) -> dict[str, Overview]:
    if not jobs:
        return {}
    courses = list(jobs)
    counted: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for table, column in _COUNTED:
        query = f"SELECT course_id, job_id, {column}, count(*) FROM {table.qualified} WHERE course_id IN"  # noqa: S608
        for course_id, job_id, what, count in _rows(session, query, courses):
            if job_id == jobs[course_id].job_id:
                counted[course_id, table.name][what] = count
    names = dict(_rows(session, _NAMES, courses))
    return {
        course_id: Overview(
            course_name=names.get(course_id),
            assignments=counted[course_id, "sis_assignments"],
            grades=counted[course_id, "sis_grades"],
            issues=counted[course_id, "issues"],
        )
        for course_id in jobs
    }


_NAMES = "SELECT course_id, any_value(course_name) FROM warehouse.main.canvas_courses WHERE course_id IN"
_COUNTED: tuple[tuple[Table[Any], str], ...] = (
    (tables.SIS_ASSIGNMENTS, "state"),
    (tables.SIS_GRADES, "state"),
    (tables.ISSUES, "code"),
)


def _hashed(table: Table[Any], place: str = "section_id, class_id") -> str:
    columns = ", ".join(f'"{name}"' for name in table.columns if name not in _UNJUDGED)
    row = f"hash('{table.name}', {columns})::HUGEINT"
    return f"SELECT {place}, count(*), sum({row}) FROM {table.qualified} WHERE section_id IN"  # noqa: S608


_HELD = (tables.HOLDINGS_LINE_ITEMS, tables.HOLDINGS_RESULTS)
_HASHED = (*(_hashed(table) for table in _HELD), _hashed(tables.CATEGORY_CHOICES, "section_id, NULL"))
