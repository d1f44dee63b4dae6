"""What became of every row of a sync, as programs read it (`gpb details --json`), and its issues by cause.

Paging through a log is in log_pages.py, its CSV files in csv_logs.py. Everything here may hold student data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.rows import frames as rows_schemas
from gpb_pipeline.passback.rules import stops
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code, ItemKind, Severity
from gpb_pipeline.warehouse import history, logs, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job

_ASSIGNMENT = {
    "assignment_id": "assignment_id",
    "assignment_name": "assignment_name",
    "section_id": "section_id",
    "sis_section_id": "sis_section_id",
    "line_item_id": "sis_assignment_id",
    "category": "category",
    "due_at": "due_at",
    "state": "state",
    "code": "code",
    "sis_error": "sis_error",
}
_GRADE = {
    "assignment_id": "assignment_id",
    "assignment_name": "assignment_name",
    "line_item_id": "sis_assignment_id",
    "section_id": "section_id",
    "sis_section_id": "sis_section_id",
    "user_id": "student_id",
    "sis_user_id": "sis_student_id",
    "score": "submitted_grade",
    "exempt": "exempt",
    "state": "state",
    "code": "code",
    "sis_error": "sis_error",
}
"""Column of the log → its name in `gpb details --json` (docs/decisions.md §7), in order."""


@dataclass(frozen=True, kw_only=True)
class IssueMeaning:
    """What a line of the issues log says: the catalogue's words, or those of what stopped a sync."""

    severity: Severity
    type: ItemKind
    stage: str
    message: str
    remedy: str
    who: str


@dataclass(frozen=True, kw_only=True)
class IssueCount:
    """A cause met in a sync, and how many items it concerns."""

    code: str
    meaning: IssueMeaning
    count: int

    def as_json(self) -> dict[str, object]:
        said = self.meaning
        return {
            "code": self.code,
            "severity": said.severity,
            "type": said.type,
            "message": said.message,
            "stage": said.stage,
            "count": self.count,
        }


@dataclass(frozen=True, kw_only=True)
class Details:
    """A job with its three logs; those of a running or purged job have no rows."""

    job: Job
    assignments: DataFrame[rows_schemas.AssignmentRows]
    grades: DataFrame[rows_schemas.GradeRows]
    issues: DataFrame[rows_schemas.Issues]

    def as_json(self, zone: ZoneInfo) -> dict[str, object]:
        """Make the object of `gpb details JOB --json` (docs/decisions.md §7), times with `zone`'s offset."""
        counts = self.job.counts
        return {
            "job": self.job.summary(zone),
            "filtered": asdict(counts.filtered) | {"extracted": asdict(counts.extracted)},
            **rows_as_json(self.assignments, self.grades, zone),
            "issues": [issue.as_json() for issue in issue_counts(self.issues, self.job)],
        }


def of_job(session: Connection, job_id: str) -> Details | None:
    """Read a job with its logs; None if there is none of that id, or no longer."""
    job = history.job(session, job_id)
    if job is None:
        return None
    return Details(
        job=job,
        assignments=logs.of_job(session, tables.SIS_ASSIGNMENTS, job.judged_in),
        grades=logs.of_job(session, tables.SIS_GRADES, job.judged_in),
        issues=logs.of_job(session, tables.ISSUES, job.judged_in),
    )


def rows_as_json(
    assignments: pd.DataFrame, grades: pd.DataFrame, zone: ZoneInfo
) -> dict[str, list[dict[str, object]]]:
    """Make the `assignments` and `grades` of details, of a sync's outcome or of a preview's plan."""
    by_name = ["assignment_name", "assignment_id", "section_id"]
    return {
        "assignments": _records(assignments.sort_values(by_name), _ASSIGNMENT, zone),
        "grades": _records(grades.sort_values([*by_name, "student_name", "user_id"]), _GRADE, zone),
    }


def issue_counts(issues: pd.DataFrame, job: Job | None = None) -> list[IssueCount]:
    """Count issues by code, errors first; of a `job` that stopped, what stopped it is one of them."""
    return by_gravity(Counter(issues["code"]), job)


def by_gravity(codes: Mapping[str, int], job: Job | None = None) -> list[IssueCount]:
    """Say what these codes mean, errors first, then what is met most."""
    every = [IssueCount(code=code, meaning=meaning(code), count=count) for code, count in codes.items()]
    stopped = stop_of(job) if job else None
    gravity: Sequence[Severity] = ("error", "warning", "info")
    return sorted(
        [*every, *([stopped] if stopped else [])],
        key=lambda issue: (gravity.index(issue.meaning.severity), -issue.count, issue.code),
    )


def stop_of(job: Job) -> IssueCount | None:
    """Say what stopped a job; None if it ran to its end."""
    if job.code is None:
        return None
    stopped = IssueMeaning(
        severity="error",
        type="course",
        stage=job.stage or "Get Assignments",
        message=job.cause or "The sync stopped.",
        remedy="",  # the cause's own words say it
        who=stops.stop_of(job.code).who,
    )
    return IssueCount(code=job.code, meaning=stopped, count=1)


def meaning(code: str) -> IssueMeaning:
    """Say what a code of the issues log means; one of another version says that it is unknown."""
    try:
        said = CATALOGUE[Code(code)]
    except ValueError:
        return _UNKNOWN
    return IssueMeaning(
        severity=said.severity,
        type=said.kind,
        stage=said.stage,
        message=said.cause,
        remedy=said.remedy,
        who=said.who,
    )


_UNKNOWN = IssueMeaning(
    severity="warning",
    type="course",
    stage="Filter",
    message="A cause that this version does not know.",
    remedy="Look at it with the version that synced.",
    who="operator",
)


def _records(rows: pd.DataFrame, names: dict[str, str], zone: ZoneInfo) -> list[dict[str, object]]:
    columns = {name: [_plain(value, zone) for value in rows[column]] for column, name in names.items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _plain(value: Any, zone: ZoneInfo) -> object:
    if value is None or value is pd.NaT or value != value:  # noqa: PLR0124  NaN alone differs from itself
        return None
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return value
