"""One night: the cases of a course synced at once by the pipeline's own rules and its own writing.

The sequence before the first write is sync.py's, the rest is writing.py itself; only Canvas, the SIS and the
warehouse are in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gpb_pipeline import writing
from gpb_pipeline.brake import Brake
from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.course import Policy, Selection
from gpb_pipeline.passback.holdings import answers as after
from gpb_pipeline.passback.holdings import look, moved
from gpb_pipeline.passback.holdings import plan as planning
from gpb_pipeline.passback.holdings.died import nobody_deleted, nobody_edited
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS, Holdings
from gpb_pipeline.passback.rows.assignments import out_of_scope
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rules import judge as judging
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.sis.halt import Halt
from gpb_pipeline_tests.simulation.read import read
from gpb_pipeline_tests.simulation.school import Course, case_of
from gpb_pipeline_tests.simulation.sis import Sis
from gpb_pipeline_tests.simulation.wishes import Wishes, wishes


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a night's sync was asked for."""

    number: int
    at: datetime
    policy: Policy
    sync_type: SyncType = "nightly"
    selection: Selection = field(default_factory=Selection)
    confirm: bool = False
    interrupted: frozenset[int] = frozenset()  # the cases whose last sync died
    dead: frozenset[int] = frozenset()  # those whose sync dies tonight


@dataclass(frozen=True, kw_only=True)
class Night:
    """What came of it, of the cases that were synced and whose sync did not die."""

    asked: Asked
    cases: frozenset[int]
    halted: bool
    wishes: Wishes
    before: Holdings  # as they were judged against
    plan: Rows
    outcome: Rows
    replanned: bool  # the same input in another order gave the same plan


@dataclass(kw_only=True)
class Record:
    """The warehouse of one course: what is on record is what the next night knows."""

    held: Holdings = NO_HOLDINGS

    def commit(self, _: Callable[..., object], job_id: str, changes: Collection[Any]) -> None:
        """Take an intent: the whole of the holdings, as writing.py has them at that moment."""
        for each in changes:
            self.held = _without_finding(each.after)


@dataclass
class AnyOrder(Executor):
    """Makes writes in an order of its own, all before the first answer is read."""

    rng: Random
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    def submit(self, task: Any, /, *given: Any, **named: Any) -> Future[Any]:
        future = _Later(self)

        def run() -> None:
            try:
                future.set_result(task(*given, **named))
            except BaseException as error:  # noqa: BLE001  told to whoever reads the answer
                future.set_exception(error)

        self._waiting.append(run)
        return future

    def run(self) -> None:
        waiting, self._waiting = self._waiting, []
        self.rng.shuffle(waiting)
        for each in waiting:
            each()


class _Later(Future[Any]):
    def __init__(self, order: AnyOrder) -> None:
        super().__init__()
        self._order = order

    def result(self, timeout: float | None = None) -> Any:
        self._order.run()
        return super().result(timeout)


class Calm(Halt):
    """Halts for nothing: three silences in a row are of three cases, not of one course."""

    def unanswered(self, error: PipelineError) -> None:
        pass


@dataclass
class Clock:
    """A minute passes with each look at it."""

    at: datetime

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=20)
        return self.at


