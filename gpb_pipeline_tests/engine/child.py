"""The process that syncs, forked from one that has imported everything: it may be killed at any moment.

It knows nothing of what it is judged by: it does what an order says, and tells what the pipeline told.
"""

import os
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

import pandas as pd
import stamina

from gpb_pipeline import stream
from gpb_pipeline.canvas import client
from gpb_pipeline.canvas.bucket import Bucket
from gpb_pipeline.errors import PipelineError
from gpb_pipeline.events import CourseFailed, CourseSkipped, CourseSynced, CourseUnchanged, Event
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.sis import pacing, transport
from gpb_pipeline.sync import SyncRequest, open_connections
from gpb_pipeline.warehouse import history
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline_tests.engine.gradebooks import Cell, Place, shared
from gpb_pipeline_tests.engine.troubles import Clock, Trouble, harmed

TRIES = 3  # of each request
FAST = 1e6  # points a second that Canvas's bucket is thought to lose
HANGS = 600.0  # seconds, on a busy machine too, after which a sync is taken for one that never ends
_fork = get_context("fork")


@dataclass(frozen=True, kw_only=True)
class Order:
    """One sync, and what befalls its process."""

    job_id: str
    course_id: str
    type: SyncType
    clock: Clock
    troubles: tuple[Trouble, ...] = ()
    anew: bool = False


@dataclass(frozen=True)
class Row:
    """What a report says of one item."""

    state: str
    code: str | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a sync told: its end, each row, and what stands in the history afterwards.

    `end` is synced, unchanged, failed, skipped, refused (nothing began), killed, hung or broke.
    """

    end: str
    words: str = ""  # the error's code, or a fault of ours in full
    status: str | None = None
    counts: Counts | None = None
    items: tuple[tuple[Place, Row], ...] = ()
    grades: tuple[tuple[Cell, Row], ...] = ()
    issues: frozenset[str] = frozenset()
    job: Job | None = None

    def told(self) -> str:
        """In a line, for people: no student's."""
        rows = Counter(row for _, row in (*self.items, *self.grades))
        states = [
            f"{count} {row.state} {row.code or ''}".strip() for row, count in sorted(rows.items(), key=str)
        ]
        doubts = ", ".join(sorted(self.issues))
        words = [self.end, self.status or "", self.words, ", ".join(states), f"({doubts})" if doubts else ""]
        return " ".join(each for each in words if each)


class Child:
    """A forked process that obeys orders, each answered by a report; one that died is replaced."""

    def __init__(self, environment: Mapping[str, str], *, writes: int, stages: bool) -> None:
        self.connection, theirs = _fork.Pipe()
        self._process = _fork.Process(
            target=_obey, args=(theirs, self.connection, environment, writes, stages), daemon=True
        )
        self._process.start()
        theirs.close()

    def order(self, order: Order) -> None:
        self.connection.send(order)

    def heard(self, seconds: float) -> Report | str | None:
        """Give a report, or what it asks to be done; None where it says nothing for so long."""
        if not wait([self.connection], seconds):
            return None
        try:
            said: Report | str = self.connection.recv()
        except EOFError:
            self._process.join()
            return Report(end="killed", words=str(self._process.exitcode))
        return said

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


def _obey(
    connection: Connection,
    parents: Connection,
    environment: Mapping[str, str],
    writes: int,
    stages: bool,  # noqa: FBT001  a process is given no names
) -> None:
    parents.close()  # so that it ends with its parent
    os.environ.update(environment)
    stream.WRITES = writes
    stream.Stream._is_due = _stages_due if stages else _ends_due  # type: ignore[method-assign]
    stamina.instrumentation.set_on_retry_hooks([])  # which would print each
    _hurried()

    def ask(what: str) -> None:
        connection.send(what)
        connection.recv()

    while True:
        order = connection.recv()
        try:
            report = _synced(order, ask)
        except PipelineError as refused:
            report = Report(end="refused", words=refused.code)
        except Exception:  # noqa: BLE001  whatever it is, it is told
            report = Report(end="broke", words=traceback.format_exc())
        connection.send(report)


def _stages_due(self: stream.Stream) -> bool:
    return bool(self._finished or self._stages)


def _ends_due(self: stream.Stream) -> bool:
    """So that the number of commits is no matter of time."""
    return bool(self._finished)


def _hurried() -> None:
    """As often as in earnest, or nearly, with waits of milliseconds between."""
    stamina.set_testing(testing=True, attempts=TRIES)
    client.Bucket = partial(Bucket, FAST)  # type: ignore[attr-defined,assignment]  # it is called
    transport.BRIEFLY = pacing.BACK_OFF_FIRST = 0.005
    pacing.BACK_OFF_MOST, pacing.PUT_OFF_MOST, pacing.GAP_FIRST, pacing.GAP_MOST = 0.1, 1.0, 0.002, 0.02
    stream.LOOK_AGAIN, stream.FLUSH = 0.05, 0.2


def _synced(order: Order, ask: Callable[[str], None]) -> Report:
    request = SyncRequest(
        job_id=order.job_id,
        course_id=order.course_id,
        type=order.type,
        posted_by="a seed",
        anew=order.anew,
    )
    with open_connections() as plain:
        connections = replace(plain, clock=order.clock)
        with harmed(order.troubles, ask):
            report = _reported(list(stream.sync_courses(connections, [request]))[-1])
        return replace(report, job=connections.warehouse.read(history.job, order.job_id))


def _reported(end: Event) -> Report:
    match end:
        case CourseSynced():
            return _rows(end)
        case CourseUnchanged():
            return Report(end="unchanged", status=end.base.job.status)
        case CourseFailed():
            return Report(end="failed", words=f"{end.error.code}: {end.error}", counts=end.counts)
        case CourseSkipped():
            return Report(end="skipped")
        case _:
            return Report(end="broke", words=f"the last event is {type(end).__name__}")


def _rows(end: CourseSynced) -> Report:
    return Report(
        end="synced",
        status=end.status,
        counts=end.counts,
        items=tuple(
            ((each.sis_section_id, each.assignment_id), _row(each))
            for each in rows_of(end.outcome.assignments)
        ),
        grades=tuple(
            (Cell(each.sis_section_id, each.assignment_id, _student(each)), _row(each))
            for each in rows_of(end.outcome.grades)
        ),
        issues=frozenset(end.outcome.issues["code"]),
    )


def _student(row: Any) -> str:
    """By the id that Canvas has; of one who has left, what the SIS has for it."""
    return str(shared(row.student_id) if pd.isna(row.sis_user_id) else row.sis_user_id)


def _row(row: Any) -> Row:
    return Row(row.state, None if pd.isna(row.code) else row.code)
