"""What people asked for at the instructor's desk, and what became of it: durable, by whom and when.

A request is a row; each thing that becomes of it another one. Who launches it is orchestration's, what its
kinds do is said there too. What a look at a course found is kept under its request for a day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from gpb_pipeline.passback.frames import build
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.schemas import RequestOutcomes, Requests, RequestSteps

RequestKind = Literal["read", "preview", "sync", "remaster", "categories", "nightly"]
Step = Literal["launched", "ended", "failed", "expired"]
Status = Literal[
    "Scheduled", "Running", "Completed", "Completed (with errors)", "Failed", "Not launched in time"
]

EXPIRES = timedelta(days=1)
"""After which a request is not launched any more, but told."""
OUTCOMES_KEPT = timedelta(days=1)
REQUESTS_KEPT = timedelta(days=14)

_REQUESTS = """
SELECT r.request_id, r.course_id, r.kind, r.wanted, r.asked_by, r.asked_by_id, r.asked_at,
    s.step, s.taken_at, s.job_id, coalesce(e.cause, s.cause) AS cause, coalesce(e.code, s.code) AS code,
    j.job_id IS NOT NULL AS begun, e.status AS job_status, stage, o.kept_at
FROM warehouse.main.requests r
LEFT JOIN (
    SELECT request_id, arg_max(step, taken_at) AS step, max(taken_at) AS taken_at,
        max(job_id) AS job_id, arg_max(cause, taken_at) AS cause, arg_max(code, taken_at) AS code
    FROM warehouse.main.request_steps GROUP BY request_id
) s USING (request_id)
LEFT JOIN warehouse.main.jobs j ON j.job_id = s.job_id
LEFT JOIN warehouse.main.job_ends e ON e.job_id = s.job_id
LEFT JOIN (
    SELECT job_id, arg_max(stage, reached_at) AS stage FROM warehouse.main.job_stages GROUP BY job_id
) t ON t.job_id = s.job_id
LEFT JOIN warehouse.main.request_outcomes o ON o.request_id = r.request_id
"""
_NEWEST_FIRST = " ORDER BY r.asked_at DESC, r.request_id DESC"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it stands. Times are in UTC; `stage` is its sync's, `found`: whether a look was kept.

    `cause` and `code` say why it failed: as its sync's end has them from the first moment, else its run.
    """

    request_id: str
    course_id: str
    kind: RequestKind
    wanted: Mapping[str, Any]
    asked_by: str
    asked_by_id: str
    asked_at: datetime
    step: Step | None = None
    taken_at: datetime | None = None
    job_id: str | None = None
    cause: str | None = None
    code: str | None = None
    begun: bool = False
    job_status: str | None = None
    stage: str | None = None
    found: bool = False

    @property
    def status(self) -> Status:
        """The word that people see; a sync's own end says more than its run's."""
        if self.job_status is not None:
            return self.job_status  # type: ignore[return-value]  # the history's words are among them
        if self.found:
            return "Completed"  # what was looked for is there, whether or not its run has ended
        if self.step == "launched":
            return "Running" if self.begun or self.kind not in ("sync", "remaster") else "Scheduled"
        ends: dict[Step | None, Status] = {
            None: "Scheduled",
            "ended": "Completed",
            "failed": "Failed",
            "expired": "Not launched in time",
        }
        return ends[self.step]

    @property
    def is_open(self) -> bool:
        return self.status in ("Scheduled", "Running")

    @property
    def waits(self) -> bool:
        """Whether asking for the same again is no wish of its own."""
        return self.status == "Scheduled" or (self.is_open and self.kind in ("read", "preview"))


@dataclass(frozen=True, kw_only=True)
class NewRequest:
    """A request as it is made."""

    course_id: str
    kind: RequestKind
    wanted: Mapping[str, Any] = field(default_factory=dict)
    by: str
    by_id: str
    at: datetime
    since: datetime | None = None
    """When the preview that it confirms was asked for."""


def same(
    made: Sequence[Request], kind: RequestKind, wanted: Mapping[str, Any], *, since: datetime | None = None
) -> Request | None:
    """Find what asking for this again would be: the same where it has not begun to read.

    The newest of its kind is the same or none is: of on, off and on again, the last is a wish of its own.
    What confirms a preview is whatever was asked for `since` that, also after it has ended.
    """
    of_kind = [each for each in made if each.kind == kind]
    waiting = [each for each in of_kind[:1] if each.waits]
    confirmed = [each for each in of_kind if since is not None and each.asked_at >= since]
    return next((each for each in (*waiting, *confirmed) if _spelled(each.wanted) == _spelled(wanted)), None)


