"""`gpb health` on real stores: well, wrong, and away; what it answers a monitor; the alert rules."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import requests
import yaml  # type: ignore[import-untyped]  # Dagster brings it
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.types import DaemonHeartbeat
from dagster_shared.error import SerializableErrorInfo
from prometheus_client.parser import text_string_to_metric_families

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.build import SENSORS
from gpb_pipeline.orchestration.health.looking import Lookout
from gpb_pipeline.orchestration.health.metrics import rendered
from gpb_pipeline.orchestration.health.remedies import SignName
from gpb_pipeline.orchestration.health.seen import DagsterFigures, Schedule, Seen, WarehouseFigures
from gpb_pipeline.orchestration.health.serve import STALE, Newest
from gpb_pipeline.orchestration.health.signs import SILENCE, signs
from gpb_pipeline.orchestration.home import PROJECT, dagster_home
from gpb_pipeline.orchestration.launch import CODE_LOCATION
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.cli.command import gpb
from gpb_pipeline_tests.orchestration.past import Sync, put_on_record
from gpb_pipeline_tests.orchestration.watched import District

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime.now(NEW_YORK).replace(second=0, microsecond=0)
NIGHT = NOW - timedelta(hours=4, minutes=10)  # what is due next is so by the end of the whole suite
LATER = SILENCE + timedelta(minutes=1)
GPB = Path(sys.executable).parent / "gpb"
COURSES = [f"71{number:02}" for number in range(10)]
REPOSITORY = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(CODE_LOCATION), SINGLETON_REPOSITORY_NAME)
DISTRICT = District(seed=1, first=NOW.date() - timedelta(days=9))


class Deployment:
    """Dagster's store as a daemon leaves it that has made its ticks, or with one thing wrong."""

    def __init__(self, instance: dg.DagsterInstance, share: float) -> None:
        self.instance = instance
        for name, after in {"nightly": 0, "nightly_retry": 2, "reading_back": 4, "tidying": 5}.items():
            due = NIGHT + timedelta(hours=after * share)
            self.ticked(name, due if due < NOW else due - timedelta(days=1))
        for each in SENSORS:
            self.sensor_ticked(each.name)
        self.beats()

    def beats(self) -> None:
        for part in {*self.instance.get_required_daemon_types(), "MONITORING"}:  # as our dagster.yaml has it
            self.instance.add_daemon_heartbeat(DaemonHeartbeat(datetime.now(UTC).timestamp(), part, "daemon"))

    def ticked(self, name: str, at: datetime) -> None:
        state = self._state(name, InstigatorStatus.DECLARED_IN_CODE)
        self.instance.add_instigator_state(state)
        self.instance.create_tick(
            TickData(
                instigator_origin_id=state.instigator_origin_id,
                instigator_name=name,
                instigator_type=InstigatorType.SCHEDULE,
                status=TickStatus.SUCCESS,
                timestamp=at.timestamp(),
                selector_id=state.selector_id,
                run_ids=["its run"],
            )
        )

    def sensor_ticked(self, name: str, *ticks: tuple[datetime, TickStatus]) -> None:
        origin, kind = REPOSITORY.get_instigator_origin(name), InstigatorType.SENSOR
        state = InstigatorState(origin, kind, InstigatorStatus.DECLARED_IN_CODE, SensorInstigatorData())
        if self.instance.get_instigator_state(state.instigator_origin_id, state.selector_id) is None:
            self.instance.add_instigator_state(state)
        for at, status in ticks:
            self.instance.create_tick(
                TickData(
                    instigator_origin_id=state.instigator_origin_id,
                    instigator_name=name,
                    instigator_type=kind,
                    status=status,
                    timestamp=at.timestamp(),
                    selector_id=state.selector_id,
                    error=SerializableErrorInfo("away", [], None) if status is TickStatus.FAILURE else None,
                )
            )

    def forgot(self, *names: str) -> None:
        for state in self.instance.all_instigator_state():
            if state.instigator_name in names:
                self.instance.delete_instigator_state(state.instigator_origin_id, state.selector_id)

    def run(
        self, job: str, status: dg.DagsterRunStatus = dg.DagsterRunStatus.QUEUED, **config: object
    ) -> dg.DagsterRun:
        definition, origin = defs.resolve_job_def(job), RemoteJobOrigin(REPOSITORY, job)
        return self.instance.create_run_for_job(
            definition,
            status=status,
            tags=definition.tags,
            remote_job_origin=origin,
            run_config={"ops": {"grade_passback": {"config": config}}} if config else {},
        )

    def switched_off(self, name: str) -> None:
        self.instance.update_instigator_state(self._state(name, InstigatorStatus.STOPPED))

    def switched_on(self, name: str) -> None:
        self.instance.update_instigator_state(self._state(name, InstigatorStatus.RUNNING))

    def _state(self, name: str, status: InstigatorStatus) -> InstigatorState:
        begun = NIGHT - timedelta(days=9)
        return InstigatorState(
            REPOSITORY.get_instigator_origin(name),
            InstigatorType.SCHEDULE,
            status,
            ScheduleInstigatorData("0 22 * * *", begun.timestamp()),
        )


