"""Ends of syncs that did not end by themselves: cancelled, or stopped by a fault that nobody foresaw.

What the stream began and could not end is put on record here, with who stopped it, once nothing writes any
more. A process that was killed can do none of this; the next look finds it (history.fail_dead_jobs).
"""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from traceback import extract_tb

import dagster as dg

from gpb_pipeline.errors import PermanentError, PipelineError
from gpb_pipeline.events import CourseFailed
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.sync import Posting, SyncRequest
from gpb_pipeline.warehouse import history
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.history import End, Job
from gpb_pipeline.warehouse.locks import LockedError, course_lock

TIME_LIMIT = "maximum runtime"
"""In Dagster's own words of why it cancels a run."""


def cancelled(context: dg.AssetExecutionContext, requests: Sequence[SyncRequest]) -> PermanentError:
    """Say who cancelled the run."""
    return PermanentError(
        f"it was cancelled by {_who(context, requests)}",
        item="run",
        remedy="Sync again: what it posted is found and adopted.",
        code=history.CANCELLED,
    )


def unforeseen(fault: BaseException) -> PermanentError:
    """Say where the fault is, and none of its words: they may name a student."""
    frames = extract_tb(fault.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "no place known"
    return PermanentError(
        f"a fault of the pipeline ({type(fault).__name__} in {place})",
        item="run",
        remedy="Report it with the run's id; then sync again: what it posted is found and adopted.",
        code=PipelineError.code,
    )


def end(warehouse: Warehouse, requests: Sequence[SyncRequest], error: PipelineError) -> list[CourseFailed]:
    """End those of these syncs that are still open, each under its course's lock; tell of each."""
    asked = {each.job_id: each for each in requests if each.posting is not Posting.NOTHING}
    now = datetime.now(UTC)
    with ExitStack() as locks:
        mine: list[str] = []
        for job in warehouse.read(history.open_jobs):
            if job.job_id in asked:
                try:
                    locks.enter_context(course_lock(warehouse.settings, job.course_id))
                except LockedError:  # another sync has begun since, and ended this one
                    continue
                mine.append(job.job_id)
        ended = warehouse.commit(_end, mine, error, now) if mine else []
    return [
        CourseFailed(request=asked[job.job_id], error=error, started_at=job.started_at, at=now)
        for job in ended
    ]


def _end(session: Connection, job_ids: Sequence[str], error: PipelineError, now: datetime) -> list[Job]:
    still = [job for job in history.open_jobs(session) if job.job_id in job_ids]
    ends = [
        End(
            job_id=job.job_id,
            at=now,
            status="Failed",
            counts=Counts.none(),
            code=error.code,
            cause=f"course {job.course_id}: {error.what}. {error.remedy}",
        )
        for job in still
    ]
    history.end(session, ends)
    return still


def _who(context: dg.AssetExecutionContext, requests: Sequence[SyncRequest]) -> str:
    """Find who it was: Dagster asks a run to stop, by a click or its time limit; a terminal interrupts it."""
    asked = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.RUN_CANCELING)
    if any(TIME_LIMIT in entry.message for entry in asked):
        return "Dagster, for it ran longer than its time limit (dagster.yaml, max_runtime_seconds)"
    return "someone in the Dagster UI" if asked else requests[0].posted_by
