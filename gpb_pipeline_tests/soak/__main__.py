"""`python -m gpb_pipeline_tests.soak --minutes 30`: three hosts, maintenance and pages on PostgreSQL and S3.

At a third of the time a host is killed, and another takes its courses; at two thirds PostgreSQL restarts.
Grades change all the while. In the end every course is synced once more, and what came of it is judged.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import requests
import stamina

from gpb_pipeline.orchestration.home import PROJECT
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.bucket import NAME, running_bucket
from gpb_pipeline_tests.postgres import Postgres, running_postgres
from gpb_pipeline_tests.soak.pages import Visitor
from gpb_pipeline_tests.soak.verdict import judged
from gpb_pipeline_tests.sync.days import School

BIN = Path(sys.executable).parent
DISTRICT = "courses=9,seed=5,students=8,assignments=4"
COURSES = [str(10_001 + number) for number in range(9)]
HOSTS = {"north": COURSES[0::3], "east": COURSES[1::3], "south": COURSES[2::3]}
CHANGES = 3.0  # seconds between changes in Canvas
Process = subprocess.Popen[bytes]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--data", choices=("s3", "folder"), default="s3")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, ExitStack() as servers:
        folder = Path(name)
        postgres = servers.enter_context(running_postgres())
        sandbox = servers.enter_context(running_sandbox(DISTRICT))
        os.environ |= sandbox.environment | {
            "PYTHONPATH": str(PROJECT),  # the hosts are modules of the tests, and their folder is another
            "GPB_CATALOG": postgres.new_database("soak"),
            "GPB_DATA_PATH": f"{folder}/lake",
            "GPB_LOOKS": f"{folder}/looks",
        }
        if asked.data == "s3":
            bucket = servers.enter_context(running_bucket())
            os.environ |= bucket.environment | {"GPB_DATA_PATH": f"s3://{NAME}/soak"}
        os.chdir(folder)
        return Soak(sandbox, postgres, folder).run(asked.minutes * 60)


class Soak:
    def __init__(self, sandbox: Sandbox, postgres: Postgres, folder: Path) -> None:
        self.sandbox = sandbox
        self.postgres = postgres
        self.stop = folder / "stop"
        self.started: list[tuple[str, Process]] = []

    def run(self, seconds: float) -> int:
        end = time.monotonic() + seconds
        hosts = {name: self.host(name, *courses) for name, courses in HOSTS.items()}
        self.host("tidying")
        with web() as url, visited([f"{url}/", *(f"{url}/courses/{each}" for each in COURSES)]) as visitor:
            self.changes(end - seconds * 2 / 3)
            say("the host south is killed")
            hosts["south"].send_signal(signal.SIGKILL)
            self.changes(time.monotonic() + 5)
            self.host("south-again", *HOSTS["south"])
            self.changes(end - seconds / 3)
            say("PostgreSQL restarts")
            self.postgres.stop()
            self.postgres.start()
            self.changes(end)
        self.stop.touch()
        self.wait(self.started)
        say("all courses once more")
        self.wait([("last", self.host("last", *COURSES))])
        say(f"pages answered {visitor.answers}, and were away longest until {visitor.until:%H:%M:%S}")
        verdict = judged(self.sandbox, Path().glob("*.log"), COURSES, visitor.away)
        print("\n".join(verdict.lines()))
        return 0 if verdict.passed else 1

    def host(self, name: str, *courses: str) -> Process:
        say(f"{name} starts{f', with {len(courses)} courses' if courses else ''}")
        module = [sys.executable, "-m", "gpb_pipeline_tests.soak.host", name, str(self.stop), *courses]
        command = ["nice", "-n", "5", *module]  # as deploy/systemd has it: pages go first
        with Path(f"{name}.log").open("ab") as told, Path(f"{name}.err").open("ab") as faults:
            process = subprocess.Popen(command, stdout=told, stderr=faults)
        self.started.append((name, process))
        return process

    def changes(self, until: float) -> None:
        """Give other scores in Canvas until then."""
        with Path("acts.txt").open("a") as acts, redirect_stdout(acts):
            school = School(self.sandbox, seed=int(until * 1000) % 10_000)
            while time.monotonic() < until:
                school.rescores(school.dice.choice(COURSES), 2)
                time.sleep(CHANGES)

    def wait(self, processes: Sequence[tuple[str, Process]]) -> None:
        for name, process in processes:
            status = process.wait(300)
            if status not in (0, -signal.SIGKILL):
                say(f"{name} ended with {status}: {Path(f'{name}.err').read_text()[-2000:]}")


@contextmanager
def web() -> Iterator[str]:
    """Serve the pages as `gpb web` does, in a process of its own; gives their address once they answer."""
    with Path("web.err").open("ab") as faults:
        command = [str(BIN / "gpb"), "web", "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=faults)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().decode().split()[-1].rstrip("/")
        for attempt in stamina.retry_context(on=requests.RequestException, attempts=None, timeout=60.0):
            with attempt:
                requests.get(url, timeout=30)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        if traces := Path("web.err").read_text():
            say(f"gpb web said: {traces[-2000:]}")


@contextmanager
def visited(urls: list[str]) -> Iterator[Visitor]:
    visitor = Visitor(urls)
    thread = threading.Thread(target=visitor.visit)
    thread.start()
    try:
        yield visitor
    finally:
        visitor.leave()
        thread.join()


def say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
