"""A backfill of scattered courses: split into runs by Dagster's own daemon, which loads our code in a server.

The runs that it launches are executed here, one after another, and not in processes of their own.
"""

import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.backfill import execute_backfill_iteration

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.orchestration.specs import PRODUCTS
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, Dagster

SPANISH = "1006"
ITERATIONS = 20


@pytest.fixture
def instance(new_home: Path, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Keeps what is launched for us to execute."""
    folder = shutil.copytree(new_home, tmp_path / "dagster_home")
    launcher = {"module": "dagster._core.test_utils", "class": "MockedRunLauncher"}
    with dg.instance_for_test(
        temp_dir=str(folder), synchronous_run_coordinator=True, overrides={"run_launcher": launcher}
    ) as ours:
        yield ours


@pytest.mark.long
@pytest.mark.filterwarnings(
    "ignore:Function `AssetSelection.sources`:DeprecationWarning"
)  # Dagster's own call
def test_scattered_courses_of_which_one_fails_are_counted_right(
    school: Sandbox, dagster: Dagster, instance: dg.DagsterInstance
) -> None:
    add_courses(instance, ["1001", "1002", "1003", "1004", "1005", "1006"])
    school.set_faults(
        "canvas", {"effect": "status", "path": f"/courses/{SPANISH}/sections", "status": 403, "times": None}
    )
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id="scattered",
        asset_graph=defs.resolve_asset_graph(),
        partition_names=[ALGEBRA, SPANISH],
        asset_selection=[dg.AssetKey(key) for key in PRODUCTS],
        backfill_timestamp=time.time(),
        tags={"gpb/type": "remaster", "gpb/posted_by": "Ms. Rivera"},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)
    assert finished(instance, "scattered") is BulkActionStatus.COMPLETED_FAILED
    assert dagster.materialized("sis_grades") == dagster.materialized("grade_syncs") == {ALGEBRA}
    line = dagster.metadata("grade_syncs", ALGEBRA)
    assert (line["type"], line["posted_by"]) == ("remaster", "Ms. Rivera")
    assert dagster.observation("grade_syncs", SPANISH)["status"] == "Failed"
    check = dg.AssetCheckKey(dg.AssetKey("sis_grades"), "sis_holds_what_was_sent")
    kept = instance.event_log_storage.get_asset_check_execution_history(check, limit=10)
    evaluated = (record.evaluation for record in kept)
    assert [each.partition for each in evaluated if isinstance(each, dg.AssetCheckEvaluation)] == [ALGEBRA]


def finished(instance: dg.DagsterInstance, backfill_id: str) -> BulkActionStatus:
    """Iterate as the daemon does, until the backfill ends."""
    target = ModuleTarget("gpb_pipeline.definitions", None, None, "gpb_pipeline")
    with create_test_daemon_workspace_context(target, instance) as workspace:
        for _ in range(ITERATIONS):
            assert not any(execute_backfill_iteration(workspace, logging.getLogger("backfill")))
            backfill = instance.get_backfill(backfill_id)
            assert backfill is not None
            if backfill.status is not BulkActionStatus.REQUESTED:
                return backfill.status
            execute_launched(instance)
    raise AssertionError("the backfill did not end")


def execute_launched(instance: dg.DagsterInstance) -> None:
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING])):
        job = defs.resolve_implicit_global_asset_job_def().get_subset(
            asset_selection=run.asset_selection, asset_check_selection=run.asset_check_selection
        )
        execute_run(InMemoryJob(job), run, instance, raise_on_error=False)