def ask(session: Connection, asked: NewRequest) -> str:
    """Put a request on record and give its id: that of the same one, where there is one (`same`)."""
    made = of_course(session, asked.course_id)
    if found := same(made, asked.kind, asked.wanted, since=asked.since):
        return found.request_id
    request_id = uuid4().hex
    row: dict[str, list[Any]] = {
        "request_id": [request_id],
        "course_id": [asked.course_id],
        "kind": [asked.kind],
        "wanted": [_spelled(asked.wanted)],
        "asked_by": [asked.by],
        "asked_by_id": [asked.by_id],
        "asked_at": [asked.at],
    }
    tables.REQUESTS.insert(session, build(Requests, row))
    return request_id


def step(
    session: Connection,
    request_id: str,
    taken: Step,
    *,
    at: datetime,
    job_id: str | None = None,
    cause: str | None = None,
    code: str | None = None,
) -> None:
    """Put on record what became of a request."""
    row: dict[str, list[Any]] = {
        "request_id": [request_id],
        "step": [taken],
        "taken_at": [at],
        "job_id": [job_id],
        "cause": [cause],
        "code": [code],
    }
    tables.REQUEST_STEPS.insert(session, build(RequestSteps, row))


def keep(session: Connection, request: Request, outlook: str, *, at: datetime) -> None:
    """Keep what a look found, in place of what an earlier try kept."""
    tables.REQUEST_OUTCOMES.delete(session, "request_id", [request.request_id])
    row: dict[str, list[Any]] = {
        "request_id": [request.request_id],
        "course_id": [request.course_id],
        "kept_at": [at],
        "outlook": [outlook],
    }
    tables.REQUEST_OUTCOMES.insert(session, build(RequestOutcomes, row))


def request(session: Connection, request_id: str) -> Request | None:
    """Read one request; None where there is none of that id, or no longer."""
    found = _requests(session.execute(_REQUESTS + " WHERE r.request_id = $1", [request_id]))
    return found[0] if found else None


def of_course(session: Connection, course_id: str) -> list[Request]:
    """List a course's requests, newest first."""
    return _requests(session.execute(_REQUESTS + " WHERE r.course_id = $1" + _NEWEST_FIRST, [course_id]))


def beside(session: Connection, request_id: str) -> list[Request]:
    """List the requests of the course that this one is of, newest first, itself among them."""
    of_its_course = (
        " WHERE r.course_id = (SELECT course_id FROM warehouse.main.requests WHERE request_id = $1)"
    )
    return _requests(session.execute(_REQUESTS + of_its_course + _NEWEST_FIRST, [request_id]))


def unfinished(session: Connection) -> list[Request]:
    """List the requests of all courses that are neither ended nor told, oldest first."""
    open_ones = " WHERE s.step IS NULL OR s.step = 'launched'"
    return _requests(session.execute(_REQUESTS + open_ones + _NEWEST_FIRST))[::-1]


def outlook(session: Connection, request_id: str) -> str | None:
    """Read what a request's look found; None where nothing is kept."""
    query = "SELECT outlook FROM warehouse.main.request_outcomes WHERE request_id = $1"
    row = session.execute(query, [request_id]).fetchone()
    return str(row[0]) if row else None


def past_their_age(session: Connection, *, now: datetime) -> tuple[list[str], list[str]]:
    """Name the outcomes and the requests that are past their age."""
    outcomes = "SELECT request_id FROM warehouse.main.request_outcomes WHERE kept_at < $1"
    old = "SELECT request_id FROM warehouse.main.requests WHERE asked_at < $1"
    return (
        [row[0] for row in session.execute(outcomes, [now - OUTCOMES_KEPT]).fetchall()],
        [row[0] for row in session.execute(old, [now - REQUESTS_KEPT]).fetchall()],
    )


def purge(session: Connection, outcomes: Sequence[str], old: Sequence[str]) -> None:
    """Delete these outcomes, and these requests with their steps."""
    tables.REQUEST_OUTCOMES.delete(session, "request_id", outcomes)
    for table in (tables.REQUESTS, tables.REQUEST_STEPS):
        table.delete(session, "request_id", old)


def _spelled(wanted: Mapping[str, Any]) -> str:
    return json.dumps(wanted, sort_keys=True)


def _requests(rows: Connection) -> list[Request]:
    names = [column[0] for column in rows.description or []]
    return [_request(dict(zip(names, row, strict=True))) for row in rows.fetchall()]


def _request(row: dict[str, Any]) -> Request:
    found = row.pop("kept_at") is not None
    return Request(**row | {"wanted": json.loads(row["wanted"]), "found": found})
