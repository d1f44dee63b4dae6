"""Of the warehouse and Dagster's own store one is older than the other, because it was restored.

A warehouse that is older than what was sent is found by Dagster's runs, before a run sends anything; what
follows for each course is warehouse/unsure.py's. A store that is older than the warehouse has runs that wait
and were made: such a run is refused. Where both were restored, to the same day, nobody can tell
(docs/operating.md).
"""

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from gpb_pipeline.errors import UsageError
from gpb_pipeline.orchestration.config import job_id
from gpb_pipeline.sync import Connections, Stage
from gpb_pipeline.warehouse import unsure
from gpb_pipeline.warehouse.ducklake import Warehouse

RUNS = 50
"""Runs that are looked at, the newest first: one that wrote is enough."""


def looked_for(context: dg.AssetExecutionContext, connections: Connections) -> Connections:
    """Put on record, and say in the run's log, that the warehouse is older than what was sent, if it is.

    Raises UsageError for a run that was made before, whose jobs have the same ids.
    """
    if connections.warehouse.read(unsure.knows, job_id(context.run.run_id, "")):
        raise made_before("its syncs are")
    run_id = next(_wrote_since(context.instance, connections.warehouse, context.run.run_id), None)
    if run_id is None:
        return connections
    now = connections.clock()
    connections.warehouse.commit(unsure.notice, now)
    context.log.warning(
        "the warehouse is older than what was sent: it has no sync of run %s, which wrote to the SIS. Of "
        "each course, what the SIS holds is looked at before anything is sent.",
        run_id,
    )
    return replace(connections, restored_at=now)


def made_before(what: str) -> UsageError:
    """Say of a run that what it does is on record already."""
    return UsageError(
        f"it was made before: {what} on record",
        item="the run",
        remedy="Launch another, or ask again, where it is still wanted: Dagster's own store may have been "
        "put back to before that.",
    )


def _wrote_since(instance: dg.DagsterInstance, warehouse: Warehouse, own_run: str) -> Iterator[str]:
    """Name the runs after the newest job on record that wrote, and of which none is on record."""
    since = dg.RunsFilter(created_after=warehouse.read(unsure.newest_job_at))
    for record in instance.get_run_records(since, limit=RUNS):
        run_id = record.dagster_run.run_id
        known = run_id == own_run or warehouse.read(unsure.knows, job_id(run_id, ""))
        if not known and _wrote(instance, run_id):
            yield run_id


def _wrote(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a sync of the run came so far that it could write, as telling.py says of each."""
    said = f": {Stage.POST_ASSIGNMENTS.value}"
    return any(entry.user_message.endswith(said) for entry in instance.all_logs(run_id))
