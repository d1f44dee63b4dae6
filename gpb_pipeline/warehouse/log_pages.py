"""The assignments and grades logs of a job as people go through them: filtered, sorted, a page at a time.

All of it happens in DuckDB, so that a log of 36,000 rows answers at once. What the columns mean stands in
passback/rows/frames.py; how a page looks, in web/.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from gpb_pipeline.warehouse.ducklake import Connection

PAGE_SIZE = 10
"""Rows a page, as the manual has it."""

Line = TypeVar("Line", "AssignmentLine", "GradeLine")


class Column(StrEnum):
    """What a log can be sorted by."""

    ASSIGNMENT = "assignment"
    SECTION = "section"
    STUDENT = "student"
    CATEGORY = "category"
    DUE = "due"
    GRADE = "grade"
    STATE = "state"
    LOG = "log"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows of a log, in which order: ids are Canvas's, None takes all, `log` is availability.

    `code` takes the rows that a cause concerns, first or not, and the grades that wait for these.

    `only` are the sections that whoever asks may see; `section` is the one that they ask for.
    """

    only: frozenset[str] | None = None
    assignment: str | None = None
    section: str | None = None
    student: str | None = None
    state: str | None = None
    code: str | None = None
    log: bool | None = None
    sort: Column = Column.ASSIGNMENT
    descending: bool = False


@dataclass(frozen=True, kw_only=True)
class AssignmentLine:
    """A row of the assignments log; `has_log`: the issues have lines for it. Times are UTC."""

    assignment_id: str
    assignment_name: str
    line_item_id: str | None
    section_id: str
    section_name: str
    sis_section_id: str
    group_name: str
    category: str | None
    points_possible: float | None
    due_at: datetime | None
    state: str
    code: str | None
    sis_error: str | None
    has_log: bool


@dataclass(frozen=True, kw_only=True)
class GradeLine:
    """A row of the grades log, private; `score` as submitted to the SIS."""

    assignment_id: str
    assignment_name: str
    line_item_id: str | None
    section_id: str
    section_name: str
    sis_section_id: str
    user_id: str | None
    student_name: str = field(repr=False)
    score: float | None = field(repr=False)
    exempt: bool
    state: str
    code: str | None
    sis_error: str | None = field(repr=False)
    has_log: bool


@dataclass(frozen=True, kw_only=True)
class LogPage(Generic[Line]):
    """One page of a log; `total` counts the rows of all pages."""

    lines: list[Line]
    total: int
    number: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True, kw_only=True)
class FilterEntry:
    """An entry of a filter: the id to filter by, and the name that people know it by."""

    value: str
    label: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a log can be filtered by, by name; the assignments log has no students."""

    assignments: list[FilterEntry]
    sections: list[FilterEntry]
    students: list[FilterEntry]


@dataclass(frozen=True, kw_only=True)
class Log(Generic[Line]):
    """One of the two logs, as SQL: where its rows are, what they are, and how each column sorts."""

    table: str
    line: type[Line]
    sorts: dict[Column, str]


_NAMES = "lower(assignment_name), assignment_id, lower(section_name), section_id"
_BOTH = {
    Column.ASSIGNMENT: "lower(assignment_name), assignment_id",
    Column.SECTION: "lower(section_name), section_id",
    Column.STATE: "state",
    Column.LOG: "has_log",
}
ASSIGNMENTS = Log(
    table="sis_assignments",
    line=AssignmentLine,
    sorts=_BOTH | {Column.CATEGORY: "lower(category)", Column.DUE: "due_at"},
)
GRADES = Log(
    table="sis_grades",
    line=GradeLine,
    sorts=_BOTH | {Column.STUDENT: "lower(student_name), user_id", Column.GRADE: "score"},
)

_LOG = """
WITH covered AS (
    SELECT DISTINCT section_id, assignment_id, user_id, coalesce(code, '') AS code
    FROM warehouse.main.issues WHERE job_id = $job{only}{of_code}
), named AS (
    SELECT section_id, any_value(section_name) AS section_name FROM warehouse.main.canvas_sections
    WHERE course_id = (SELECT any_value(course_id) FROM warehouse.main.{table} WHERE job_id = $job)
    GROUP BY section_id
), log AS (
    SELECT l.*, coalesce(n.section_name, l.sis_section_id) AS section_name, {has_log} AS has_log
    FROM warehouse.main.{table} l LEFT JOIN named n USING (section_id) WHERE l.job_id = $job{only}
)
"""
_OF_ASSIGNMENT = """(
    (l.section_id, l.assignment_id) IN (
        SELECT (section_id, assignment_id) FROM covered WHERE section_id IS NOT NULL AND user_id IS NULL)
    OR l.assignment_id IN (
        SELECT assignment_id FROM covered
        WHERE section_id IS NULL AND user_id IS NULL AND assignment_id IS NOT NULL)
)"""
_OF_GRADE = """(
    (l.section_id, l.assignment_id, l.user_id) IN (
        SELECT (section_id, assignment_id, user_id) FROM covered
        WHERE section_id IS NOT NULL AND user_id IS NOT NULL)
    OR (l.section_id, l.assignment_id, coalesce(l.code, '-')) IN (
        SELECT (section_id, assignment_id, code) FROM covered
        WHERE section_id IS NOT NULL AND user_id IS NULL)
    OR coalesce(l.code, '-') = 'assignment_not_sent' AND (l.section_id, l.assignment_id) IN (
        SELECT (section_id, assignment_id) FROM covered WHERE section_id IS NOT NULL AND user_id IS NULL)
)"""
"""A grade that its assignment's state keeps back has the assignment's line, which is counted once."""


def page(session: Connection, log: Log[Line], job_id: str, wanted: Wanted, number: int = 1) -> LogPage[Line]:
    """Read one page, the last one where `number` is beyond it."""
    ((total,),) = _select(session, log, job_id, wanted, "count(*)")
    number = max(1, min(number, -(-total // PAGE_SIZE)))
    window = f"LIMIT {PAGE_SIZE} OFFSET {PAGE_SIZE * (number - 1)}"
    return LogPage(lines=lines(session, log, job_id, wanted, window), total=total, number=number)


def lines(session: Connection, log: Log[Line], job_id: str, wanted: Wanted, window: str = "") -> list[Line]:
    """Read every row that is wanted, in the order that is wanted, or a `window` (LIMIT …) of them."""
    names = [each.name for each in fields(log.line)]
    rows = _select(session, log, job_id, wanted, ", ".join(names), f"ORDER BY {_order(log, wanted)} {window}")
    return [log.line(**dict(zip(names, row, strict=True))) for row in rows]


def states(
    session: Connection, log: Log[Line], job_id: str, only: frozenset[str] | None = None
) -> dict[str, int]:
    """Count a job's rows by state, of all sections or of those alone."""
    return dict(_select(session, log, job_id, Wanted(only=only), "state, count(*)", "GROUP BY state"))


