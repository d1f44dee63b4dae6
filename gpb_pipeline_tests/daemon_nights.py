"""Nights with the real daemon, by `make nights`; about ten minutes.

Three nights, each a few minutes after the one before, and the retry of the first, whose batch is killed. For
each the daemon and its code server are started anew, for the time of the night is read when they load.
Nothing here is a test of pytest's; it prints what it sees, and stops where it is not as it should be.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import dagster as dg

from gpb_pipeline.orchestration.home import PROJECT, dagster_home
from gpb_pipeline.orchestration.partitions import known_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.warehouse import choices
from gpb_pipeline_tests.sync.days import School
from gpb_pipeline_tests.sync.gradebook import in_canvas, in_sis, needless

BIN = Path(sys.executable).parent
COURSES = ALGEBRA, BIOLOGY, CHEMISTRY = "10001", "10002", "10003"
DISTRICT = "courses=3,seed=5,students=10,assignments=6"
LEAD = timedelta(seconds=75)  # for the daemon to load the code
RETRY = timedelta(hours=2)
PATIENCE = 300.0  # seconds
SLOW = {"effect": "slow", "method": "PUT", "path": "/results/", "seconds": 0.5, "times": None}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_sandbox(DISTRICT) as sandbox:
        os.chdir(folder)
        os.environ |= sandbox.environment | {"DAGSTER_HOME": f"{folder}/home", "GPB_NIGHTLY_ENABLED": "true"}
        dagster_home()
        with dg.DagsterInstance.get() as instance:
            Nights(sandbox, instance).all()


class Nights:
    def __init__(self, sandbox: Sandbox, instance: dg.DagsterInstance) -> None:
        self.sandbox = sandbox
        self.instance = instance
        self.school = School(sandbox, seed=Random().randrange(10_000))  # noqa: S311

    def all(self) -> None:
        with Passback().warehouse() as warehouse:  # before the night that the retry takes to be its own
            before = datetime.now(UTC) - RETRY - timedelta(hours=1)
            warehouse.commit(
                choices.choose_nightly, [ALGEBRA, BIOLOGY], enabled=True, by="Ms. Rivera", at=before
            )
        self.sandbox.set_faults("sis", SLOW)
        with self.daemon() as process:
            self.killed(1, process)
        self.sandbox.set_faults("sis")
        with self.daemon(ago=RETRY):
            self.finished(2)
        told = self.told({ALGEBRA: "Completed", BIOLOGY: "Completed"})
        assert {each["status"] for each in told[2:]} == {"Failed"}
        self.changed()
        with self.daemon():
            self.finished(3)
        self.told({ALGEBRA: "Completed", BIOLOGY: "Completed"})
        self.changed()
        gpb("nightly", "disable", BIOLOGY, "--by", "Ms. Rivera")
        gpb("nightly", "enable", CHEMISTRY, "--by", "Ms. Rivera")
        with self.daemon():
            self.finished(4)
        self.told({ALGEBRA: "Completed", CHEMISTRY: "Completed"})
        self.equal(ALGEBRA, CHEMISTRY)

    @contextmanager
    def daemon(self, ago: timedelta = timedelta(0)) -> Iterator[subprocess.Popen[bytes]]:
        """Run the daemon, so long after a night that begins in the next minute but one; end it afterwards."""
        at = datetime.now(UTC) + LEAD + timedelta(minutes=1)
        os.environ |= {"GPB_NIGHTLY_AT": f"{at - ago:%H:%M}", "GPB_TIMEZONE": "UTC"}
        say(f"the daemon starts; GPB_NIGHTLY_AT={os.environ['GPB_NIGHTLY_AT']} UTC")
        with Path("daemon.log").open("ab") as log:
            command = [str(BIN / "dagster-daemon"), "run", "-w", str(PROJECT / "workspace.yaml")]
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)

    def nightly(self) -> list[dg.DagsterRun]:
        """The runs of the night's job so far, oldest first."""
        return list(self.instance.get_runs(dg.RunsFilter(job_name="nightly_grade_sync")))[::-1]

    def finished(self, number: int) -> None:
        """Wait for the end of the run of this number."""
        self.wait(f"run {number}", lambda: len(self.nightly()) >= number)
        run = self.nightly()[number - 1]
        self.wait("its end", lambda: self.status(run).value in ("SUCCESS", "FAILURE", "CANCELED"))
        say(f"run {number}, of {run.tags['dagster/schedule_name']}: {self.status(run)}")
        say(f"courses: {json.dumps(run.run_config)}")
        say(f"partition keys: {sorted(known_courses(self.instance))}")

    def killed(self, number: int, daemon: "subprocess.Popen[bytes]") -> None:
        """Wait for the run of this number to post, and kill daemon, code server and run, as a host dies."""
        before = len(self.sandbox.writes())
        self.wait("some writes", lambda: len(self.sandbox.writes()) > before + 5)
        os.killpg(daemon.pid, signal.SIGKILL)
        say(f"run {number}: all killed after {len(self.sandbox.writes()) - before} writes")
        say(f"run {number} stands as {self.status(self.nightly()[number - 1])}")

    def status(self, run: dg.DagsterRun) -> dg.DagsterRunStatus:
        found = self.instance.get_run_by_id(run.run_id)
        assert found is not None
        return found.status

    def wait(self, what: str, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > end:
                print(Path("daemon.log").read_text()[-6000:])
                raise TimeoutError(what)
            time.sleep(1)

    def told(self, expected: dict[str, str]) -> list[dict[str, Any]]:
        """Hold the history's newest lines against what they should be."""
        history: list[dict[str, Any]] = json.loads(gpb("history", "--json"))
        for each in history:
            print("   ", {key: each[key] for key in ("job_id", "type", "posted_by", "status", "sis_grades")})
        newest = history[: len(expected)]
        assert {each["course_id"]: each["status"] for each in newest} == expected
        return history

    def changed(self) -> None:
        for course_id in (ALGEBRA, BIOLOGY):
            self.school.rescores(course_id, 12)
            self.school.clears(course_id)

    def equal(self, *course_ids: str) -> None:
        held = in_sis(self.sandbox)
        for course_id in course_ids:
            canvas = in_canvas(self.sandbox, course_id)
            mine = {cell: grade for cell, grade in held.items() if cell.class_id in canvas.classes}
            assert mine == canvas.grades
            say(f"course {course_id}: the SIS holds Canvas's {len(mine)} grades, and no other")
        assert needless(self.sandbox.writes()) == []
        say("no write of the SIS's log changed nothing")


def gpb(*arguments: str) -> str:
    return subprocess.run([BIN / "gpb", *arguments], check=True, capture_output=True, text=True).stdout


def say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", flush=True)


if __name__ == "__main__":
    main()
