"""Removing a student, or all that is older than a day, from every table; the one deletion from what was sent.

Of what the SIS still holds the bare sourcedIds stay, so that nothing is doubled there. What was removed
leaves the disk by erasure.py. Whoever calls holds the locks of the courses (`course_ids`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gpb_pipeline.warehouse import frames, holdings, student_list, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.maintenance import SENT_BEFORE, no_longer_sent
from gpb_pipeline.warehouse.student_list import KnownStudent, with_students
from gpb_pipeline.warehouse.table import Table

SHORTEST = 4
"""Characters that a name or an id has at least, to be looked for in the SIS's own words."""
_HELD = "certainty <> 'gone' AND (score IS NOT NULL OR exempt)"


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What is here of it, in numbers: rows by table, what the SIS holds, and the courses that it is of."""

    rows: dict[str, int]
    in_sis: int
    course_ids: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def of_student(session: Connection, student: KnownStudent) -> Traces:
    """Count what is here of a student."""
    rows = {table.name: _count(session, table, *student.where(table)) for table in with_students()}
    rows[tables.CANVAS_OVERRIDES.name] = _count(session, tables.CANVAS_OVERRIDES, *_overrides(student))
    where, values = student.where(tables.HOLDINGS_RESULTS)
    held = _count(session, tables.HOLDINGS_RESULTS, f"({where}) AND {_HELD}", values)
    course_ids: set[str] = set()
    for table in with_students():
        if "course_id" in table.columns:
            where, values = student.where(table)
            query = f"SELECT DISTINCT course_id FROM {table.qualified} WHERE {where}"  # noqa: S608
            course_ids |= {each for (each,) in session.execute(query, values).fetchall()}
    return Traces(rows=_some(rows), in_sis=held, course_ids=tuple(sorted(course_ids)))


def results_in_sis(session: Connection, student: KnownStudent) -> dict[str, list[str]]:
    """Name by course the results that the SIS holds of a student, to be taken back."""
    where, values = student.where(tables.HOLDINGS_RESULTS)
    query = f"""
    SELECT course_id, list(DISTINCT result_id) FROM {tables.HOLDINGS_RESULTS.qualified}
    JOIN ({holdings.COURSE_OF_SECTION}) USING (section_id)
    WHERE ({where}) AND {_HELD} GROUP BY course_id ORDER BY course_id
    """  # noqa: S608
    return dict(session.execute(query, values).fetchall())


def student(session: Connection, who: KnownStudent, *, by: str, at: datetime) -> None:
    """Remove a student from every table, and put the student on the list that no sync reads in."""
    found = of_student(session, who)
    student_list.put_on(session, who, by=by, at=at)
    for held, bare in _holdings_and_bare():
        where, values = who.where(held)
        _keep_bare(session, held, bare, "grade", "result_id", f"({where}) AND {_HELD}", values, look=False)
    for table in with_students():
        table.delete_where(session, *who.where(table))
    where, values = _overrides(who)
    if _count(session, tables.CANVAS_OVERRIDES, where, values):
        name = tables.CANVAS_OVERRIDES.qualified
        session.execute(f"UPDATE {name} SET target_id = '' WHERE {where}", values)  # noqa: S608
    _without_words(session, who)
    _judge_anew(session, found.course_ids)


def courses_before(session: Connection, before: datetime) -> list[str]:
    """Name the courses of which no job has begun since then."""
    query = f"SELECT course_id FROM {tables.JOBS.qualified} GROUP BY 1 HAVING max(started_at) < $1 ORDER BY 1"  # noqa: S608
    return [each for (each,) in session.execute(query, [before]).fetchall()]


def of_time_before(session: Connection, before: datetime) -> Traces:
    """Count what is older than a day: jobs with their logs, what was sent, and courses at rest whole."""
    course_ids = courses_before(session, before)
    job_ids, sections = _jobs_before(session, before), _sections_of(session, course_ids)
    rows: dict[str, int] = {}
    for table in tables.CURRENT:
        rows[table.name] = _count(session, table, _IN.format("course_id"), [course_ids])
    for table in (*tables.HISTORY, *tables.LOGS):
        rows[table.name] = _count(session, table, _IN.format("job_id"), [job_ids])
    for table, where in SENT_BEFORE:
        rows[table.name] = _count(session, table, where, [before])
    in_section = _IN.format("section_id")
    for held in (tables.HOLDINGS_LINE_ITEMS, tables.HOLDINGS_RESULTS):
        rows[held.name] = _count(session, held, in_section, [sections])
    in_sis = _count(session, tables.HOLDINGS_RESULTS, f"{in_section} AND {_HELD}", [sections])
    return Traces(rows=_some(rows), in_sis=in_sis, course_ids=tuple(course_ids))


def time_before(session: Connection, before: datetime) -> None:
    """Remove what is older than a day; of courses in use, what the SIS holds now stays in the holdings."""
    course_ids = courses_before(session, before)
    job_ids, sections = _jobs_before(session, before), _sections_of(session, course_ids)
    where, values = _IN.format("section_id"), [sections]
    items, results, bare = tables.HOLDINGS_LINE_ITEMS, tables.HOLDINGS_RESULTS, tables.LEFT_IN_SIS
    _keep_bare(
        session,
        items,
        bare,
        "assignment",
        "line_item_id",
        f"{where} AND certainty <> 'gone'",
        values,
        look=True,
    )
    _keep_bare(session, results, bare, "grade", "result_id", f"{where} AND {_HELD}", values, look=True)
    for held in (items, results):
        held.delete_where(session, where, values)
    for table in tables.CURRENT:
        table.delete(session, "course_id", course_ids)
    ends = tables.JOB_ENDS.qualified
    session.execute(
        f"UPDATE {ends} SET input = NULL, stamp = NULL WHERE {_IN.format('judged_in')}",  # noqa: S608
        [job_ids],
    )
    tables.PAST_JOBS.insert(session, tables.JOBS.select(session, "job_id", job_ids))
    for table in (*tables.HISTORY, *tables.LOGS):
        table.delete(session, "job_id", job_ids)
    no_longer_sent(session, before)


_IN = "list_contains($1::VARCHAR[], {})"


def _holdings_and_bare() -> list[tuple[Table[Any], Table[Any]]]:
    """Pair the results that the SIS holds, ours and those of another SIS, with where their ids are kept."""
    aside = {table.name: its for table, its in tables.ASIDE}
    held, bare = tables.HOLDINGS_RESULTS, tables.LEFT_IN_SIS
    return [(held, bare), (aside[held.name], aside[bare.name])]


def _keep_bare(
    session: Connection,
    held: Table[Any],
    bare: Table[Any],
    kind: str,
    column: str,
    where: str,
    values: Sequence[object],
    *,
    look: bool,
) -> None:
    keys = "".join(f"{each}, " for each in held.keys)
    query = f"""
    SELECT {keys}'{kind}' AS kind, {column} AS sourced_id, section_id, class_id, assignment_id, {look} AS look
    FROM {held.qualified} WHERE {where}
    """  # noqa: S608
    if session.execute(f"SELECT count(*) FROM ({query})", values).fetchall() != [(0,)]:  # noqa: S608
        session.execute(f"INSERT INTO {bare.qualified} BY NAME {query}", values)


def _without_words(session: Connection, who: KnownStudent) -> None:
    """Take out the SIS's own words wherever they name the student, in whosever row."""
    words = sorted(each for each in (*who.names, *who.ids["sis_user_id"], *who.ids["student_id"]))
    words = [each for each in words if len(each) >= SHORTEST]
    named = "len(list_filter($1::VARCHAR[], word -> contains(sis_error, word))) > 0"
    for table in tables.ALL:
        if "sis_error" in table.columns and _count(session, table, named, [words]):
            session.execute(f"UPDATE {table.qualified} SET sis_error = NULL WHERE {named}", [words])  # noqa: S608


