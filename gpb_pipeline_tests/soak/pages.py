"""How the pages did meanwhile: asked again and again, as someone who looks at them."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle

import requests

EVERY = 0.2  # seconds
TIMEOUT = 30.0
GOOD, NOT_YET = 200, 404


@dataclass
class Visitor:
    """Asks for pages by turns; `away` is the longest time in seconds from asking to the next good answer.

    `until` is when that came (UTC).
    """

    urls: list[str]
    away: float = 0.0
    until: datetime | None = None
    answers: dict[int, int] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def visit(self) -> None:
        waits_since: float | None = None  # asked, and no good answer yet
        there: set[str] = set()
        for url in cycle(self.urls):
            if self._over.wait(EVERY):
                return
            waits_since = waits_since or time.monotonic()
            status = self._asked(url)
            self.answers[status] = self.answers.get(status, 0) + 1
            if status == NOT_YET and url not in there:  # no sync has come to that course
                waits_since = None
                continue
            waited = time.monotonic() - waits_since
            if waited > self.away:
                self.away, self.until = waited, datetime.now(UTC)
            if status == GOOD:
                there.add(url)
                waits_since = None

    def leave(self) -> None:
        self._over.set()

    def _asked(self, url: str) -> int:
        try:
            return requests.get(url, timeout=TIMEOUT).status_code
        except requests.RequestException:
            return 0
