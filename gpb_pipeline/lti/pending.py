"""Launches that have begun: each with its state and nonce, for ten minutes, taken once, not too many.

In memory, for the pages are one process; anybody may begin a launch.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

LIVES = 600.0  # seconds
AT_MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class PendingLaunch:
    """A launch on its way through Canvas; the hints go back to Canvas unchanged."""

    login_hint: str = field(repr=False)
    message_hint: str = field(repr=False)
    in_new_tab: bool
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    until: float


class PendingLaunches:
    """May be shared between threads; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, PendingLaunch] = {}

    def begin(self, *, login_hint: str, message_hint: str, in_new_tab: bool = False) -> PendingLaunch:
        """Keep a launch under a new state; the oldest gives way where there are too many."""
        begun = PendingLaunch(
            login_hint=login_hint,
            message_hint=message_hint,
            in_new_tab=in_new_tab,
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            until=self._clock() + LIVES,
        )
        with self._lock:
            while len(self._held) >= AT_MOST:
                del self._held[next(iter(self._held))]
            self._held[begun.state] = begun
        return begun

    def find(self, state: str) -> PendingLaunch | None:
        """Look at a launch and leave it where it is."""
        with self._lock:
            return self._alive(self._held.get(state))

    def take(self, state: str) -> PendingLaunch | None:
        """Take a launch away: whoever comes with its state again finds none."""
        with self._lock:
            return self._alive(self._held.pop(state, None))

    def _alive(self, found: PendingLaunch | None) -> PendingLaunch | None:
        return found if found is not None and self._clock() < found.until else None
