"""One sandbox for these tests, as new before each; each has a warehouse and a Dagster instance of its own."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_shared.serdes import serialize_value

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.orchestration.specs import PRODUCTS
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.warehouse.ducklake import Warehouse

TODAY = date(2026, 11, 24)
ALGEBRA, ENGLISH, BIOLOGY, HISTORY = "1001", "1002", "1003", "1004"


@pytest.fixture(scope="session")
def running_school() -> Iterator[Sandbox]:
    with running_sandbox(today=TODAY) as running:
        yield running


@pytest.fixture
def school(running_school: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox as at the start; the environment names it."""
    running_school.reset()
    for name, value in running_school.environment.items():
        monkeypatch.setenv(name, value)
    return running_school


@pytest.fixture(autouse=True)
def _new_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GPB_CATALOG", f"sqlite:{tmp_path}/catalog.sqlite")
    monkeypatch.setenv("GPB_DATA_PATH", f"{tmp_path}/data")


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Passback().warehouse() as opened:
        yield opened


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Keeps all in memory: a file takes a second to make."""
    with dg.DagsterInstance.ephemeral() as ours:
        yield ours


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DAGSTER_HOME as a first use leaves it; making its tables takes longer than most tests."""
    folder = tmp_path_factory.mktemp("new_home")
    with dg.instance_for_test(temp_dir=str(folder)) as fresh:
        fresh.get_runs(limit=1)
        fresh.get_dynamic_partitions("course")
        fresh.all_instigator_state()
    return folder


@pytest.fixture
def home(new_home: Path, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Keeps all on disk, as schedules, sensors and the daemon ask of an instance."""
    folder = shutil.copytree(new_home, tmp_path / "dagster_home")
    with dg.instance_for_test(temp_dir=str(folder)) as ours:
        yield ours


class Dagster:
    """Runs our jobs in this process, as a launched run would in its own."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance

    def run(
        self,
        job: str = "grade_sync",
        *,
        partition: str | None = None,
        config: dict[str, Any] | None = None,
        assets: list[str] | None = None,
        tags: dict[str, str] | None = None,
        passback: Passback | None = None,
    ) -> dg.ExecuteInProcessResult:
        if partition is not None:
            self.add(partition)
        run_config = {"ops": {"grade_passback": {"config": config}}} if config else {}
        return defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            partition_key=partition,
            run_config=run_config,
            asset_selection=[dg.AssetKey(key) for key in assets] if assets else None,
            tags=tags,
            resources={"passback": passback} if passback else None,
            raise_on_error=False,
        )

    def add(self, *course_ids: str) -> None:
        add_courses(self.instance, course_ids)

    def materialized(self, asset: str) -> frozenset[str]:
        """The courses of which the asset is materialized."""
        return frozenset(self.instance.get_materialized_partitions(dg.AssetKey(asset)))

    def materialized_of(self, course_id: str) -> set[str]:
        """The assets that are materialized of this course."""
        return {key for key in PRODUCTS if course_id in self.materialized(key)}

    def metadata(self, asset: str, course_id: str) -> dict[str, Any]:
        """What stands beside the asset's last materialization of this course."""
        records = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[course_id]), limit=1
        ).records
        event = records[0].asset_materialization
        assert event is not None
        return {key: value.value for key, value in event.metadata.items()}

    def observation(self, asset: str, course_id: str) -> dict[str, Any]:
        """What stands beside the asset's last observation of this course."""
        records = self.instance.fetch_observations(
            dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[course_id]), limit=1
        ).records
        event = records[0].asset_observation
        assert event is not None
        return {key: value.value for key, value in event.metadata.items()}

    def everything(self) -> str:
        """All that the instance holds of all runs, as JSON."""
        storage = self.instance.event_log_storage
        runs = self.instance.get_runs()
        return json.dumps(
            [
                *([run.tags, run.run_config] for run in runs),
                *(serialize_value(entry) for run in runs for entry in storage.get_logs_for_run(run.run_id)),
            ]
        )


@pytest.fixture
def dagster(instance: dg.DagsterInstance) -> Dagster:
    return Dagster(instance)