def choices(session: Connection, log: Log[Line], job_id: str, only: frozenset[str] | None = None) -> Choices:
    """List what a job's log can be filtered by, by name, in one pass through it."""
    ids = ["assignment_id", "section_id", *(["user_id"] if log.line is GradeLine else [])]
    names = [f"min({_NAME_OF[column]})" for column in ids]
    passes = ", ".join(f"({column})" for column in ids)
    rows = _select(
        session, log, job_id, Wanted(only=only), ", ".join(ids + names), f"GROUP BY GROUPING SETS ({passes})"
    )

    def named(column: int) -> list[FilterEntry]:
        found = [
            FilterEntry(value=row[column], label=row[column + len(ids)] or row[column])
            for row in rows
            if row[column]
        ]
        return sorted(found, key=lambda choice: (choice.label.casefold(), choice.value))

    return Choices(
        assignments=named(0), sections=named(1), students=named(2) if log.line is GradeLine else []
    )


_NAME_OF = {"assignment_id": "assignment_name", "section_id": "section_name", "user_id": "student_name"}


def _select(
    session: Connection, log: Log[Line], job_id: str, wanted: Wanted, what: str, tail: str = ""
) -> list[Any]:
    of_grade = log.line is GradeLine
    asked = {
        "assignment_id": wanted.assignment,
        "section_id": wanted.section,
        "user_id": wanted.student if of_grade else None,
        "state": wanted.state,
        "has_log": wanted.log if wanted.code is None else True,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    where = "".join(f" AND {name} = ${name}" for name in given)
    only = {} if wanted.only is None else {"only": sorted(wanted.only)}
    of_code = {} if wanted.code is None else {"code": wanted.code}
    source = _LOG.format(
        table=log.table,
        has_log=_OF_GRADE if of_grade else _OF_ASSIGNMENT,
        only=" AND list_contains($only::VARCHAR[], section_id)" if only else "",
        of_code=" AND code = $code" if of_code else "",
    )
    query = f"{source} SELECT {what} FROM log WHERE true{where} {tail}"  # noqa: S608  names are ours
    return session.execute(query, {"job": job_id, **given, **only, **of_code}).fetchall()


def _order(log: Log[Line], wanted: Wanted) -> str:
    chosen = log.sorts.get(wanted.sort, log.sorts[Column.ASSIGNMENT]).split(", ")
    direction = "DESC" if wanted.descending else "ASC"
    settled = f"{_NAMES}, lower(student_name), user_id" if log.line is GradeLine else _NAMES
    return ", ".join(f"{column} {direction} NULLS LAST" for column in chosen) + f", {settled}"
