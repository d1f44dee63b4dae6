"""Requests of one course side by side: done by a client's own threads, their answers in the order asked for.

How many are really in flight, the other side decides: canvas/bucket.py, sis/pacing.py.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, wait
from typing import TypeVar

T = TypeVar("T")


def abreast(threads: Executor, asks: Iterable[Callable[[], T]]) -> list[T]:
    """Do all of these; raises what the first of them that failed raised, once none is under way any more."""
    asked = [threads.submit(ask) for ask in asks]
    try:
        return [each.result() for each in asked]
    finally:
        for each in asked:
            each.cancel()
        wait(asked)
