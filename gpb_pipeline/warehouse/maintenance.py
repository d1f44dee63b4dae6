"""Keeping the warehouse small: purging old jobs with their logs, merging files, expiring old snapshots.

The holdings and what was ever sent are never purged. Purged rows leave the disk once their snapshots have
expired and their files have been cleaned up, which `compact` does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gpb_pipeline.passback.course import READ_BACK
from gpb_pipeline.settings import RetentionSettings
from gpb_pipeline.warehouse import history, looks, tables
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.history import Job, Status

SNAPSHOTS_KEPT = timedelta(days=1)
"""How far back the warehouse can be read as it was: longer than any reader's transaction."""

_COMPACTION = (
    "CALL ducklake_rewrite_data_files('warehouse')",
    "CALL ducklake_merge_adjacent_files('warehouse')",
)
_CLEANING = (
    "CALL ducklake_expire_snapshots('warehouse', older_than => {before})",
    "CALL ducklake_cleanup_old_files('warehouse', older_than => {before})",
    "CALL ducklake_delete_orphaned_files('warehouse', older_than => {before})",
)


def ages(settings: RetentionSettings) -> dict[Status, timedelta]:
    """How long a job stays in the history, from its begin, by how it ended (manual; decisions.md §8.13)."""
    unsuccessful = timedelta(days=settings.failed_days)
    return {
        "Completed": timedelta(days=settings.completed_days),
        "Completed (with errors)": unsuccessful,
        "Failed": unsuccessful,
    }


def purgeable(
    session: Connection, *, now: datetime | None = None, settings: RetentionSettings | None = None
) -> list[Job]:
    """List the jobs past their age, newest first: never a running one, nor a course's latest sync or reading.

    `settings` are the environment's where none are given; raises SettingsError for wrong ones.
    """
    moment = now or datetime.now(UTC)
    kept = ages(settings or RetentionSettings.load())
    seen: set[tuple[str, bool]] = set()
    old: list[Job] = []
    for job in history.jobs(session):
        age, line = kept.get(job.status), (job.course_id, job.type in READ_BACK)
        if line in seen and age is not None and moment - job.started_at > age:
            old.append(job)
        seen.add(line)
    return old


def purge(
    session: Connection, *, now: datetime | None = None, settings: RetentionSettings | None = None
) -> list[Job]:
    """Delete the jobs past their age with their stages, ends and logs; return them.

    Who posted them stays known, for what they sent is never forgotten (trace.py). Logs that a later job's are
    too go with the last of these.
    """
    old = purgeable(session, now=now, settings=settings)
    gone = [job.job_id for job in old]
    tables.PAST_JOBS.insert(session, tables.JOBS.select(session, "job_id", gone))
    for table in tables.HISTORY:
        table.delete(session, "job_id", gone)
    unused = {job.judged_in for job in old} - history.judged_in(session)
    for table in tables.LOGS:
        table.delete(session, "job_id", sorted(unused))
    return old


def compact(warehouse: Warehouse, *, keep: timedelta = SNAPSHOTS_KEPT, now: datetime | None = None) -> None:
    """Fold looks in, merge the small files that commits leave, and delete what no kept snapshot needs.

    Each statement is a commit of its own, so that syncs get their turn in between.
    """
    moment = now or datetime.now(UTC)
    looks.fold(warehouse, keep=timedelta(days=RetentionSettings.load().looks_days), now=moment)
    before = f"TIMESTAMPTZ '{(moment - keep).isoformat()}'"
    for statement in (*_COMPACTION, *(cleaning.format(before=before) for cleaning in _CLEANING)):
        warehouse.commit(_run, statement)


def _run(session: Connection, statement: str) -> None:
    session.execute(statement)
