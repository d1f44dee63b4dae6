"""What became of every row of a sync, as programs read it (`gpb details --json`), and its issues by cause.

Paging through a log is in log_pages.py, its CSV files in csv_logs.py. Everything here may hold student data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from gpb_pipeline.passback.rules import stops
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code, ItemKind, Severity
from gpb_pipeline.warehouse import history, plain_rows
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.plain_rows import literal

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
_ISSUE = ("code", "section_id", "assignment_id", "user_id", "detail", "sis_error")


@dataclass(frozen=True, kw_only=True)
class IssueMeaning:
    """What a line of the issues log says: the catalogue's words, or those of what stopped a sync.

    `to_instructor` is the remedy as those who teach the course are told.
    """

    severity: Severity
    type: ItemKind
    stage: str
    message: str
    remedy: str
    to_instructor: str
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
    """A job with its three logs; those of a running or purged job have no rows.

    A row has the log's columns as attributes, as the rows of a frame do (passback/frames.py).
    """

    job: Job
    assignments: Sequence[Any] = field(repr=False)
    grades: Sequence[Any] = field(repr=False)
    issues: Sequence[Any] = field(repr=False)

    def as_json(self, zone: ZoneInfo) -> dict[str, object]:
        """Make the object of `gpb details JOB --json` (docs/decisions.md §7), times with `zone`'s offset."""
        counts = self.job.counts
        return {
            "job": self.job.summary(zone),
            "filtered": asdict(counts.filtered) | {"extracted": asdict(counts.extracted)},
            **rows_as_json(self.assignments, self.grades, zone),
            "issues": [issue.as_json() for issue in self.issue_counts()],
        }

    def issue_counts(self) -> list[IssueCount]:
        """Count the job's issues by code; what stopped it is one of them."""
        return issue_counts((row.code for row in self.issues), self.job)


def of_job(session: Connection, job_id: str) -> Details | None:
    """Read a job with its logs; None if there is none of that id, or no longer."""
    job = history.job(session, job_id)
    if job is None:
        return None
    return Details(
        job=job,
        assignments=_log(session, "sis_assignments", job, _ASSIGNMENT),
        grades=_log(session, "sis_grades", job, (*_GRADE, "student_name")),
        issues=_log(session, "issues", job, _ISSUE),
    )


def _log(session: Connection, table: str, job: Job, columns: Iterable[str]) -> Sequence[Any]:
    """Read a log; by its course too, whose rows stand together."""
    where = f"course_id = {literal(job.course_id)} AND job_id = {literal(job.judged_in)}"
    query = f"SELECT {', '.join(columns)} FROM warehouse.main.{table} WHERE {where}"  # noqa: S608
    return plain_rows.read(session, query)


def rows_as_json(
    assignments: Iterable[Any], grades: Iterable[Any], zone: ZoneInfo
) -> dict[str, list[dict[str, object]]]:
    """Make the `assignments` and `grades` of details, of a sync's outcome or of a preview's plan."""
    return {
        "assignments": [_record(row, _ASSIGNMENT, zone) for row in sorted(assignments, key=_by_name)],
        "grades": [_record(row, _GRADE, zone) for row in sorted(grades, key=_by_name_and_student)],
    }


def _by_name(row: Any) -> tuple[str, str, str]:
    return row.assignment_name, row.assignment_id, row.section_id


def _by_name_and_student(row: Any) -> tuple[object, ...]:
    return *_by_name(row), row.student_name, row.user_id is None, row.user_id or ""


def issue_counts(codes: Iterable[str], job: Job | None = None) -> list[IssueCount]:
    """Count the codes of issues, errors first; of a `job` that stopped, what stopped it is one of them."""
    return by_gravity(Counter(codes), job)


def by_gravity(codes: Mapping[str, int], job: Job | None = None) -> list[IssueCount]:
    """Say what these codes mean, errors first, then what is met most."""
    every = [IssueCount(code=code, meaning=meaning(code), count=count) for code, count in codes.items()]
    stopped = stop_of(job) if job else None
    gravity: Sequence[Severity] = ("error", "warning", "info")
    return sorted(
        [*every, *([stopped] if stopped else [])],
        key=lambda issue: (gravity.index(issue.meaning.severity), -issue.count, issue.code),
    )


def stop_of(job: Job, *, to_instructor: bool = False) -> IssueCount | None:
    """Say what stopped a job, to who runs the pipeline in its exact words; None if it ran to its end."""
    if job.code is None:
        return None
    stop = stops.stop_of(job.code)
    stopped = IssueMeaning(
        severity="error",
        type="course",
        stage=job.stage or "Get Assignments",
        message=stop.cause if to_instructor else job.cause or "The sync stopped.",
        remedy="",  # the cause's own words say it
        to_instructor=stop.to_instructor,
        who=stop.who,
    )
    return IssueCount(code=job.code, meaning=stopped, count=1)


@cache
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
        to_instructor=said.to_instructor,
        who=said.who,
    )


_UNKNOWN = IssueMeaning(
    severity="warning",
    type="course",
    stage="Filter",
    message="A cause that this version does not know.",
    remedy="Look at it with the version that synced.",
    to_instructor="Nothing in the course: it is for the data team.",
    who="operator",
)


def _record(row: Any, names: Mapping[str, str], zone: ZoneInfo) -> dict[str, object]:
    return {name: _plain(getattr(row, column), zone) for column, name in names.items()}


def _plain(value: Any, zone: ZoneInfo) -> object:
    if value is None or value != value:  # noqa: PLR0124  NaN and NaT alone differ from themselves
        return None
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return value
