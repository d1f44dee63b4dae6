"""How many requests are in flight at a SIS, and how soon after one another they start, by what it answers.

A throttle halves what is in flight, then slows the starts, and all wait as long as told; each success gives
a little back (additive increase, multiplicative decrease). How long that may go on is decided here, for all
at once: nobody gives up while others still wait. It knows nothing of HTTP.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic

from gpb_pipeline.brake import Brake

IN_FLIGHT_FIRST, IN_FLIGHT = 4, 16  # at first, and at most, over all courses of the process
BACK_OFF_FIRST, BACK_OFF_MOST = 0.25, 20.0  # seconds where the SIS names none, doubling without a success
GAP_FIRST, GAP_LEAST, GAP_MOST = 0.05, 0.01, 5.0  # seconds between two starts, once one at a time is too many
SLOWER = 1.5  # what a throttle multiplies the gap by
PUT_OFF_MOST = 3600.0  # seconds that all are put off without one answer between; a sync may end before
FASTER, ROOMIER = 0.05, 0.06  # what a success adds: to the starts a second, to what all in flight may be


class Pace:
    """One client's; threads take turns in it."""

    def __init__(self) -> None:
        self._room = float(IN_FLIGHT_FIRST)
        self._in_flight = 0
        self._gap = 0.0
        self._next = 0.0  # no turn begins before
        self._lowered = 0.0  # when it last was; 0: never, and then it grows fast
        self._throttles = 0  # since the last success
        self._put_off = 0.0  # seconds that were waited, or are to be, since the last success
        self._has_time = True
        self.answers = 0  # so far, throttles left out
        self._turns = Condition()

    @contextmanager
    def turn(self, brake: Brake) -> Iterator[float]:
        """Wait for a turn and have it; gives the time at which it began.

        Raises StoppedError where `brake` is pulled first.
        """
        with self._turns:
            brake.heed()
            while (wait := self._wait(monotonic())) != 0:
                brake.wait_on(self._turns, wait)
            began = monotonic()
            self._in_flight += 1
            self._next = began + self._gap
        try:
            yield began
        finally:
            with self._turns:
                self._in_flight -= 1
                self._turns.notify_all()

    def _wait(self, now: float) -> float | None:
        """Give the seconds until the next turn may begin; None: when another ends."""
        if self._in_flight >= max(1, int(self._room)):
            return None
        return max(0.0, self._next - now)

    def answered(self) -> None:
        """Note a success."""
        with self._turns:
            self._throttles, self._put_off, self._has_time = 0, 0.0, True
            self.answers += 1
            if self._gap:
                gap = 1 / (1 / self._gap + FASTER)
                self._gap = gap if gap > GAP_LEAST else 0.0
            else:
                more = ROOMIER / self._room if self._lowered else 1.0
                self._room = min(float(IN_FLIGHT), self._room + more)

    def throttled(self, began: float, seconds: float | None) -> None:
        """Note that a turn which began then was refused for the rate; all wait `seconds`, or a back-off.

        What was in flight together is refused together: that counts once.
        """
        with self._turns:
            now = monotonic()
            if began >= self._lowered:
                self._lowered = now
                if int(self._room) > 1:
                    self._room = max(1.0, self._room / 2)
                else:
                    self._gap = min(max(self._gap * SLOWER, GAP_FIRST), GAP_MOST)
                self._throttles += 1
            back_off = min(BACK_OFF_FIRST * 2.0 ** (self._throttles - 1), BACK_OFF_MOST)
            self._hold(back_off if seconds is None else seconds)

    def hold(self, seconds: float) -> None:
        """Have nobody begin for so long, if there is time for that."""
        with self._turns:
            self._hold(seconds)

    @property
    def has_time(self) -> bool:
        """Whether what was put off last is waited for; not again before the SIS has answered something."""
        return self._has_time

    @property
    def waits_as_told(self) -> bool:
        """Whether all wait for a time that the SIS named, or that its throttles lead to."""
        return self._throttles > 0 and monotonic() < self._next

    def _hold(self, seconds: float) -> None:
        now = monotonic()
        until = max(self._next, now + seconds)
        put_off = self._put_off + until - max(self._next, now)  # what was refused together adds nothing
        self._has_time = put_off <= PUT_OFF_MOST
        if self._has_time:
            self._put_off, self._next = put_off, until
