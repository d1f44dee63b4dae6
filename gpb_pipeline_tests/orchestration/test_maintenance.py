"""The jobs beside the syncs: who syncs nightly, and what is past its age."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.dagster_runs import purge_runs
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import choices, history, maintenance, tables, unsure
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, Dagster
from gpb_pipeline_tests.orchestration.past import Sync, put_on_record

CHECK = dg.AssetCheckKey(dg.AssetKey("anything"), "something")


def test_a_nightly_choice_is_kept_with_who_made_it_and_the_course_gets_its_key(
    school: Sandbox, dagster: Dagster
) -> None:
    assert choose(dagster, [" 01001", ALGEBRA], enabled=True).success
    with Passback().warehouse() as warehouse:
        long_ago = datetime(2026, 9, 1, tzinfo=UTC)
        warehouse.commit(choices.choose_nightly, ["7"], enabled=True, by="Mr. Okafor", at=long_ago)
        assert choose(dagster, ["07"], enabled=False).success  # gone from Canvas since
        kept = warehouse.read(choices.nightly)
    assert [(each.course_id, each.enabled, each.chosen_by) for each in kept] == [
        (ALGEBRA, True, "Ms. Rivera"),
        ("7", False, "Ms. Rivera"),
    ]
    assert dagster.instance.get_dynamic_partitions("course") == [ALGEBRA]


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize(
    ("course_ids", "by", "told"),
    [
        ([ALGEBRA, "404"], "Ms. Rivera", "course 404: Canvas has no such course"),
        (["abc", "01001"], "Ms. Rivera", "course_ids 'abc': is no course id."),
        ([ALGEBRA], "", "chosen_by: nobody is named."),
        ([], "Ms. Rivera", "course_ids: no course was given."),
    ],
)
def test_a_nightly_choice_that_cannot_be_is_refused_in_words_and_none_is_kept(
    school: Sandbox, dagster: Dagster, course_ids: list[str], by: str, told: str, *, enabled: bool
) -> None:
    result = choose(dagster, course_ids, enabled=enabled, by=by)
    assert told in str(result.failure_data_for_node("choose_nightly"))
    with Passback().warehouse() as warehouse:
        assert warehouse.read(choices.nightly) == []
    assert dagster.instance.get_dynamic_partitions("course") == []


def purged(dagster: Dagster) -> dg.ExecuteInProcessResult:
    job = defs.resolve_job_def("purge_history")
    return job.execute_in_process(instance=dagster.instance, raise_on_error=False)


def test_purging_leaves_the_sync_that_died_while_later_ones_never_came_to_look(
    warehouse: Warehouse, dagster: Dagster
) -> None:
    now = datetime.now(UTC)
    put_on_record(
        warehouse,
        Sync("1", now - timedelta(days=50)),
        Sync("1", now - timedelta(days=40), code="interrupted"),
        Sync("1", now - timedelta(days=30), code="canvas_access"),
        Sync("1", now - timedelta(days=1), code="canvas_access"),
    )
    assert purged(dagster).success
    left = [(now - job.started_at).days for job in warehouse.read(history.jobs)]
    assert left == [1, 40]
    assert warehouse.read(unsure.of_courses, ["1"]) == {"1"}


def test_purging_removes_syncs_past_their_age_and_keeps_a_courses_latest(
    warehouse: Warehouse, dagster: Dagster
) -> None:
    now = datetime.now(UTC)
    put_on_record(
        warehouse,
        Sync("1", now - timedelta(days=20)),
        Sync("2", now - timedelta(days=20)),
        Sync("2", now - timedelta(days=10), code="sis_unavailable"),
        Sync("2", now - timedelta(days=1)),
    )
    assert purged(dagster).success
    left = [(job.course_id, (now - job.started_at).days) for job in warehouse.read(history.jobs)]
    assert left == [("2", 1), ("2", 10), ("1", 20)]


@pytest.mark.parametrize("weekly", [True, False], ids=["Sunday", "another day"])
def test_a_key_that_is_there_twice_fails_the_weekly_look(
    warehouse: Warehouse, dagster: Dagster, monkeypatch: pytest.MonkeyPatch, *, weekly: bool
) -> None:
    monkeypatch.setattr(maintenance, "is_weekly_turn", lambda _: weekly)
    put_on_record(warehouse, Sync("1", datetime.now(UTC)))
    assert purged(dagster).success
    again = f"INSERT INTO {tables.JOBS.qualified} FROM {tables.JOBS.qualified}"
    warehouse.commit(lambda session: session.execute(again))
    result = purged(dagster)
    assert result.success is not weekly
    if weekly:
        assert "jobs has 1 keys twice" in str(result.failure_data_for_node("look_for_doubled_keys"))


def test_runs_past_their_age_go_with_their_files_unless_a_sync_of_theirs_is_kept(
    home: dg.DagsterInstance,
) -> None:
    first, second, third = (nothing.execute_in_process(instance=home).run_id for _ in range(3))
    files = Path(home.root_directory) / "history" / "runs"
    assert {path.stem for path in files.glob("*.db")} >= {first, second, third}
    kept = [f"{second.replace('-', '')[:12]}-{ALGEBRA}"]
    assert purge_runs(home, before=datetime.now(UTC) - timedelta(hours=1), kept_jobs=kept, told=print) == 0
    assert purge_runs(home, before=datetime.now(UTC) + timedelta(hours=1), kept_jobs=kept, told=print) == 2
    assert [run.run_id for run in home.get_runs()] == [second]
    assert list(files.glob(f"{first}*")) == []
    evaluated = home.event_log_storage.get_asset_check_execution_history(CHECK, limit=10)
    assert [record.run_id for record in evaluated] == [second]
    assert len(list(files.glob(f"{second}*"))) >= 1


def test_the_connections_are_looked_at_and_a_wrong_one_is_named(
    school: Sandbox, dagster: Dagster, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = defs.resolve_job_def("check_connections")
    assert job.execute_in_process(instance=dagster.instance).success
    monkeypatch.setenv("SIS_CLIENT_SECRET", "not the secret")
    result = job.execute_in_process(instance=dagster.instance, raise_on_error=False)
    assert "SIS" in str(result.failure_data_for_node("look_at_connections"))
    assert "not the secret" not in dagster.everything()
    assert school.writes() == []


@dg.asset_check(asset="anything")
def something() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


nothing = dg.Definitions(
    asset_checks=[something], jobs=[dg.define_asset_job("nothing", dg.AssetSelection.all_asset_checks())]
).resolve_job_def("nothing")


def choose(
    dagster: Dagster, course_ids: list[str], *, enabled: bool, by: str = "Ms. Rivera"
) -> dg.ExecuteInProcessResult:
    config = {"course_ids": course_ids, "enabled": enabled, "chosen_by": by}
    return defs.resolve_job_def("set_nightly_sync").execute_in_process(
        instance=dagster.instance,
        run_config={"ops": {"choose_nightly": {"config": config}}},
        raise_on_error=False,
    )