@pytest.fixture
def deployment(
    home: dg.DagsterInstance,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Deployment:
    """A district whose night began four hours ago, in which all but one of its ten courses were synced.

    A night may have a share of the usual six hours.
    """
    share = getattr(request, "param", 1.0)
    if share < 1:
        monkeypatch.setenv("GPB_NIGHTLY_UNTIL", f"{NIGHT + timedelta(hours=6 * share):%H:%M}")
    folder = Path(home.root_directory)
    folder.joinpath("dagster.yaml").write_text(PROJECT.joinpath("dagster.yaml").read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "true")
    monkeypatch.setenv("GPB_NIGHTLY_AT", f"{NIGHT:%H:%M}")
    monkeypatch.setenv("GPB_TIMEZONE", NEW_YORK.key)
    add_courses(home, COURSES)
    long_ago = (NIGHT - timedelta(days=9)).astimezone(UTC)
    warehouse.commit(choices.choose_nightly, COURSES, enabled=True, by="Admin", at=long_ago)
    at = NIGHT + timedelta(minutes=5)
    put_on_record(
        warehouse, Sync(COURSES[0], at, code="canvas_access"), *(Sync(each, at) for each in COURSES[1:])
    )
    return Deployment(home, share)


@pytest.fixture
def lookout(deployment: Deployment) -> Iterator[Lookout]:
    with Lookout() as opened:
        yield opened


def trouble(seen: Seen) -> dict[SignName, str]:
    return {each.name: each.told for each in signs(seen) if not each.well}


def later(seen: Seen) -> Seen:
    """The same figures, when nothing has come after them for longer than it may."""
    return replace(seen, at=seen.at + LATER)


def test_a_deployment_that_is_well_and_one_whose_daemon_is_silent_or_whose_schedule_is_off(
    deployment: Deployment, lookout: Lookout
) -> None:
    seen = lookout.look()
    assert trouble(seen) == {}
    assert isinstance(seen.warehouse, WarehouseFigures)
    assert isinstance(seen.dagster, DagsterFigures)
    assert (seen.warehouse.tonight.due, seen.warehouse.tonight.not_synced) == (10, 1)
    assert set(seen.dagster.heartbeats) >= {"SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING"}
    assert seen.free.keys() == {"dagster", "catalogue", "data", "looks"}
    assert trouble(later(seen)).keys() == {"daemon"}
    deployment.switched_off("nightly")
    assert trouble(lookout.look()) == {"schedules": "nightly is switched off"}
    deployment.switched_on("nightly")
    assert trouble(lookout.look()) == {}
    next_night = trouble(lookout.look(NIGHT + timedelta(hours=24, minutes=11)))
    assert "nightly was due 11 minutes ago and did not tick" in next_night["schedules"]


def test_what_a_daemon_that_lives_does_not_know_is_told_once_it_lasts_and_by_the_command_at_once(
    deployment: Deployment, lookout: Lookout
) -> None:
    """As where its code location does not load: it has heartbeats, and makes no tick."""
    deployment.forgot("nightly", "good_nights")
    assert trouble(lookout.look()) == {}
    deployment.beats()
    told = {
        "schedules": "nightly is not known to the daemon",
        "sensors": "good_nights is not known to the daemon",
    }
    assert trouble(lookout.look(datetime.now(UTC) + SILENCE - timedelta(seconds=30))) == {}
    with Lookout(watching=False) as once:
        assert trouble(once.look()) == told


def test_settings_are_read_at_each_look_and_wrong_ones_are_told(
    deployment: Deployment, lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "false")
    assert due(lookout.look()) == 0
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "true")
    assert due(lookout.look()) == 10
    monkeypatch.setenv("GPB_NIGHTLY_AT", "late")
    found = trouble(lookout.look())
    assert found.keys() == {"dagster", "warehouse"}
    assert found["dagster"] == "GPB_NIGHTLY_AT: not a time of day as HH:MM"


