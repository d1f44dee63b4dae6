"""Keeping the warehouse small: purging old jobs with their logs, merging files, expiring old snapshots.

The holdings are never purged, and what was ever sent only where the district says so. Purged rows leave the
disk once their files were written anew, their snapshots have expired and those files have been cleaned up: by
`compact`, within nine days where it runs every day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gpb_pipeline.passback.sync_types import READ_BACK
from gpb_pipeline.settings import RetentionSettings
from gpb_pipeline.warehouse import history, looks, tables, unsure
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.history import Job, Status
from gpb_pipeline.warehouse.table import Table

SNAPSHOTS_KEPT = timedelta(days=1)
"""How far back the warehouse can be read as it was: longer than any reader's transaction."""

SUNDAY = 6

_COMPACTION = (
    "CALL ducklake_rewrite_data_files('warehouse')",
    "CALL ducklake_merge_adjacent_files('warehouse')",
)
_ANEW = "CALL ducklake_rewrite_data_files('warehouse', '{table}', delete_threshold => 0)"
_CLEANING = (
    "CALL ducklake_expire_snapshots('warehouse', older_than => {before})",
    "CALL ducklake_cleanup_old_files('warehouse', older_than => {before})",
    "CALL ducklake_delete_orphaned_files('warehouse', older_than => {before})",
)


_HOLDING_JOBS = " UNION ALL ".join(
    f"SELECT job_id FROM {table.qualified}"  # noqa: S608
    for pair in tables.ASIDE
    for table in pair
    if "job_id" in table.columns
)
SENT_BEFORE: tuple[tuple[Table[Any], str], ...] = (
    (tables.SENT_LINE_ITEMS, "sent_at < $1"),
    (tables.SENT_RESULTS, "sent_at < $1"),
    (tables.PAST_JOBS, f"started_at < $1 AND job_id NOT IN ({_HOLDING_JOBS})"),
)
"""What was ever sent before, and by whom; a job stays known while a holding is of it (holdings.py)."""


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

    Nor the latest that tells whether the SIS may hold more of the course than is on record (unsure.py).
    `settings` are the environment's where none are given; raises SettingsError for wrong ones.
    """
    moment = now or datetime.now(UTC)
    kept = ages(settings or RetentionSettings.load())
    seen: set[tuple[str, bool]] = set()
    told: set[str] = set()
    old: list[Job] = []
    for job in history.jobs(session):
        age, line = kept.get(job.status), (job.course_id, job.type in READ_BACK)
        tells = job.course_id not in told and unsure.leaves_unsure(job) is not None
        if line in seen and not tells and age is not None and moment - job.started_at > age:
            old.append(job)
        seen.add(line)
        if tells:
            told.add(job.course_id)
    return old


def purge(
    session: Connection, *, now: datetime | None = None, settings: RetentionSettings | None = None
) -> list[Job]:
    """Delete the jobs past their age with their stages, ends and logs; return them.

    Who posted them stays known as long as what they sent (trace.py). Logs that a later job's are too go with
    the last of these.
    """
    settings = settings or RetentionSettings.load()
    old = purgeable(session, now=now, settings=settings)
    gone = [job.job_id for job in old]
    tables.PAST_JOBS.insert(session, tables.JOBS.select(session, "job_id", gone))
    for table in tables.HISTORY:
        table.delete(session, "job_id", gone)
    unused = {job.judged_in for job in old} - history.judged_in(session)
    for table in tables.LOGS:
        table.delete(session, "job_id", sorted(unused))
    if settings.sent_days is not None:
        no_longer_sent(session, (now or datetime.now(UTC)) - timedelta(days=settings.sent_days))
    return old


def sent_past_age(
    session: Connection, *, now: datetime | None = None, settings: RetentionSettings | None = None
) -> int:
    """Count the rows of what was ever sent that are past GPB_KEEP_SENT_DAYS; none where it is not set."""
    days = (settings or RetentionSettings.load()).sent_days
    if days is None:
        return 0
    before = (now or datetime.now(UTC)) - timedelta(days=days)
    sent = [f"SELECT 1 FROM {table.qualified} WHERE {where}" for table, where in SENT_BEFORE[:2]]  # noqa: S608
    query = f"SELECT count(*) FROM ({' UNION ALL '.join(sent)})"  # noqa: S608
    [(count,)] = session.execute(query, [before]).fetchall()
    return int(count)


def no_longer_sent(session: Connection, before: datetime) -> None:
    """Drop what was sent before, with who posted it; what the SIS holds stays in the holdings."""
    for table, where in SENT_BEFORE:
        table.delete_where(session, where, [before])


def compact(warehouse: Warehouse, *, keep: timedelta = SNAPSHOTS_KEPT, now: datetime | None = None) -> None:
    """Fold looks in, merge the small files that commits leave, and delete what no kept snapshot needs.

    Each statement is a commit of its own, so that syncs get their turn in between.
    """
    moment = now or datetime.now(UTC)
    looks.fold(warehouse, keep=timedelta(days=RetentionSettings.load().looks_days), now=moment)
    before = f"TIMESTAMPTZ '{(moment - keep).isoformat()}'"
    if is_weekly_turn(moment):
        for table in tables.ALL:
            warehouse.commit(_run, _ANEW.format(table=table.name))
    for statement in (*_COMPACTION, *(cleaning.format(before=before) for cleaning in _CLEANING)):
        warehouse.commit(_run, statement)


def is_weekly_turn(moment: datetime) -> bool:
    """Whether it is the day on which every file with deleted rows is written anew, and all is looked through.

    What was removed by its age is then in no file that a reader of today's state needs.
    """
    return moment.weekday() == SUNDAY


def _run(session: Connection, statement: str) -> None:
    session.execute(statement)
