"""`make bench`: a first night, an unchanged one, a changed one and a remaster, at several latencies."""

import argparse
import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import account_courses
from gpb_pipeline.sandbox.serve import SIDES, Sandbox, running_sandbox
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline.stream import IN_FLIGHT, WRITES
from gpb_pipeline_tests.bench.figures import Figures, measured
from gpb_pipeline_tests.bench.report import Pass, Report

SIZE = "sections=3,assignments=20,students=75"  # 1,500 grades a course
CHANGED = 0.02
BY_RUN = 2  # courses of the slow comparisons
NIGHTS = ("first", "judged", "unchanged", "changed", "remaster")
"""`judged` is the first night in which nothing is written: what an equal one is held against."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--courses", type=int, default=12)
    parser.add_argument("--latencies", type=int, nargs="+", default=[0, 50, 200], help="milliseconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", action="store_true", help="write docs/performance.md")
    asked = parser.parse_args()
    report = Report(courses=asked.courses)
    with running_sandbox(f"courses={asked.courses},seed={asked.seed},{SIZE}") as sandbox:
        os.environ.update(sandbox.environment)
        with CanvasClient(CanvasSettings.load()) as canvas:
            courses = [each.course_id for each in account_courses(canvas)]
        for latency in asked.latencies:
            with _new_warehouse(sandbox, latency):
                for name in NIGHTS:
                    if name == "changed":
                        _change(sandbox, courses, asked.seed)
                    report.add(_pass(sandbox, name, courses, latency))
        with _new_warehouse(sandbox, 0):
            report.add(_compared("plain", "canvasapi script", courses[:BY_RUN], sandbox))
            sandbox.reset()
            report.add(_compared("by_run", "a Dagster run a course, first", courses[:BY_RUN], sandbox))
            report.add(_compared("by_run", "a Dagster run a course, again", courses[:BY_RUN], sandbox))
    if asked.save:
        report.save()


@contextmanager
def _new_warehouse(sandbox: Sandbox, latency: int) -> Iterator[None]:
    sandbox.reset()
    slow = {"effect": "slow", "seconds": latency / 1000, "times": None}
    for side in SIDES:
        sandbox.set_faults(side, *([slow] if latency else []))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPB_CATALOG"] = f"sqlite:{Path(folder) / 'catalog.sqlite'}"
        os.environ["GPB_DATA_PATH"] = str(Path(folder) / "data")
        os.environ["DAGSTER_HOME"] = str(Path(folder) / "dagster_home")
        yield


def _pass(sandbox: Sandbox, name: str, courses: list[str], latency: int) -> Pass:
    before = {side: len(sandbox.requests_seen(side)) for side in SIDES}
    ours = measured("night", {"name": name, "courses": courses})
    token = {"canvas": sandbox.environment["CANVAS_API_TOKEN"], "sis": _sis_token(sandbox)}
    url = {"canvas": sandbox.canvas_url, "sis": sandbox.sis_url}
    made = {side: sandbox.requests_seen(side)[before[side] :] for side in SIDES}
    held = _held(sandbox, token["sis"])
    replayed = [
        {
            "method": each["method"],
            "url": f"{url[side]}{each['path']}?{each.get('query') or ''}",
            "token": token[side],
            "body": held.get(each["path"]) if each["method"] == "PUT" else None,
        }
        for side in SIDES
        for each in made[side]
    ]
    raw = measured("raw", {"requests": replayed, "threads": IN_FLIGHT + WRITES})
    asked = {side: len(each) for side, each in made.items()}
    return Pass(name=name, latency=latency, ours=ours, raw=raw, canvas=asked["canvas"], sis=asked["sis"])


def _held(sandbox: Sandbox, token: str) -> dict[str, Any]:
    """Give all that the SIS holds, by the path that it was put to, as the body that puts it there again."""
    base = sandbox.environment["SIS_BASE_URL"]
    held: dict[str, Any] = {}
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for class_id in sorted({each["class_id"] for each in sandbox.state()["line_items"]}):
            for collection, name in (("lineItems", "lineItem"), ("results", "result")):
                url, offset = f"{base}/classes/{class_id}/{collection}", 0
                while rows := session.get(url, params={"limit": 100, "offset": offset}, timeout=60).json()[
                    collection
                ]:
                    at = urlsplit(f"{base}/{collection}").path
                    held |= {f"{at}/{row['sourcedId']}": {name: row} for row in rows}
                    offset += len(rows)
    return held


def _compared(module: str, name: str, courses: list[str], sandbox: Sandbox) -> Pass:
    before = {side: len(sandbox.requests_seen(side)) for side in SIDES}
    figures: Figures = measured(module, {"courses": courses, "token": _sis_token(sandbox)})
    asked = {side: len(sandbox.requests_seen(side)) - before[side] for side in SIDES}
    return Pass(name=name, latency=0, ours=figures, raw=None, canvas=asked["canvas"], sis=asked["sis"])


def _change(sandbox: Sandbox, courses: list[str], seed: int) -> None:
    """Give some of each course's grades another score."""
    chance = random.Random(seed)
    for course_id in courses:
        rows = _graded(sandbox, course_id)
        for row in chance.sample(rows, round(CHANGED * len(rows))):
            path = f"/courses/{course_id}/submissions/{row['assignment_id']}/{row['user_id']}"
            sandbox.control("canvas", "PATCH", path, {"score": round((row["score"] or 0) + 0.5, 2)})


def _graded(sandbox: Sandbox, course_id: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {sandbox.environment['CANVAS_API_TOKEN']}"}
    url = (
        f"{sandbox.canvas_url}/api/v1/courses/{course_id}/students/submissions?student_ids[]=all&per_page=100"
    )
    rows: list[dict[str, Any]] = []
    while url:
        answer = requests.get(url, headers=headers, timeout=60)
        answer.raise_for_status()
        rows += [each for each in answer.json() if each["score"] is not None]
        url = answer.links.get("next", {}).get("url", "")
    return rows


def _sis_token(sandbox: Sandbox) -> str:
    environment = sandbox.environment
    answer = requests.post(
        environment["SIS_TOKEN_URL"],
        data={"grant_type": "client_credentials"},
        auth=(environment["SIS_CLIENT_ID"], environment["SIS_CLIENT_SECRET"]),
        timeout=60,
    )
    return str(answer.json()["access_token"])


if __name__ == "__main__":
    main()
