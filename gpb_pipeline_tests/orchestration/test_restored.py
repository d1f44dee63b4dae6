"""Drills: the warehouse, or Dagster's own store, is restored to before what was done since."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.warehouse import history, soundness
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.orchestration.conftest import HISTORY, TODAY, Dagster

SPANISH = "1006"
PARTS = ("catalog.sqlite", "data")


@pytest.fixture(params=[pytest.param("oneroster-1.1", marks=pytest.mark.long), "oneroster-1.2"])
def allocating(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A SIS that chooses the ids: what is not known there is made again, unless it is found."""
    with running_sandbox(today=TODAY, id_mode="provider", dialect=request.param, sis_ids="own") as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def warned(instance: dg.DagsterInstance, run_id: str) -> bool:
    return any("older than what was sent" in entry.user_message for entry in instance.all_logs(run_id))


def once(school: Sandbox) -> int:
    """How many grades the SIS holds; each is there once, and each column."""
    state = school.state()
    columns = Counter((each["class_id"], each["title"]) for each in state["line_items"])
    cells = Counter((each["line_item_id"], each["student_id"]) for each in state["results"])
    assert {*columns.values(), *cells.values()} == {1}
    return len(cells)


@pytest.mark.long
def test_what_was_sent_after_the_backup_is_found_and_nothing_is_made_twice(
    allocating: Sandbox, dagster: Dagster, tmp_path: Path
) -> None:
    school = allocating
    assert dagster.run(partition=SPANISH).success
    for part in PARTS:
        (shutil.copytree if part == "data" else shutil.copy)(tmp_path / part, tmp_path / f"{part}.backup")
    assert dagster.run(config={"course_ids": [HISTORY]}).success  # nothing of it is in the backup
    sent = once(school)
    writes = len(school.writes())
    for part in PARTS:
        there = tmp_path / part
        shutil.rmtree(there) if part == "data" else there.unlink()
        shutil.move(tmp_path / f"{part}.backup", there)
    found = dagster.run(config={"course_ids": [SPANISH, HISTORY]})
    assert found.success
    assert warned(dagster.instance, found.run_id)
    assert once(school) == sent
    assert len(school.writes()) == writes
    quiet = dagster.run(config={"course_ids": [SPANISH, HISTORY]})
    assert quiet.success
    assert not warned(dagster.instance, quiet.run_id)
    assert len(school.writes()) == writes


def test_a_run_that_waits_in_a_restored_store_and_was_made_is_refused_and_nothing_is_there_twice(
    school: Sandbox, dagster: Dagster, warehouse: Warehouse
) -> None:
    config = {"course_ids": [SPANISH]}
    made = dagster.run(config=config)
    writes = len(school.writes())
    dagster.instance.delete_run(made.run_id)  # the store as it was before, with that run among what waits
    again = defs.resolve_job_def("grade_sync").execute_in_process(
        run_config={"ops": {"grade_passback": {"config": config}}},
        instance=dagster.instance,
        run_id=made.run_id,
        raise_on_error=False,
    )
    assert not again.success
    assert "it was made before" in str(again.failure_data_for_node("grade_passback"))
    assert len(school.writes()) == writes
    soundness.require_sound(warehouse)
    [kept] = warehouse.read(history.jobs)
    assert kept.status == "Completed"
    assert dagster.run(config={"course_ids": [SPANISH]}).success
