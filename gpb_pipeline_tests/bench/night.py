"""One pass of the pipeline over courses: its own process, told what on standard input."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import stamina

from gpb_pipeline.events import CourseFailed, CourseSynced, CourseUnchanged
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import SyncRequest, open_connections
from gpb_pipeline.warehouse import plain_rows
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.table import Table, together
from gpb_pipeline_tests.bench.figures import Figures


def main() -> None:
    stamina.instrumentation.set_on_retry_hooks([])
    asked = json.load(sys.stdin)
    requests = [
        SyncRequest(
            job_id=f"{asked['name']}-{course_id}",
            course_id=course_id,
            type="remaster" if asked["name"] == "remaster" else "nightly",
            posted_by="bench",
        )
        for course_id in asked["courses"]
    ]
    with written() as counted:
        Figures.of(lambda: synced(requests, counted)).told()


def synced(requests: list[SyncRequest], counted: Counter[str]) -> Counter[str]:
    with open_connections() as connections:
        for event in sync_courses(connections, requests):
            counted["courses"] += isinstance(event, CourseSynced | CourseUnchanged)
            counted["unchanged"] += isinstance(event, CourseUnchanged)
            counted["failed"] += isinstance(event, CourseFailed)
            if isinstance(event, CourseSynced):
                counted["writes"] += event.counts.line_items.created + event.counts.results.created
    return counted


@contextmanager
def written() -> Iterator[Counter[str]]:
    """Count the warehouse's commits, and the rows that they insert."""
    counted: Counter[str] = Counter()
    insert, append, commit = Table.insert, plain_rows.append, Warehouse.commit

    def counting_insert(self: Table[Any], session: Connection, *parts: pd.DataFrame) -> None:
        counted["rows"] += len(together(parts))
        insert(self, session, *parts)

    def counting_append(session: Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        counted["rows"] += len(rows)
        append(session, table, rows)

    def counting_commit(self: Warehouse, *args: Any, **named: Any) -> Any:
        counted["commits"] += 1
        return commit(self, *args, **named)

    Table.insert, Warehouse.commit = counting_insert, counting_commit  # type: ignore[method-assign]
    plain_rows.append = counting_append
    try:
        yield counted
    finally:
        Table.insert, Warehouse.commit = insert, commit  # type: ignore[method-assign]
        plain_rows.append = append


if __name__ == "__main__":
    main()
