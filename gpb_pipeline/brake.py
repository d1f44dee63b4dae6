"""What stops the work of many threads at once: pulled by one, heeded by the others between two requests.

Why work is stopped is known to whoever pulls it; what becomes of a course then, life.py knows.
"""

from __future__ import annotations

from threading import Condition, Event, Lock

from gpb_pipeline.errors import PermanentError, PipelineError


class StoppedError(PermanentError):
    """The work was stopped from outside before this was begun; its code is that of the reason."""


class Brake:
    """Pulled once and for all. What waits with it is woken when it is pulled."""

    def __init__(self) -> None:
        self._why: PipelineError | None = None
        self._pulled = Event()
        self._conditions: set[Condition] = set()
        self._lock = Lock()

    @property
    def why(self) -> PipelineError | None:
        """Why it was pulled; None as long as it is not."""
        return self._why

    def pull(self, why: PipelineError) -> None:
        """Let nothing more be begun; the first reason stays."""
        with self._lock:
            self._why = self._why or why
            self._pulled.set()
            waited_on = list(self._conditions)
        for each in waited_on:
            with each:
                each.notify_all()

    def heed(self) -> None:
        """Raise StoppedError where it is pulled."""
        if self._why is not None:
            raise StoppedError(
                self._why.what, item=self._why.item, remedy=self._why.remedy, code=self._why.code
            )

    def wait(self, seconds: float) -> None:
        """Wait so long; raises StoppedError as soon as it is pulled."""
        self._pulled.wait(seconds)
        self.heed()

    def wait_on(self, condition: Condition, seconds: float | None) -> None:
        """Wait on a condition whose lock is held, as `wait` does."""
        with self._lock:
            self._conditions.add(condition)
        self.heed()
        condition.wait(seconds)
        self.heed()
