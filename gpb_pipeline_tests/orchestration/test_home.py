"""DAGSTER_HOME: made ready by whoever comes first, and never run in without the project's dagster.yaml."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.events import DagsterEvent
from dagster._core.launcher import DefaultRunLauncher, LaunchRunContext
from dagster._core.remote_origin import RemoteJobOrigin
from dagster._core.run_coordinator.queued_run_coordinator import RunQueueConfig
from dagster._core.storage.dagster_run import DagsterRun
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._utils.tags import TagConcurrencyLimitsCounter  # what the daemon's queue asks

from gpb_pipeline.definitions import defs
from gpb_pipeline.errors import SettingsError, TransientError
from gpb_pipeline.orchestration.home import PROJECT, dagster_home, examine, require_instance_file
from gpb_pipeline.orchestration.launch import Launch, launch
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA
from gpb_pipeline_tests.orchestration.test_health import REPOSITORY
from gpb_pipeline_tests.postgres import Postgres
from gpb_pipeline_tests.sync.desk import SPANISH

AT_ONCE = 4
READY = "from gpb_pipeline.orchestration.home import dagster_home; print(dagster_home())"
LOAD = "import gpb_pipeline.definitions"


@pytest.mark.long
def test_many_processes_make_an_empty_home_ready_at_once(tmp_path: Path) -> None:
    started = [started_in(tmp_path, READY, DAGSTER_HOME="home") for _ in range(AT_ONCE)]
    said = [process.communicate()[0] for process in started]
    assert said == [f"{tmp_path}/home\n"] * AT_ONCE
    with dg.DagsterInstance.from_config(f"{tmp_path}/home") as instance:
        assert instance.get_runs_count() == 0
        assert not instance.get_settings("telemetry")["enabled"]


@pytest.mark.parametrize(("mode", "folders"), [(None, 0o700), (0o755, 0o700), (0o770, 0o755)])
def test_nobody_else_reads_what_dagster_keeps_unless_the_home_is_a_groups(
    tmp_path: Path, mode: int | None, folders: int
) -> None:
    """In a home that is made, in one that was there, and in one that is shared: that stays as it is."""
    home = tmp_path / "home"
    if mode is not None:
        home.mkdir()
        home.chmod(mode)
    process = started_in(tmp_path, f"import os; os.umask(0o022); {READY}", DAGSTER_HOME="home")
    assert process.communicate()[1] == ""
    assert home.stat().st_mode & 0o777 == (mode or 0o700)
    kept = {each.name: each.stat().st_mode & 0o777 for each in home.iterdir() if each.is_dir()}
    assert {"history", "schedules"} <= set(kept)
    assert set(kept.values()) == {folders}


@pytest.mark.long
def test_what_loads_the_code_in_a_home_without_the_file_is_refused_once_and_finds_it_then(
    tmp_path: Path,
) -> None:
    refused = started_in(tmp_path, LOAD, DAGSTER_HOME=str(tmp_path))
    assert "start webserver and daemon again" in refused.communicate()[1]
    assert (tmp_path / "dagster.yaml").read_text() == (PROJECT / "dagster.yaml").read_text()
    again = started_in(tmp_path, LOAD, DAGSTER_HOME=str(tmp_path))
    assert again.communicate() == ("", "")


def test_a_relative_home_is_told_in_a_line_and_made_absolute_by_gpb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", "home")
    with pytest.raises(SettingsError, match=f"Set it to {tmp_path}/home") as told:
        require_instance_file()
    assert "\n" not in str(told.value)
    assert dagster_home() == tmp_path / "home"
    require_instance_file()


def test_doctor_tells_of_a_home_that_is_ready_and_of_settings_and_tables_that_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    assert examine() == f"{tmp_path}/home, runs are kept in SQLite"
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://gpb@127.0.0.1:9/gpb")
    with pytest.raises(SettingsError, match="kept in SQLite, while DAGSTER_POSTGRES_URL is set"):
        examine()
    monkeypatch.delenv("DAGSTER_POSTGRES_URL")
    file = tmp_path / "home" / "dagster.yaml"
    file.write_text(file.read_text().replace("telemetry:\n  enabled: false", "telemetry:\n  enabled: true"))
    with pytest.raises(SettingsError, match="telemetry is on") as told:
        examine()
    assert "dagster.yaml" in told.value.remedy
    with closing(sqlite3.connect(tmp_path / "home" / "history" / "runs.db")) as tables, tables:
        tables.execute("INSERT INTO alembic_version VALUES ('6860f830e40c')")
    with pytest.raises(SettingsError, match="made twice"):
        examine()


def test_one_place_of_the_queue_is_kept_for_whoever_asks() -> None:
    with dg.instance_for_test() as instance:
        folder = Path(instance.root_directory)
        (folder / "dagster.yaml").write_text((PROJECT / "dagster.yaml").read_text())
        with dg.DagsterInstance.from_config(str(folder)) as ours:
            queue = ours.get_concurrency_config().run_queue_config
    assert isinstance(queue, RunQueueConfig)
    nightly, tidying, manual = (run_of(job) for job in ("nightly_grade_sync", "purge_history", "grade_sync"))
    backfill = run_of("grade_sync", {"dagster/backfill": "abc"})
    busy = [nightly, tidying, backfill]
    assert len(busy) < queue.max_concurrent_runs
    waiting = TagConcurrencyLimitsCounter(queue.tag_concurrency_limits or [], busy)
    assert all(waiting.is_blocked(each) for each in (nightly, tidying, backfill))
    assert not waiting.is_blocked(manual)


def test_a_run_whose_code_is_out_of_reach_waits_and_is_begun_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster's own daemon, and a code server that is restarted."""
    (tmp_path / "dagster.yaml").write_text((PROJECT / "dagster.yaml").read_text())
    begun: list[str] = []
    away = [True]

    def launch_run(_: DefaultRunLauncher, context: LaunchRunContext) -> None:
        if away[0]:
            raise DagsterUserCodeUnreachableError("DEADLINE_EXCEEDED")
        begun.append(context.dagster_run.run_id)

    monkeypatch.setattr(DefaultRunLauncher, "launch_run", launch_run)
    with (
        dg.DagsterInstance.from_config(str(tmp_path)) as instance,
        create_test_daemon_workspace_context(EmptyWorkspaceTarget(), instance) as workspace,
    ):
        definition, origin = defs.resolve_job_def("grade_sync"), RemoteJobOrigin(REPOSITORY, "grade_sync")
        run = instance.create_run_for_job(definition, remote_job_origin=origin)
        instance.report_dagster_event(DagsterEvent.job_enqueue(run), run.run_id)
        daemon = QueuedRunCoordinatorDaemon(interval_seconds=5)

        def ticks(at: float) -> dg.DagsterRunStatus:
            list(daemon.run_iteration(workspace, fixed_iteration_time=at))
            found = instance.get_run_by_id(run.run_id)
            assert found is not None
            return found.status

        moments = [600.0 * number for number in range(1, 5)]
        assert {ticks(each) for each in moments[:3]} == {dg.DagsterRunStatus.QUEUED}
        away[0] = False
        assert ticks(moments[3]) == dg.DagsterRunStatus.STARTING
    assert begun == [run.run_id]