def test_by_the_institutions_default_only_those_were_due_that_a_run_names_or_a_night_had_before(
    deployment: Deployment, lookout: Lookout, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty came by day, or the default was set then; one had a night before, one is named by a run."""
    monkeypatch.setenv("GPB_NIGHTLY_DEFAULT", "true")
    add_courses(deployment.instance, [f"80{number}" for number in range(40)])
    put_on_record(
        warehouse, *(Sync("800", at) for at in (NIGHT - timedelta(days=1), NIGHT + timedelta(minutes=5)))
    )
    assert trouble(lookout.look()) == {}
    assert due(lookout.look()) == 11
    deployment.run("nightly_grade_sync", dg.DagsterRunStatus.SUCCESS, course_ids=["801", "9999"])
    found = lookout.look()
    assert due(found) == 12
    assert trouble(found) == {"night": "of 12 courses due 2 are not synced"}


def due(seen: Seen) -> int:
    assert isinstance(seen.warehouse, WarehouseFigures)
    return seen.warehouse.tonight.due


def test_a_sensor_whose_every_tick_fails_is_told_once_it_lasts(
    deployment: Deployment, lookout: Lookout
) -> None:
    """As sync_alerts does where the webhook is gone: the digest never comes, and the daemon is well."""
    well, failed = TickStatus.SKIPPED, TickStatus.FAILURE
    ago = [NOW - timedelta(minutes=minutes) for minutes in (50, 40, 5)]
    deployment.sensor_ticked("discover_courses", (ago[0], failed), (ago[1], well), (ago[2], failed))
    assert trouble(lookout.look(NOW)) == {}
    deployment.sensor_ticked("sync_alerts", (ago[0], well), *((at, failed) for at in ago[1:]))
    assert trouble(lookout.look(NOW)) == {"sensors": "each tick of sync_alerts has failed for 40 minutes"}
    deployment.sensor_ticked("sync_alerts", (NOW, well))
    assert trouble(lookout.look(NOW)) == {}


def test_a_queue_stands_still_where_a_run_could_begin_and_none_does(
    deployment: Deployment, lookout: Lookout
) -> None:
    def queue(at: Seen) -> str | None:
        return trouble(at).get("queue")

    for _ in range(3):
        deployment.run("nightly_grade_sync")
    seen = lookout.look()
    assert queue(seen) is None
    assert "3 runs wait" in str(queue(later(seen)))
    for _ in range(2):  # as many of the night's as may run at once
        deployment.run("nightly_grade_sync", dg.DagsterRunStatus.STARTED)
    assert queue(later(lookout.look())) is None
    deployment.run("grade_sync")
    assert "one could begin" in str(queue(later(lookout.look())))  # a place is kept for it


@pytest.mark.parametrize("deployment", [0.5], indirect=True)
def test_what_has_to_end_sooner_is_due_sooner_for_the_watcher_too(
    deployment: Deployment, lookout: Lookout
) -> None:
    assert trouble(lookout.look()) == {}


def test_a_store_that_is_away_is_a_sign_and_is_read_again_when_it_is_back(
    deployment: Deployment, lookout: Lookout, tmp_path: Path
) -> None:
    assert trouble(lookout.look()) == {}
    for folder, sign in ((tmp_path / "data", "warehouse"), (Path(os.environ["DAGSTER_HOME"]), "dagster")):
        away = folder.rename(tmp_path / "away")
        found = trouble(lookout.look())
        assert sign in found
        assert str(tmp_path) not in found[sign] or "yet" in found[sign]
        away.rename(folder)
        assert trouble(lookout.look()) == {}


def test_where_nothing_was_ever_begun_it_says_so_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    done = gpb("health")
    assert done.status == 1
    assert "TROUBLE dagster: DAGSTER_HOME: there is no Dagster in" in done.out
    assert "TROUBLE warehouse: GPB_CATALOG: there is no warehouse at" in done.out
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_in_a_line_a_sign_what_to_do(deployment: Deployment) -> None:
    well = gpb("health", "--json").json
    assert [each["name"] for each in well] == list(get_args(SignName))
    assert all(each["well"] for each in well)
    deployment.switched_off("tidying")
    told = gpb("health")
    assert told.status == 1
    lines = told.out.splitlines()
    [at] = [number for number, line in enumerate(lines) if line.startswith("TROUBLE")]
    assert lines[at] == "TROUBLE schedules: tidying is switched off"
    assert "switch on what is off" in lines[at + 1]
    assert len(lines) == len(well) + 1


def test_a_monitor_is_answered_on_a_loopback_port_and_reads_of_no_course(deployment: Deployment) -> None:
    command: list[str | Path] = [GPB, "health", "--serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout is not None
            address = served.stdout.readline().split()[1].removesuffix("/healthz")
            assert address.startswith("http://127.0.0.1:")
            answer = requests.get(f"{address}/healthz", timeout=60)
            assert (answer.status_code, answer.json()) == (200, {"well": True, "trouble": []})
            text = requests.get(f"{address}/metrics", timeout=60).text
            assert requests.get(f"{address}/", timeout=60).status_code == 404
        finally:
            served.send_signal(signal.SIGTERM)
        served.wait(30)
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    values = {(each.name, *each.labels.values()): each.value for each in samples}
    assert values["gpb_sign_well", "daemon"] == 1
    assert (values["gpb_courses_due",], values["gpb_courses_not_synced",]) == (10, 1)
    assert values["gpb_schedule_on", "nightly"] == 1
    assert not any(
        course in label for course in COURSES for each in samples for label in each.labels.values()
    )


def test_what_was_seen_too_long_ago_is_told_for_a_look_that_hangs() -> None:
    now = NOW.astimezone(UTC)
    newest = Newest(lambda: DISTRICT.seen(NOW), clock=lambda: now)
    assert newest.seen is None
    with newest.kept():
        assert newest.seen is not None
        now += STALE + timedelta(minutes=1)
        assert newest.seen is None


def test_each_alert_rule_is_over_a_metric_that_is_served() -> None:
    served = set(re.findall(r"^# HELP (\w+)", rendered(DISTRICT.seen(NOW)).decode(), re.MULTILINE))
    rules = yaml.safe_load(PROJECT.joinpath("deploy", "alerts.yaml").read_text("utf-8"))
    told: list[str] = []
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["annotations"].keys() == {"summary", "description"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        named = set(re.findall(r"gpb_\w+", rule["expr"]))
        assert named
        assert named <= served
        told += [
            sign for signs_ in re.findall(r'sign=~"([^"]+)"', rule["expr"]) for sign in signs_.split("|")
        ]
    assert sorted(told) == sorted(get_args(SignName))


@pytest.mark.long
def test_a_real_daemon_that_is_killed_is_told_and_its_schedules_are_those_that_are_looked_for(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nights are switched off, and the tick says so. After the kill the clock alone is simulated."""
    tick = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=2)
    settings = {"DAGSTER_HOME": f"{tmp_path}/home", "GPB_NIGHTLY_AT": f"{tick:%H:%M}", "GPB_TIMEZONE": "UTC"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    dagster_home()
    command: list[str | Path] = [GPB.with_name("dagster-daemon"), "run", "-w", PROJECT / "workspace.yaml"]
    with Lookout() as lookout, Path("daemon.log").open("wb") as log:
        with subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as daemon:
            try:
                seen = awaited(lookout, lambda seen: nightly(seen).tick == "skipped")
                assert trouble(seen) == {}
                assert nightly(seen).ticked_at == tick
            finally:
                os.killpg(daemon.pid, signal.SIGKILL)
        killed = lookout.look()
        assert trouble(killed) == {}
        assert trouble(replace(killed, at=killed.at + timedelta(minutes=9))) == {}
        told = trouble(replace(killed, at=killed.at + timedelta(minutes=15)))
        assert told.keys() == {"daemon"}
        assert "SCHEDULER" in told["daemon"]


def nightly(seen: Seen) -> Schedule:
    assert isinstance(seen.dagster, DagsterFigures)
    found = seen.dagster.schedule("nightly")
    assert found is not None
    return found


def awaited(lookout: Lookout, is_so: Callable[[Seen], bool]) -> Seen:
    end = time.monotonic() + 300
    while not is_so(seen := lookout.look()):
        assert time.monotonic() < end, Path("daemon.log").read_text()[-3000:]
        time.sleep(2)
    return seen
