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

REMAINING, COST = "X-Rate-Limit-Remaining", "X-Request-Cost"
RESERVED = 50.0  # points held back for each request in flight
OUTFLOW = 10.0  # points a second that leak out of Canvas's buckets
HIGH_WATER = 600.0  # points at which Canvas's buckets refuse, unless one says that it has more left
UNDER_WAY = 1  # of ours in flight, that Canvas may not have taken in yet
AT_FIRST = 4 * RESERVED  # points taken for left before Canvas has said anything
WAIT_MAX = 30.0  # seconds
FELT_FOR, GIVEN_BACK = 0.5, 0.05  # points an answer: more than was thought left; less kept back
LAST = 50  # answers


class Bucket:
    """Shared by all threads that use one token; `outflow` in points a second.

    `_left` is what would be left with nothing in flight. An answer says what is left beside those of ours
    that Canvas has taken in by then: none of the others at least, nearly all at most. Within these bounds it
    is felt for, a little more with each answer; costs and outflow are reckoned.
    """

    def __init__(self, outflow: float = OUTFLOW) -> None:
        self._outflow = outflow
        self._left = self._most = AT_FIRST
        self._reckoned_at = monotonic()
        self._in_flight = 0
        self._refusals = 0
        self._kept_back = 0.0  # of what is left, for what was refused in spite of it
        self.answers = 0  # so far, refusals left out
        self.seconds = 0.0  # that an answer takes, on average of the last ones
        self._changed = Condition()

    @contextmanager
    def turn(self, brake: Brake) -> Iterator[float]:
        """Wait until a request more would not be refused; in flight until the block is left. Gives its begin.

        Raises StoppedError where `brake` is pulled first.
        """
        with self._changed:
            brake.heed()
            while (seconds := self._seconds_to_wait()) > 0:
                brake.wait_on(self._changed, seconds)
            began = monotonic()
            self._in_flight += 1
        try:
            yield began
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def told(self, headers: Mapping[str, str], began: float, *, refused: bool) -> None:
        """Note what the answer to the request that began then says is left.

        After a refusal one request at a time feels its way, and for long a request less goes than before.
        """
        said, cost = _number(headers.get(REMAINING)), _number(headers.get(COST))
        with self._changed:
            now = monotonic()
            self._reckon(now, cost or 0.0)
            if refused:
                self._refusals += 1
                self._kept_back = min(self._kept_back + RESERVED, self._most / 2)
                self._left = said or 0.0
            else:
                self._refusals = 0
                self._kept_back = max(0.0, self._kept_back - GIVEN_BACK)
                self.answers += 1
                self.seconds += (now - began - self.seconds) / min(self.answers, LAST)
                self._believe(said)
            self._most = max(self._most, self._left)
            self._changed.notify_all()

    def _reckon(self, now: float, cost: float) -> None:
        self._left = min(self._left + self._outflow * (now - self._reckoned_at), self._most) - cost
        self._reckoned_at = now

    def _believe(self, said: float | None) -> None:
        if said is None:
            self._left = float("inf")
            return
        taken_in = max(self._in_flight - 1 - UNDER_WAY, 0)
        most = min(said + RESERVED * taken_in, HIGH_WATER)
        self._left = max(min(self._left + FELT_FOR, most), said)

    def _seconds_to_wait(self) -> float:
        self._reckon(monotonic(), 0.0)
        needed = RESERVED * (self._in_flight + 1) - self._left + self._kept_back
        if self._refusals:
            if self._in_flight:
                return WAIT_MAX  # until it is back
            needed = RESERVED * min(2.0**self._refusals, 8.0) / 2.0 - self._left
        if needed < 0:
            return 0.0
        return min((needed + 1.0) / self._outflow, WAIT_MAX)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "nan")
    except ValueError:
        return None
    return number if isfinite(number) else None
