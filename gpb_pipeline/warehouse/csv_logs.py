"""The three logs of a job as CSV, for spreadsheets: issues, assignments, grades (docs/decisions.md §8.15).

Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers. The files
hold student data: they are made only where someone asks for them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gpb_pipeline.passback.spreadsheet import inert
from gpb_pipeline.warehouse import details, log_pages
from gpb_pipeline.warehouse.details import IssueCount
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.log_pages import Wanted

BYTE_ORDER_MARK = "\ufeff"
"""In front of a file it tells a spreadsheet that the text is UTF-8."""

_EVERY = Wanted()

_ISSUES = (
    "type",
    "code",
    "severity",
    "stage",
    "message",
    "remedy",
    "assignment id",
    "assignment name",
    "section id",
    "SIS section id",
    "student id",
    "student name",
    "SIS error",
)
_ASSIGNMENTS = (
    "Canvas assignment id",
    "assignment name",
    "assignment SIS id",
    "Canvas section id",
    "SIS section id",
    "assignment group",
    "SIS category",
    "points possible",
    "due date",
    "state",
    "code",
    "SIS error",
)
_GRADES = (
    "Canvas assignment id",
    "assignment name",
    "assignment SIS id",
    "submitted score",
    "exempt",
    "state",
    "code",
    "Canvas section id",
    "SIS section id",
    "student Canvas id",
    "student name",
)

_ISSUE_LINES = """
WITH assignment AS (
    SELECT assignment_id, min(assignment_name) AS assignment_name
    FROM warehouse.main.sis_assignments WHERE job_id = $job GROUP BY assignment_id
), section AS (
    SELECT section_id, min(sis_section_id) AS sis_section_id
    FROM warehouse.main.sis_assignments WHERE job_id = $job GROUP BY section_id
), student AS (
    SELECT user_id, min(student_name) AS student_name
    FROM warehouse.main.sis_grades WHERE job_id = $job GROUP BY user_id
)
SELECT i.code, i.detail, i.assignment_id, assignment_name, i.section_id, sis_section_id,
    i.user_id, student_name, i.sis_error
FROM warehouse.main.issues i
LEFT JOIN assignment USING (assignment_id)
LEFT JOIN section USING (section_id)
LEFT JOIN student USING (user_id)
WHERE i.job_id = $job
"""


@dataclass(frozen=True, kw_only=True)
class IssueLines:
    """Which lines of the issues log, by Canvas's ids; None takes all. `only`: sections that may be seen.

    `to_instructor`: in the words of those who teach, which name no command and no setting.
    """

    to_instructor: bool = False
    only: frozenset[str] | None = None
    code: str | None = None
    section: str | None = None
    assignment: str | None = None
    student: str | None = None


def issues(session: Connection, job: Job, wanted: IssueLines = IssueLines()) -> str:
    """Write `issues.csv`: a line an item and cause."""
    asked = {
        "code": wanted.code,
        "section_id": wanted.section,
        "assignment_id": wanted.assignment,
        "user_id": wanted.student,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    where = "".join(f" AND (i.{name} = ${name}{_OR_WHOLE.get(name, '')})" for name in given)
    only = {} if wanted.only is None else {"only": sorted(wanted.only)}
    if only:
        where += " AND list_contains($only::VARCHAR[], i.section_id)"
    order = " ORDER BY i.code, lower(assignment_name), i.section_id, lower(student_name), i.user_id"
    rows = session.execute(_ISSUE_LINES + where + order, {"job": job.judged_in, **given, **only}).fetchall()
    stopped = details.stop_of(job, to_instructor=wanted.to_instructor)
    if stopped and (not given or given == {"code": stopped.code}):
        rows.append((stopped.code, *[None] * 8))
    return text(_ISSUES, (_issue(row, stopped, to_instructor=wanted.to_instructor) for row in rows))


def assignments(session: Connection, job_id: str, zone: ZoneInfo, wanted: Wanted = _EVERY) -> str:
    """Write `assignments.csv` as the log is filtered and sorted; due dates with `zone`'s offset."""
    return text(
        _ASSIGNMENTS,
        (
            [
                line.assignment_id,
                line.assignment_name,
                line.line_item_id,
                line.section_id,
                line.sis_section_id,
                line.group_name,
                line.category,
                line.points_possible,
                line.due_at.astimezone(zone).isoformat(timespec="seconds") if line.due_at else None,
                line.state,
                line.code,
                line.sis_error,
            ]
            for line in log_pages.lines(session, log_pages.ASSIGNMENTS, job_id, wanted)
        ),
    )


def grades(session: Connection, job_id: str, wanted: Wanted = _EVERY) -> str:
    """Write `grades.csv` as the log is filtered and sorted."""
    return text(
        _GRADES,
        (
            [
                line.assignment_id,
                line.assignment_name,
                line.line_item_id,
                line.score,
                line.exempt,
                line.state,
                line.code,
                line.section_id,
                line.sis_section_id,
                line.user_id,
                line.student_name,
            ]
            for line in log_pages.lines(session, log_pages.GRADES, job_id, wanted)
        ),
    )


def write(session: Connection, job: Job, zone: ZoneInfo, folder: Path) -> list[Path]:
    """Write the three files into `folder`, made if missing, for its owner's eyes only; return them.

    What was there under the name is replaced, whoever could read it, once the new one is whole.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    texts = {
        "issues.csv": issues(session, job),
        "assignments.csv": assignments(session, job.judged_in, zone),
        "grades.csv": grades(session, job.judged_in),
    }
    for name, text in texts.items():
        new = folder / f".{name}.new"
        new.unlink(missing_ok=True)
        new.touch(mode=0o600, exist_ok=False)
        new.write_text(text, encoding="utf-8", newline="")
        new.replace(folder / name)
    return [folder / name for name in texts]


_OR_WHOLE = {"section_id": " OR i.section_id IS NULL", "user_id": " OR i.user_id IS NULL"}
"""A row's own lines are also those that stand once for its whole assignment."""


def _issue(row: Sequence[Any], stopped: IssueCount | None, *, to_instructor: bool) -> list[object]:
    code, detail, *place, sis_error = row
    said = stopped.meaning if stopped and stopped.code == code else details.meaning(code)
    message = f"{said.message} {detail}" if detail else said.message
    remedy = said.to_instructor if to_instructor else said.remedy
    return [said.type, code, said.severity, said.stage, message, remedy, *place, sis_error]


def text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return made.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return inert(value) if isinstance(value, str) else value
