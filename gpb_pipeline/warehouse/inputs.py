"""What of the warehouse a course is judged by, as one stamp; and the sync whose judgement others may share.

What is hashed beside the stamp, and when a judgement may be shared, equality.py says. A stamp tells any two
states of a course's holdings and category choices apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gpb_pipeline.warehouse import history, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.tables import Table

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


_PLACES = """
section AS (
    SELECT DISTINCT course_id, section_id FROM warehouse.main.canvas_sections
    WHERE list_contains($1, course_id)
), class AS (
    SELECT DISTINCT course_id, class_id FROM warehouse.main.sis_classes
    WHERE list_contains($1, course_id) AND class_id IS NOT NULL
)
"""


def stamps(session: Connection, course_ids: Sequence[str]) -> dict[str, str]:
    """Make the stamp of each course, in the sections and classes that its last whole sync found.

    It is a sum of the hashes of the rows, in whatever order they stand.
    """
    if not course_ids:
        return {}
    query = f"""
    WITH {_PLACES}, hashed AS ({" UNION ALL ".join(_HASHED)})
    SELECT course_id, count(*), sum(hashed::HUGEINT) FROM hashed GROUP BY course_id
    """  # noqa: S608  of constants
    rows = session.execute(query, [list(course_ids)]).fetchall()
    return dict.fromkeys(course_ids, "0") | {
        course_id: f"{count}:{total}" for course_id, count, total in rows
    }


def _overviews(session: Connection, jobs: Mapping[str, Job]) -> dict[str, Overview]:
    if not jobs:
        return {}
    given = [list(jobs), [job.job_id for job in jobs.values()]]
    counted: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for course_id, log, what, count in session.execute(_COUNTED, given).fetchall():
        counted[course_id, log][what] = count
    names = dict(session.execute(_NAMES, [list(jobs)]).fetchall())
    return {
        course_id: Overview(
            course_name=names.get(course_id),
            assignments=counted[course_id, "sis_assignments"],
            grades=counted[course_id, "sis_grades"],
            issues=counted[course_id, "issues"],
        )
        for course_id in jobs
    }


_NAMES = """
SELECT course_id, any_value(course_name) FROM warehouse.main.canvas_courses
WHERE list_contains($1, course_id) GROUP BY course_id
"""
_COUNTED = " UNION ALL ".join(
    f"""
    SELECT course_id, '{table.name}', {column}, count(*) FROM {table.qualified}
    WHERE list_contains($1, course_id) AND list_contains($2, job_id) GROUP BY course_id, {column}
    """  # noqa: S608  of constants
    for table, column in (
        (tables.SIS_ASSIGNMENTS, "state"),
        (tables.SIS_GRADES, "state"),
        (tables.ISSUES, "code"),
    )
)


def _hashed(table: Table[Any], key: str) -> str:
    names = [name for name in table.columns if name not in _UNJUDGED]
    columns = ", ".join(f'held."{name}"' for name in names)
    return f"""
    SELECT course_id, hash('{table.name}', '{key}', {columns}) AS hashed
    FROM {key.removesuffix("_id")} JOIN {table.qualified} held USING ({key})
    """  # noqa: S608


_HASHED = [
    *(
        _hashed(table, key)
        for table in (tables.HOLDINGS_LINE_ITEMS, tables.HOLDINGS_RESULTS)
        for key in ("section_id", "class_id")
    ),
    _hashed(tables.CATEGORY_CHOICES, "section_id"),
]
