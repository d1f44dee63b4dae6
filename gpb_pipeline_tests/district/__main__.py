"""`make district COURSES=5000`: a district of so many courses, filled, and an unchanged night of it.

Some courses are synced for real and the others copied from them, in the warehouse alone: the sandbox SIS has
no gradebook of the copies, which an unchanged night does not read. The night is the stream that the nightly
job runs, in a process of its own, while the pages and `gpb history` are asked for. Each size given is a
district of its own, so that two of them tell whether the cost is linear.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import stamina

from gpb_pipeline.orchestration.home import PROJECT
from gpb_pipeline.sandbox.generator import FIRST_COURSE_ID
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.sync import open_connections
from gpb_pipeline.warehouse import soundness
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline_tests.bench.figures import Figures, measured
from gpb_pipeline_tests.district.filled import fill
from gpb_pipeline_tests.district.meanwhile import meanwhile
from gpb_pipeline_tests.district.tidying import nights
from gpb_pipeline_tests.soak.__main__ import web

STUDENTS, ASSIGNMENTS, SECTIONS = 75, 20, 3  # of a course: 1,500 grades
TOLD_EVERY = 60.0  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="make district", description=__doc__)
    parser.add_argument("--courses", type=int, nargs="+", default=[500])
    parser.add_argument("--sent", type=int, default=20, help="courses that are synced for real, of each size")
    parser.add_argument("--nights", type=int, default=0, help="nights of history and tidying afterwards")
    parser.add_argument("--keep", type=Path, help="where to keep the warehouse, for another look")
    asked = parser.parse_args()
    stamina.instrumentation.set_on_retry_hooks([])
    for courses in asked.courses:
        with ExitStack() as stack:
            folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="district-")))
            stack.enter_context(_settled(folder / str(courses)))
            Trial(courses, min(asked.sent, courses)).run(asked.nights)


class Trial:
    """A district of one size."""

    def __init__(self, courses: int, sent: int) -> None:
        self.sent = sent
        self.courses = [str(FIRST_COURSE_ID + number) for number in range(courses)]

    def run(self, nights_after: int) -> None:
        size = f"students={STUDENTS},assignments={ASSIGNMENTS},sections={SECTIONS}"
        name = f"courses={len(self.courses)},seed=7,{size},alike={self.sent}"
        say(f"a district of {len(self.courses)} courses, {self.sent} of them sent for real")
        with running_sandbox(name) as sandbox:
            os.environ |= sandbox.environment
            self.fill()
            self.pass_unchanged_night(sandbox)
        self.look_for_doubled_keys()
        if nights_after:
            self.pass_more_nights(nights_after)

    def fill(self) -> None:
        for name in ("first", "judged"):
            told(f"the {name} night", measured("night", {"name": name, "courses": self.courses[: self.sent]}))
        began = told_at = time.monotonic()
        with open_connections() as connections:
            for count in fill(connections, len(self.courses), self.sent, STUDENTS):
                if time.monotonic() - told_at > TOLD_EVERY:
                    say(f"filled: {count} courses")
                    told_at = time.monotonic()
        say(f"filled in {time.monotonic() - began:.0f} s")

    def pass_unchanged_night(self, sandbox: Sandbox) -> None:
        pids = {"Canvas": sandbox.canvas_pid, "the SIS": sandbox.sis_pid}
        before = {name: _cpu(pid) for name, pid in pids.items()}
        pages = ["", f"courses/{self.courses[0]}", f"courses/{self.courses[-1]}"]
        commands = [("history",), ("history", self.courses[-1]), ("nightly", "show")]
        with web() as url:
            with meanwhile([f"{url}/{page}" for page in pages], commands) as someone:
                night = measured("night", {"name": "unchanged", "courses": self.courses})
            someone.look_once()
        told("the unchanged night", night)
        for name, pid in pids.items():
            used = _cpu(pid) - before[name]
            say(f"{name} of the sandbox: {1000 * used / len(self.courses):.0f} ms a course, {_peak(pid)} MiB")
        for line in someone.lines():
            say(line)

    def look_for_doubled_keys(self) -> None:
        began, cpu = time.monotonic(), time.process_time()
        with open_warehouse() as warehouse:
            rows = soundness.require_sound(warehouse)
        took, used = time.monotonic() - began, time.process_time() - cpu
        say(f"looked through {rows} rows for doubled keys in {took:.0f} s, {used:.0f} s of CPU")

    def pass_more_nights(self, count: int) -> None:
        with open_warehouse() as warehouse:
            for number, (left, kept) in enumerate(nights(warehouse, self.courses, count), start=1):
                say(f"night {number} left {left}, and its tidying {kept}")


@contextmanager
def _settled(folder: Path) -> Iterator[None]:
    """Work in a folder with a warehouse of its own."""
    folder.mkdir(parents=True)
    os.chdir(folder)
    os.environ |= {
        "PYTHONPATH": str(PROJECT),
        "GPB_CATALOG": f"sqlite:{folder}/catalog.sqlite",
        "GPB_DATA_PATH": f"{folder}/data",
        "GPB_LOOKS": f"{folder}/looks",
    }
    try:
        yield
    finally:
        os.chdir(PROJECT)


def told(what: str, figures: Figures) -> None:
    count = figures.courses or 1
    say(
        f"{what}: {figures.courses} courses, {figures.unchanged} not judged, {figures.failed} failed, "
        f"{figures.seconds:.0f} s, {1000 * figures.cpu / count:.0f} ms of CPU a course, "
        f"{figures.rows / count:.1f} rows a course, {figures.commits} commits, {figures.peak} MiB at most"
    )


def _cpu(pid: int) -> float:
    """Seconds that a process has used."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> int:
    """The most memory that a process has had, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", flush=True)


if __name__ == "__main__":
    main()
