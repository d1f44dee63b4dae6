"""Keeping Dagster's own storage small: runs past their age, with what `delete_run` leaves behind.

A run stays as long as one of its syncs is in the history, so a course's latest always does. Dagster itself
purges only ticks (docs/dagster.md, Q5).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable  # no public way deletes from it

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
PAGE = 500


def purge_runs(
    instance: dg.DagsterInstance,
    *,
    before: datetime,
    kept_jobs: Collection[str],
    told: Callable[[int], None],
) -> int:
    """Delete the finished runs created before `before` none of whose syncs is kept; return how many.

    `kept_jobs` are the job ids in the history, whose first part is their run's id (config.job_id). `told`:
    how many of very many are gone by now.
    """
    kept = {job_id.partition("-")[0] for job_id in kept_jobs}
    old = [run_id for run_id in _finished(instance, before) if run_id.replace("-", "")[:12] not in kept]
    for number, run_id in enumerate(old):
        if number and number % PAGE == 0:
            told(number)
        file = _own_file(instance, run_id)
        instance.delete_run(run_id)
        if file is not None:
            for part in file.parent.glob(f"{file.name}*"):  # SQLite's -wal and -shm too
                part.unlink(missing_ok=True)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    _delete_evaluations(instance, old)
    return len(old)


def _finished(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    """Go through the ids of finished runs, oldest last; a page at a time, before any is deleted."""
    cursor: str | None = None
    found: list[str] = []
    while page := instance.get_run_ids(
        dg.RunsFilter(statuses=FINISHED, created_before=before), cursor=cursor, limit=PAGE
    ):
        found += page
        cursor = page[-1]
    return iter(found)


def _delete_evaluations(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> None:
    """Delete the runs' check evaluations, eight a course and sync, which would be millions in a year."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return
    for start in range(0, len(run_ids), PAGE):
        of_these = AssetCheckExecutionsTable.c.run_id.in_(run_ids[start : start + PAGE])
        with storage.index_transaction() as connection:
            connection.execute(AssetCheckExecutionsTable.delete().where(of_these))


def _own_file(instance: dg.DagsterInstance, run_id: str) -> Path | None:
    storage = instance.event_log_storage
    return Path(storage.path_for_shard(run_id)) if isinstance(storage, SqliteEventLogStorage) else None
