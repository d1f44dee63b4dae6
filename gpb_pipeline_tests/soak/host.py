"""What each host of the soak does, in a process of its own: sync its courses again and again, or tidy.

Each tells what happened in lines of JSON, until the file `stop` is there; then it ends its round.
"""

import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.events import CourseFailed, CourseSynced, CourseUnchanged
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import Connections, SyncRequest, open_connections
from gpb_pipeline.warehouse import maintenance
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.opening import open_warehouse

KEPT = timedelta(minutes=1)  # in place of a day, so that maintenance has files to delete
BETWEEN_TIDYINGS = 5.0  # seconds
BETWEEN_TRIES = 0.2  # seconds, where the warehouse is away


def main(name: str, stop: Path, *courses: str) -> None:
    _watch_commits()
    work = _syncs(name, courses) if courses else _tidyings()
    while True:
        try:
            next(work)
        except (PipelineError, StopIteration) as away:  # of the opening: what follows is told by itself
            tell("away", code=getattr(away, "code", None))
            work = _syncs(name, courses) if courses else _tidyings()
            time.sleep(BETWEEN_TRIES)
            continue
        if stop.exists():
            return


NUMBERS = count(1)


def _syncs(name: str, courses: tuple[str, ...]) -> Iterator[None]:
    with open_connections() as connections:
        while True:
            _round(name, courses, connections)
            yield


def _round(name: str, courses: tuple[str, ...], connections: Connections) -> None:
    number = next(NUMBERS)
    requests = [
        SyncRequest(job_id=f"{name}-{number}-{each}", course_id=each, posted_by=name) for each in courses
    ]
    for event in sync_courses(connections, requests):
        match event:
            case CourseSynced() | CourseUnchanged():
                tell("ended", job=event.request.job_id)
            case CourseFailed():
                tell("failed", job=event.request.job_id, code=event.error.code)


def _tidyings() -> Iterator[None]:
    with open_warehouse() as warehouse:
        while True:
            maintenance.compact(warehouse, keep=KEPT)
            tell("tidied")
            yield
            time.sleep(BETWEEN_TIDYINGS)


def _watch_commits() -> None:
    """Tell of each commit that was given up."""
    commit = Warehouse.commit

    def watched(self: Warehouse, work: Any, *given: Any, **named: Any) -> Any:
        try:
            return commit(self, work, *given, **named)
        except PipelineError as error:
            tell("given up", code=error.code, why=error.what)
            raise

    Warehouse.commit = watched  # type: ignore[method-assign]


def tell(what: str, **more: Any) -> None:
    print(json.dumps({"what": what, **more}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
