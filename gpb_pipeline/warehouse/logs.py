"""The logs of each job: its SIS assignments, its SIS grades and its issues, appended once, purged by age."""

from __future__ import annotations

from pandera.typing import DataFrame

from gpb_pipeline.passback import judged
from gpb_pipeline.passback.course import Outcome
from gpb_pipeline.passback.frames import F
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.tables import Table, keyed


def append(session: Connection, course_id: str, job_id: str, outcome: Outcome) -> None:
    """Keep what came of every row of this job."""
    for table, rows in (
        (tables.SIS_ASSIGNMENTS, outcome.assignments),
        (tables.SIS_GRADES, outcome.grades),
    ):
        table.insert(session, keyed(rows, course_id=course_id, job_id=job_id))
    append_issues(session, course_id, job_id, outcome.issues)


def append_issues(session: Connection, course_id: str, job_id: str, issues: DataFrame[judged.Issues]) -> None:
    """Keep the issues alone, of a job that failed before it had an outcome."""
    tables.ISSUES.insert(session, keyed(issues, course_id=course_id, job_id=job_id))


def of_job(session: Connection, table: Table[F], job_id: str) -> DataFrame[F]:
    """Read one log (tables.SIS_ASSIGNMENTS, SIS_GRADES or ISSUES); without rows if purged."""
    return table.select(session, "job_id", [job_id])
