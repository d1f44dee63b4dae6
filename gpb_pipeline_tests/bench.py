"""`make bench`: what a sync costs, as a ratio to the raw floor, in one run on one machine.

The floor is the very requests that the sync made, replayed by a bare `requests` session from as many threads,
with its credentials and nothing read of the answers; a write goes without its body, and is refused. Figures
are printed, never asserted.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
import stamina
from requests.adapters import HTTPAdapter

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import account_courses
from gpb_pipeline.events import CourseFailed, CourseSynced
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline.stream import IN_FLIGHT, WRITES, sync_courses
from gpb_pipeline.sync import SyncRequest, open_connections

THREADS = IN_FLIGHT + WRITES


def main() -> None:
    stamina.instrumentation.set_on_retry_hooks([])
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--courses", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(f"courses={asked.courses},seed={asked.seed}") as sandbox,
    ):
        os.environ.update(sandbox.environment)
        os.environ["GPB_CATALOG"] = f"sqlite:{Path(folder) / 'catalog.sqlite'}"
        os.environ["GPB_DATA_PATH"] = str(Path(folder) / "data")
        with CanvasClient(CanvasSettings.load()) as canvas:
            courses = [each.course_id for each in account_courses(canvas)]
        for name in ("first", "unchanged", "remaster"):
            _measure(name, sandbox, courses)


def _measure(name: str, sandbox: Sandbox, courses: list[str]) -> None:
    before = {side: len(sandbox.requests_seen(side)) for side in ("canvas", "sis")}
    counts: dict[str, int] = {"failed": 0, "synced": 0, "written": 0}
    seconds, cpu = _timed(lambda: _sync(name, courses, counts))
    made = [
        (url, token, each)
        for side, url, token in (
            ("canvas", sandbox.canvas_url, sandbox.environment["CANVAS_API_TOKEN"]),
            ("sis", sandbox.sis_url, _sis_token(sandbox.environment)),
        )
        for each in sandbox.requests_seen(side)[before[side] :]  # type: ignore[arg-type]
    ]
    floor, floor_cpu = _timed(lambda: _replay(made))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{name:>9}: {len(courses)} courses, {counts['synced']} synced, {counts['failed']} failed, "
        f"{counts['written']} written, {len(made)} requests | {seconds:.1f} s ({cpu:.1f} s CPU), "
        f"{len(courses) / seconds:.1f} courses/s | floor {floor:.1f} s ({floor_cpu:.1f} s CPU), "
        f"ratio {seconds / floor:.1f} | peak {memory} MiB"
    )


def _sync(name: str, courses: list[str], counts: dict[str, int]) -> None:
    asked = [
        SyncRequest(
            job_id=f"{name}-{course}",
            course_id=course,
            type="remaster" if name == "remaster" else "manual",
            posted_by="bench",
        )
        for course in courses
    ]
    with open_connections() as connections:
        for event in sync_courses(connections, asked):
            if isinstance(event, CourseSynced):
                counts["synced"] += 1
                counts["written"] += event.counts.line_items.created + event.counts.results.created
            counts["failed"] += isinstance(event, CourseFailed)


def _replay(made: list[tuple[str, str, dict[str, Any]]]) -> None:
    with requests.Session() as session, ThreadPoolExecutor(THREADS) as pool:
        session.mount("http://", HTTPAdapter(pool_connections=THREADS, pool_maxsize=THREADS))

        def ask(one: tuple[str, str, dict[str, Any]]) -> None:
            url, token, seen = one
            address = f"{url}{seen['path']}?{seen.get('query') or ''}"
            session.request(seen["method"], address, headers={"Authorization": f"Bearer {token}"}, timeout=30)

        for _ in pool.map(ask, made):
            pass


def _sis_token(environment: dict[str, str]) -> str:
    answer = requests.post(
        environment["SIS_TOKEN_URL"],
        data={"grant_type": "client_credentials"},
        auth=(environment["SIS_CLIENT_ID"], environment["SIS_CLIENT_SECRET"]),
        timeout=30,
    )
    return str(answer.json()["access_token"])


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    started, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - cpu


if __name__ == "__main__":
    main()
