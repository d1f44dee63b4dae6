"""A token's leaky bucket at Canvas as seen from this side: who may ask now, and who waits.

Each request in flight holds 50 points back, a full bucket refuses, and every answer says what is left
(docs/canvas.md §7). The server's own bucket, for trying it, is the sandbox's.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from threading import Condition
from time import monotonic

from gpb_pipeline.brake import Brake

REMAINING = "X-Rate-Limit-Remaining"
RESERVED = 50.0  # points held back for each request in flight
OUTFLOW = 10.0  # points a second that leak out of Canvas's buckets
AT_FIRST = 4 * RESERVED  # points taken for left before Canvas has said anything
WAIT_MAX = 30.0  # seconds


class Bucket:
    """Shared by all threads that use one token; `outflow` in points a second."""

    def __init__(self, outflow: float = OUTFLOW) -> None:
        self._outflow = outflow
        self._left = self._most = AT_FIRST
        self._told_at = monotonic()
        self._in_flight = 0
        self._refusals = 0
        self._changed = Condition()

    @contextmanager
    def turn(self, brake: Brake) -> Iterator[None]:
        """Wait until a request more would not be refused; it counts as in flight until the block is left.

        Raises StoppedError where `brake` is pulled first.

        What is said to be left may or may not have had the others in flight taken off: they are taken off
        again, which errs to the side that Canvas does not refuse.
        """
        with self._changed:
            brake.heed()
            while (seconds := self._seconds_to_wait()) > 0:
                brake.wait_on(self._changed, seconds)
            self._in_flight += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def told(self, headers: Mapping[str, str], *, refused: bool) -> None:
        """Note what an answer says is left; after a refusal one request at a time feels its way."""
        said = _number(headers.get(REMAINING))
        with self._changed:
            self._refusals = self._refusals + 1 if refused else 0
            self._left = (0.0 if refused else float("inf")) if said is None else said
            self._most = max(self._most, self._left)
            self._told_at = monotonic()
            self._changed.notify_all()

    def _seconds_to_wait(self) -> float:
        leaked = self._outflow * (monotonic() - self._told_at)
        left = min(self._left + leaked, self._most)
        needed = RESERVED * (self._in_flight + 1) - left
        if self._refusals:
            if self._in_flight:
                return WAIT_MAX  # until it is back
            needed = RESERVED * min(2.0**self._refusals, 8.0) / 2.0 - self._left - leaked
        if needed < 0:
            return 0.0
        return min((needed + 1.0) / self._outflow, WAIT_MAX)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "nan")
    except ValueError:
        return None
    return number if isfinite(number) else None
