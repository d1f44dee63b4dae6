"""Of which courses the SIS may hold more than is on record: their next sync looks before it judges.

One whose sync stopped while it could post; and each that had no whole sync since the warehouse was found to
be older than what was sent, which a restored one is. How that is found, orchestration/restored.py says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.frames import build
from gpb_pipeline.warehouse import history, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import CANCELLED, DIED, POSTING_STAGES, Job
from gpb_pipeline.warehouse.schemas import Restorations

_UNTOLD = frozenset({DIED, CANCELLED, PipelineError.code})
_KNOWN = """
SELECT count(*) > 0 FROM (
    SELECT job_id FROM warehouse.main.jobs UNION ALL SELECT job_id FROM warehouse.main.past_jobs
) WHERE starts_with(job_id, $1)
"""


def of_courses(
    session: Connection, course_ids: Sequence[str], restored_at: datetime | None = None
) -> frozenset[str]:
    """Name those of these courses that are unsure."""
    return left(history.of_courses(session, course_ids), course_ids, restored_at)


def left(
    past: Sequence[Job], course_ids: Iterable[str] = (), restored_at: datetime | None = None
) -> frozenset[str]:
    """Name the courses that `past` leaves unsure: their jobs as they were, last begun first; one open died.

    Syncs that failed before they could post change nothing about an earlier one that did. Of a warehouse that
    was restored, a course of `course_ids` without any job is unsure too.
    """
    told = {} if restored_at is None else dict.fromkeys(_without(past, course_ids, restored_at), True)
    for job in past:
        if (doubt := leaves_unsure(job)) is not None:
            told.setdefault(job.course_id, doubt)
    return frozenset(course_id for course_id, unsure in told.items() if unsure)


def leaves_unsure(job: Job) -> bool | None:
    """Whether the SIS may hold more than is on record after it; None: it changed nothing about that."""
    if _is_whole(job):
        return False
    could_post = job.status == "Running" or job.code in _UNTOLD or job.stage in POSTING_STAGES
    return True if could_post else None


def _without(past: Iterable[Job], course_ids: Iterable[str], moment: datetime) -> set[str]:
    """Name the courses without a whole sync since that moment."""
    whole = {job.course_id for job in past if _is_whole(job) and job.started_at >= moment}
    return {*course_ids, *(job.course_id for job in past)} - whole


def _is_whole(job: Job) -> bool:
    return job.status not in {"Running", "Failed"}


def noticed_at(session: Connection) -> datetime | None:
    """When the warehouse was last found to be older than what was sent; None if it never was."""
    if tables.RESTORATIONS.is_new(session):
        return None
    [(at,)] = session.execute("SELECT max(noticed_at) FROM warehouse.main.restorations").fetchall()
    return at  # type: ignore[no-any-return]


def notice(session: Connection, at: datetime) -> None:
    """Put on record that the warehouse was found to be older than what was sent."""
    tables.RESTORATIONS.insert(session, build(Restorations, {"noticed_at": [at]}))


def newest_job_at(session: Connection) -> datetime | None:
    """When the newest job on record began; None without one."""
    [(at,)] = session.execute("SELECT max(started_at) FROM warehouse.main.jobs").fetchall()
    return at  # type: ignore[no-any-return]


def knows(session: Connection, prefix: str) -> bool:
    """Whether any job is on record whose id begins so."""
    [(known,)] = session.execute(_KNOWN, [prefix]).fetchall()
    return bool(known)
