"""Nights without waiting for them: a clock that is set, the schedules' own ticks, their runs in this process.

The schedules, jobs, rules and wires are the real ones; only the time of day is given to them.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._utils.schedules import schedule_execution_time_iterator  # what runs a schedule

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration import alerts, nights, schedules, sensors
from gpb_pipeline.orchestration.alerts import Problem
from gpb_pipeline.orchestration.nights import Night
from gpb_pipeline.orchestration.partitions import add_courses, known_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.settings import NightlySettings, PassbackSettings
from gpb_pipeline.sync import Connections, open_connections
from gpb_pipeline.warehouse import choices, history, logs, maintenance, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Job

# Runs the batch that it is given, dated from the time that it is given, until it is killed.
BATCH = """
import json, sys
from datetime import datetime
import dagster as dg
from gpb_pipeline_tests.sync.nights import Clock, executed
with dg.DagsterInstance.ephemeral() as instance:
    clock = Clock(datetime.fromisoformat(sys.argv[1]))
    executed(instance, "nightly_grade_sync", json.loads(sys.argv[2]), clock)
"""

PROJECT = Path(__file__).parents[2]
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Clock:
    """Is set to a time (aware), and runs on from there; gives UTC."""

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def set(self, at: datetime) -> None:
        self._at, self._since = at.astimezone(UTC), time.monotonic()

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)


def dated(clock: Callable[[], datetime]) -> Passback:
    """Give the jobs' resource, its syncs dated by this clock."""

    class Dated(Passback):
        @contextmanager
        def connections(self) -> Iterator[Connections]:
            with open_connections() as plain:
                yield replace(plain, clock=clock)

    return Dated()


def executed(
    instance: dg.DagsterInstance,
    job: str,
    run_config: dict[str, Any],
    clock: Clock,
    tags: dict[str, str] | None = None,
) -> bool:
    """Run a job in this process, its syncs dated by the clock; whether every course of it succeeded."""
    return (
        defs.resolve_job_def(job)
        .execute_in_process(
            instance=instance,
            run_config=run_config | QUIET,
            tags=tags,
            resources={"passback": dated(clock)},
            raise_on_error=False,
        )
        .success
    )


@dataclass(frozen=True)
class Tick:
    """What a schedule gave at a tick: batches, or why there are none."""

    at: datetime
    batches: tuple[dg.RunRequest, ...]
    skipped: str | None


class Nights:
    """A district's code location, loaded with the settings of the environment, and its daemon's work."""

    def __init__(self, instance: dg.DagsterInstance, runs: dg.DagsterInstance, warehouse: Warehouse) -> None:
        """`instance` is on disk, as schedules and sensors ask; `runs` in memory, which takes less time."""
        self.instance = instance
        self.clock = Clock(datetime.now(UTC))
        self._runs = runs
        self._warehouse = warehouse
        self.run_keys: list[str] = []
        night, zone = NightlySettings.load(), PassbackSettings.load().timezone
        self._schedules = {each.name: each for each in schedules.build(night, zone)}
        self._cursor: str | None = None

    def times(self, schedule: str, after: datetime, count: int) -> list[datetime]:
        """List the next ticks of a schedule, as the scheduler reckons them."""
        its = self._schedules[schedule]
        ticks = schedule_execution_time_iterator(after.timestamp(), its.cron_schedule, its.execution_timezone)
        return list(islice(ticks, count))

    def tick(self, schedule: str, at: datetime) -> Tick:
        """Evaluate a schedule at its time."""
        self.clock.set(at)
        with dg.build_schedule_context(
            instance=self.instance, scheduled_execution_time=at, resources={"passback": Passback()}
        ) as context:
            result = self._schedules[schedule].evaluate_tick(context)
        batches = tuple(result.run_requests or ())
        self.run_keys += [str(each.run_key) for each in batches]
        return Tick(at=at, batches=batches, skipped=result.skip_message)

    def run(self, tick: Tick, *, late: timedelta = timedelta(0)) -> list[bool]:
        """Run the batches of a tick, in turn, the first so late; of each, whether it succeeded."""
        if late:
            self.clock.set(tick.at + late)
        return [
            executed(self._runs, "nightly_grade_sync", dict(each.run_config), self.clock, dict(each.tags))
            for each in tick.batches
        ]

    def started(self, tick: Tick) -> "subprocess.Popen[bytes]":
        """Start the one batch of a tick in a process of its own, which may be killed."""
        [batch] = tick.batches
        command = [sys.executable, "-c", BATCH, self.clock().isoformat(), json.dumps(batch.run_config)]
        return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(PROJECT)})

    def tidy(self) -> None:
        """Do what the tidying after each night does to the warehouse."""
        self._warehouse.commit(maintenance.purge, now=self.clock())
        maintenance.compact(self._warehouse)

    def discover(self) -> None:
        """Let the sensor look at Canvas once, and keep its keys as the daemon would."""
        with dg.build_sensor_context(
            instance=self.instance, cursor=self._cursor, resources={"passback": Passback()}
        ) as context:
            result = sensors.discover_courses.evaluate_tick(context)
        self._cursor = result.cursor
        for change in result.dynamic_partitions_requests or []:
            if isinstance(change, dg.AddDynamicPartitionsRequest):
                add_courses(self.instance, change.partition_keys)
            else:
                for key in change.partition_keys:
                    self.instance.delete_dynamic_partition("course", key)

    def choose(self, *course_ids: str, enabled: bool) -> None:
        """Opt courses in or out, now."""
        self._warehouse.commit(
            choices.choose_nightly, course_ids, enabled=enabled, by="Ms. Rivera", at=self.clock()
        )

    def jobs(self, since: datetime) -> list[Job]:
        """List the syncs on record since a time, oldest first."""
        return self._warehouse.read(history.jobs, since=since.astimezone(UTC))[::-1]

    def codes(self, job: Job) -> dict[str, str | None]:
        """Read the code of each result's row in a sync's log."""
        rows = self._warehouse.read(logs.of_job, tables.SIS_GRADES, job.job_id)
        return dict(zip(rows["result_id"], rows["code"], strict=True))

    def run_without_end(self, course_ids: Sequence[str]) -> bool:
        """Sync these as a night without a time to end by does, now."""
        config = {"course_ids": list(course_ids), "type": "nightly", "posted_by": "Ms. Rivera"}
        ops = {"ops": {"grade_passback": {"config": config}}}
        return executed(self._runs, "nightly_grade_sync", ops, self.clock)

    def night(self, now: datetime) -> Night:
        """Look at the night that this time belongs to, and at those before it."""
        return self._warehouse.read(
            nights.look,
            now=now,
            zone=Passback().zone,
            settings=NightlySettings.load(),
            known=known_courses(self.instance),
            back=sensors.NIGHTS_BACK,
        )

    def problems(self, now: datetime) -> list[Problem]:
        """Find what the alerts would tell at this time."""
        passback, night = Passback(), self.night(now)
        drift = self._warehouse.read(history.drift, night.began[1])
        return alerts.problems(night, passback.pages, drift, [])
