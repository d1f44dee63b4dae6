"""The logs of a job are its own, row for row."""

from typing import Any

import pandas as pd

from gpb_pipeline.warehouse import logs, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.logs import JobOutcome
from gpb_pipeline.warehouse.table import Table
from gpb_pipeline_tests.warehouse.rows import outcome

KEY = {"section_id": "s1", "assignment_id": "a1"}


def test_a_jobs_logs_are_its_own(warehouse: Warehouse) -> None:
    came = outcome([KEY | {"state": "created"}], [KEY | {"user_id": "u1", "state": "failed"}])
    jobs = [JobOutcome(course_id="1", job_id=job_id, outcome=came) for job_id in ("j1", "j2")]
    warehouse.commit(logs.append, jobs)
    kept: list[tuple[Table[Any], pd.DataFrame]] = [
        (tables.SIS_ASSIGNMENTS, came.assignments),
        (tables.SIS_GRADES, came.grades),
        (tables.ISSUES, came.issues),
    ]
    for table, rows in kept:
        assert warehouse.read(logs.of_job, table, "j1").equals(rows)
