"""What of the warehouse a course is judged by, as one stamp; and the sync whose judgement others may share.

What is hashed beside the stamp, and when a judgement may be shared, equality.py says. A stamp tells any two
states of a course's holdings and category choices apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gpb_pipeline.warehouse import history, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.tables import Table

_UNJUDGED = {"seen_at", "sent_at", "job_id"}  # when and by whom a holding was met; no rule goes by it


@dataclass(frozen=True, kw_only=True)
class Base:
    """A course's last sync whose judgement an equal input may share, and the warehouse's part of it now."""

    job: Job
    stamp: str
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
    found: dict[str, Job] = {}
    for job in history.with_input(session, course_ids):
        found.setdefault(job.course_id, job)
    if not found:
        return {}
    stamped = _stamps(session, _LAST_PLACES, [list(found)])
    overviews = _overviews(session, found)
    return {
        course_id: Base(job=job, stamp=stamped.get(course_id, NOTHING), overview=overviews[course_id])
        for course_id, job in found.items()
    }


def stamp(session: Connection, section_ids: Collection[str], class_ids: Collection[str]) -> str:
    """Make the stamp of these sections and classes."""
    places = [sorted(section_ids), sorted(class_ids)]
    return _stamps(session, _GIVEN_PLACES, places).get("", NOTHING)


NOTHING = "0"
"""The stamp of a course of which nothing is held and nothing was chosen."""

_GIVEN_PLACES = """
section AS (SELECT '' AS course_id, unnest($1::VARCHAR[]) AS section_id),
class AS (SELECT '' AS course_id, unnest($2::VARCHAR[]) AS class_id)
"""
_LAST_PLACES = """
section AS (
    SELECT DISTINCT course_id, section_id FROM warehouse.main.canvas_sections
    WHERE list_contains($1, course_id)
), class AS (
    SELECT DISTINCT course_id, class_id FROM warehouse.main.sis_classes
    WHERE list_contains($1, course_id) AND class_id IS NOT NULL
)
"""


def _stamps(session: Connection, places: str, given: Iterable[object]) -> Mapping[str, str]:
    """Sum the hashes of the rows of each course, in whatever order they stand."""
    query = f"""
    WITH {places}, hashed AS ({" UNION ALL ".join(_HASHED)})
    SELECT course_id, count(*), sum(hashed::HUGEINT) FROM hashed GROUP BY course_id
    """  # noqa: S608  of constants
    rows = session.execute(query, list(given)).fetchall()
    return {course_id: f"{count}:{total}" for course_id, count, total in rows}


def _overviews(session: Connection, jobs: Mapping[str, Job]) -> dict[str, Overview]:
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


def _hashed(table: Table[object], key: str) -> str:  # type: ignore[type-var]
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