def _judge_anew(session: Connection, course_ids: Sequence[str]) -> None:
    """Let nobody share a judgement of these courses that was made before, nor take a frame for unchanged."""
    frames.write_anew(session, course_ids)
    session.execute(
        f"""
        UPDATE {tables.JOB_ENDS.qualified} SET input = NULL, stamp = NULL WHERE input IS NOT NULL
        AND job_id IN (SELECT job_id FROM {tables.JOBS.qualified} WHERE {_IN.format("course_id")})
        """,  # noqa: S608
        [list(course_ids)],
    )


def _overrides(who: KnownStudent) -> tuple[str, list[list[str]]]:
    return "target = 'student' AND list_contains($1, target_id)", [sorted(who.ids["user_id"])]


def _jobs_before(session: Connection, before: datetime) -> list[str]:
    query = f"SELECT job_id FROM {tables.JOBS.qualified} WHERE started_at < $1"  # noqa: S608
    return [each for (each,) in session.execute(query, [before]).fetchall()]


def _sections_of(session: Connection, course_ids: Sequence[str]) -> list[str]:
    """Name the sections that only these courses have."""
    query = f"""
    SELECT section_id FROM {tables.CANVAS_SECTIONS.qualified} GROUP BY section_id
    HAVING bool_and({_IN.format("course_id")})
    """  # noqa: S608
    return [each for (each,) in session.execute(query, [list(course_ids)]).fetchall()]


def _count(session: Connection, table: Table[Any], where: str, values: Sequence[object]) -> int:
    query = f"SELECT count(*) FROM {table.qualified} WHERE {where}"  # noqa: S608
    [(count,)] = session.execute(query, list(values)).fetchall()
    return int(count)


def _some(rows: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in rows.items() if count}
