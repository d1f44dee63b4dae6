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
    """Say who cancelled the run; interrupted at its terminal it ends as cancelled, not as failed."""
    asked = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.RUN_CANCELING)
    if any(TIME_LIMIT in entry.message for entry in asked):
        who = "Dagster, for it ran longer than dagster.yaml allows (max_runtime_seconds)"
    elif asked:
        who = "someone in the Dagster UI"
    elif context.run.remote_job_origin is None:  # no code location: it runs in the process of whoever asked
        who = requests[0].posted_by
        context.instance.report_run_canceling(context.run, "Interrupted at the terminal.")
    else:
        who = "whoever ended its process (a restart of the host?)"
    return PermanentError(
        f"it was cancelled by {who}",
        item="the run",
        remedy="Sync again: what it posted is found and adopted.",
        code=history.CANCELLED,
    )


def unforeseen(fault: BaseException) -> PermanentError:
    """Say where the fault is, and none of its words: they may name a student."""
    frames = extract_tb(fault.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "no place known"
    return PermanentError(
        f"a fault of the pipeline ({type(fault).__name__} in {place})",
        item="the run",
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
            cause=str(error),
        )
        for job in still
    ]
    history.end(session, ends)
    return still