def sync(course: Course, sis: Sis, record: Record, asked: Asked, rng: Random) -> Night:
    """Sync all cases; those whose class comes back empty fail before anything is judged, as courses do."""
    cases = frozenset(course.rngs)
    both = read(course, cases, asked.policy.tenant, rng)
    eyes = _eyes(sis, both.places, asked)
    held = moved.taken_over(record.held, both.places)
    unsure = {each for each in both.places.class_ids if case_of(each) in asked.interrupted}
    class_ids = frozenset(unsure) | look.to_look_up(held, both.places)
    if class_ids:
        book = eyes.read(class_ids)
        short = look.short_classes(held, book)
        if short and not asked.confirm:
            cases -= {case_of(each) for each in short}
            both = read(course, cases, asked.policy.tenant, rng)
            eyes = _eyes(sis, both.places, asked)
            held = of_cases(held, cases)
            book = replace(
                book,
                class_ids=frozenset(each for each in book.class_ids if case_of(each) in cases),
                line_items=_of(book.line_items, cases),
                results=_of(book.results, cases),
            )
        if book.class_ids:
            held = eyes.seen(held, look.believed(held, book) if asked.confirm else book)
        of_dead, of_others = (of_cases(held, each) for each in (asked.interrupted, cases - asked.interrupted))
        of_dead = nobody_edited(nobody_deleted(of_dead), both.canvas.submissions)
        held = _side_by_side(of_dead, of_others)
    else:
        held = of_cases(held, cases)
    selection = asked.selection
    if selection.sections is not None:
        known = frozenset(both.canvas.sections["section_id"])
        selection = replace(selection, sections=selection.sections & known)
    judgement = judging.judge(
        both.canvas, both.sis, both.mapping, held, selection, asked.policy, confirm=asked.confirm
    )

    def planned(seen: Holdings, sync_type: SyncType) -> planning.Planned:
        return planning.plan(judgement, seen, asked.policy, sync_type, confirm=asked.confirm)

    first = planned(held, asked.sync_type)
    again = planned(_shuffled(held, rng), asked.sync_type) if rng.random() < 0.1 else first
    others = of_cases(record.held, frozenset(course.rngs) - cases)
    mine = Record(held=of_cases(record.held, cases))
    halt = Halt(Brake()) if sis.temper.storm else Calm(Brake())
    work = writing.Writing(
        eyes=eyes,
        warehouse=mine,  # type: ignore[arg-type]
        writes=AnyOrder(rng),
        halt=halt,
        zone=ZoneInfo(course.zone),
        on_record=mine.held,
    )
    written = work.written(first.rows, first.holdings, lambda: _blind(sis))
    left = mine.held  # by those whose sync has died by now
    sis.temper = replace(sis.temper, over=True)
    outcome, held = work.verified(written, lambda seen: planned(seen, "manual"))
    unsaid = out_of_scope(both.canvas.sections, both.sis.classes, selection)
    held = after.without_unwanted(held, outcome, unsaid)
    lives = cases - asked.dead
    record.held = _together(of_cases(held, lives), of_cases(left, cases - lives), others)
    return Night(
        asked=asked,
        cases=lives,
        halted=halt.error is not None,
        wishes=wishes(course, cases, asked.selection, everyone_else=asked.policy.everyone_else),
        before=first.holdings,
        plan=first.rows,
        outcome=outcome,
        replanned=_alike(first.rows, again.rows),
    )


def _blind(sis: Sis) -> None:
    """Let the lists fail from here on, if they do tonight."""
    sis.temper = replace(sis.temper, blind=sis.temper.blind_later)


def _eyes(sis: Sis, places: Any, asked: Asked) -> writing.Eyes:
    return writing.Eyes(
        sis=sis,  # type: ignore[arg-type]
        places=places,
        policy=asked.policy,
        job_id=f"night {asked.number}",
        clock=Clock(asked.at),
    )


def of_cases(held: Holdings, cases: Collection[int]) -> Holdings:
    return Holdings(line_items=_of(held.line_items, cases), results=_of(held.results, cases))


def _of(rows: Any, cases: Collection[int]) -> Any:
    name = "section_id" if "section_id" in rows else "class_id"
    kept = np.fromiter((case_of(each) in cases for each in rows[name]), bool, len(rows))
    return rows[kept].reset_index(drop=True)


def _together(*parts: Holdings) -> Holdings:
    return _without_finding(_side_by_side(*parts))


def _side_by_side(*parts: Holdings) -> Holdings:
    return Holdings(
        line_items=_stacked([each.line_items for each in parts]),
        results=_stacked([each.results for each in parts]),
    )


def _stacked(parts: list[Any]) -> Any:
    some = [each for each in parts if len(each)]
    return pd.concat(some, ignore_index=True) if some else parts[0]


def _without_finding(held: Holdings) -> Holdings:
    """Leave out what the warehouse does not keep."""
    return Holdings(
        line_items=held.line_items.assign(finding=None), results=held.results.assign(finding=None)
    )


def _shuffled(held: Holdings, rng: Random) -> Holdings:
    seed = rng.randrange(2**32)
    return Holdings(
        line_items=held.line_items.sample(frac=1, random_state=seed).reset_index(drop=True),
        results=held.results.sample(frac=1, random_state=seed).reset_index(drop=True),
    )


def _alike(one: Rows, other: Rows) -> bool:
    columns = ["state", "code", "line_item_id"]
    return bool(
        one.assignments[columns].equals(other.assignments[columns])
        and one.grades[[*columns, "result_id"]].equals(other.grades[[*columns, "result_id"]])
    )
