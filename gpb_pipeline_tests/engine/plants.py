"""Faults planted in the engine, one at a time, to prove that the seeds can fail: each must be found by one.

Each is a small patch, as a slip of the hand would make it. Faults in the rules are simulation/faults.py's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gpb_pipeline import life
from gpb_pipeline.canvas import paging
from gpb_pipeline.passback.rows.settle import WriteAnswer
from gpb_pipeline.sis.errors import UnavailableError
from gpb_pipeline.sis.posting import Poster
from gpb_pipeline.sis.transport import Call, Transport
from gpb_pipeline.warehouse import record
from gpb_pipeline.warehouse.locks import Held
from gpb_pipeline.writing import Writing, Written

Plant = Callable[[pytest.MonkeyPatch], None]


def _told_without_a_commit(patch: pytest.MonkeyPatch) -> None:
    real = life.CourseLife.fail

    def fail(self: life.CourseLife, failure: BaseException) -> None:
        if self.ended_at is None:  # else it came to its end, and what is refused is the commit
            real(self, failure)

    patch.setattr(life.CourseLife, "fail", fail)


def _no_intents(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Writing, "_intended", lambda _, held, rows, *, grades: held)


def _first_write_repeated(patch: pytest.MonkeyPatch) -> None:
    real = Transport.send

    def send(self: Transport, call: Call) -> Any:
        return real(self, replace(call, keyed=True))

    patch.setattr(Transport, "send", send)


def _death_forgotten(patch: pytest.MonkeyPatch) -> None:
    real = record.begin

    def begin(*given: Any) -> frozenset[str]:
        real(*given)
        return frozenset()

    patch.setattr(record, "begin", begin)


def _no_lock(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def course_lock(*_: Any) -> Iterator[Held]:
        yield Held(assure=lambda: None)

    patch.setattr(life, "course_lock", course_lock)


def _page_believed(patch: pytest.MonkeyPatch) -> None:
    real = paging._next

    def believing(answer: Any, first: str, item: str) -> str | None:
        return real(answer, first, item) if answer.links else None

    patch.setattr(paging, "_next", believing)


def _silence_accepted(patch: pytest.MonkeyPatch) -> None:
    real = Poster._failed

    def failed(self: Poster, failure: Exception, row: Any, codes: Any) -> WriteAnswer | None:
        if isinstance(failure, UnavailableError):
            return WriteAnswer(sourced_id=getattr(row, "result_id", row.line_item_id))
        return real(self, failure, row, codes)

    patch.setattr(Poster, "_failed", failed)


def _not_read_back(patch: pytest.MonkeyPatch) -> None:
    def verified(self: Writing, first: Written, replan: Any) -> Any:
        return first.settled, first.held

    patch.setattr(Writing, "verified", verified)


@dataclass(frozen=True)
class Planted:
    """A fault, and a seed that finds it."""

    plant: Plant
    seed: int


PLANTS = {
    "an end whose commit is refused is told all the same": Planted(_told_without_a_commit, 3698),
    "first writes are not put on record": Planted(_no_intents, 232),
    "a first write is repeated where the SIS chooses ids": Planted(_first_write_repeated, 685),
    "a sync that died is forgotten": Planted(_death_forgotten, 10),
    "the course is not locked": Planted(_no_lock, 456),
    "a page without links is taken for the last": Planted(_page_believed, 1529),
    "no answer is taken for an acceptance": Planted(_silence_accepted, 2200),
    "what was written is not read back": Planted(_not_read_back, 475),
}
