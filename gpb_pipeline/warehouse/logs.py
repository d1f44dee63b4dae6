"""The logs of each job: SIS assignments, SIS grades, issues, differences; appended once, purged by age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.frames import F
from gpb_pipeline.passback.holdings.differences import Differences
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.table import Table, keyed


@dataclass(frozen=True, kw_only=True)
class JobOutcome:
    """What came of every row of a job."""

    course_id: str
    job_id: str
    outcome: Rows
    differences: DataFrame[Differences] | None = None  # of a reconcile or a retract

    def keyed(self, rows: pd.DataFrame) -> pd.DataFrame:
        return keyed(rows, course_id=self.course_id, job_id=self.job_id)


def append(session: Connection, jobs: Sequence[JobOutcome]) -> None:
    """Keep what came of every row of these jobs."""
    tables.SIS_ASSIGNMENTS.insert(session, *(job.keyed(job.outcome.assignments) for job in jobs))
    tables.SIS_GRADES.insert(session, *(job.keyed(job.outcome.grades) for job in jobs))
    tables.ISSUES.insert(session, *(job.keyed(job.outcome.issues) for job in jobs))
    told = (job.keyed(job.differences) for job in jobs if job.differences is not None)
    tables.DIFFERENCES.insert(session, *told)


def of_job(session: Connection, table: Table[F], job_id: str) -> DataFrame[F]:
    """Read one log (tables.LOGS); without rows if purged."""
    return table.select(session, "job_id", [job_id])