def test_a_run_of_the_command_line_is_found_where_the_ui_looks_for_a_jobs_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, school: Sandbox
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    asked = Launch(job_name="grade_sync", course_ids=[ALGEBRA], posted_by="Ms. Rivera")
    assert launch(asked)
    with dg.DagsterInstance.get() as instance:
        at = {".dagster/repository": "__repository__@gpb_pipeline"}
        [run] = instance.get_runs(dg.RunsFilter(job_name="grade_sync", tags=at))
    assert run.run_id == asked.run_id
    assert run.remote_job_origin is not None  # by which the home page's timeline finds it
    assert run.remote_job_origin.repository_origin.get_label() == "__repository__@gpb_pipeline"


@pytest.mark.long
def test_a_run_of_the_real_job_is_kept_in_postgresql_where_the_home_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, school: Sandbox, postgres: Postgres
) -> None:
    database = postgres.new_database("dagster").removeprefix("postgres:")
    url = database.replace("postgresql://", "postgresql+psycopg2://")
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(on_postgres((PROJECT / "dagster.yaml").read_text()))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with pytest.raises(SettingsError, match="DAGSTER_POSTGRES_URL"):
        dagster_home()
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)  # is undone with what dagster_home() sets
    monkeypatch.delenv("DAGSTER_POSTGRES_URL")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"DAGSTER_POSTGRES_URL='{url}'\n")
    asked = Launch(job_name="grade_sync", course_ids=[SPANISH], posted_by="Ms. Rivera")
    assert launch(asked)
    assert examine() == f"{home}, runs are kept in PostgreSQL"
    with psycopg.connect(database) as session:
        told = session.execute("SELECT pipeline_name, status FROM runs WHERE run_id = %s", [asked.run_id])
        assert told.fetchall() == [("grade_sync", "SUCCESS")]
        events = "SELECT count(*) FROM event_logs WHERE run_id = %s AND asset_key LIKE %s"
        assert session.execute(events, [asked.run_id, "%sis_grades%"]).fetchone() != (0,)
    assert not list(home.rglob("*.db"))


def test_a_postgresql_of_dagsters_that_is_away_is_told_in_a_line_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(on_postgres((PROJECT / "dagster.yaml").read_text()))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://gpb:hunter2@127.0.0.1:9/gpb")
    with pytest.raises(TransientError, match="DAGSTER_POSTGRES_URL") as away:
        dagster_home()
    assert "hunter2" not in str(away.value)


def on_postgres(text: str) -> str:
    """Take the comment signs off the block `storage`, as docs/scaling.md says."""
    begin = text.index("#storage:")
    end = text.index("DAGSTER_POSTGRES_URL", begin)
    return text[:begin] + text[begin:end].replace("#", "") + text[end:]


def run_of(job: str, tags: dict[str, str] | None = None) -> DagsterRun:
    definition = defs.resolve_job_def(job)
    return DagsterRun(job_name=job, tags={**definition.tags, **(tags or {})})


def started_in(folder: Path, code: str, **environment: str) -> "subprocess.Popen[str]":
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=folder,
        env=bare,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
