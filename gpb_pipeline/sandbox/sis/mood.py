"""The temperaments in force, and what was counted since they were set: what the SIS makes of this request.

What each switch means is in temperaments.py. Nothing is looked up or stored here.
"""

import math
import re
from collections.abc import Sequence
from time import monotonic
from typing import TypeVar

from starlette.requests import Request

from gpb_pipeline.sandbox.sis.by_school import is_by_school
from gpb_pipeline.sandbox.sis.dialects import ObjectName
from gpb_pipeline.sandbox.sis.refusals import Refusal, unknown
from gpb_pipeline.sandbox.sis.temperaments import PUBLISH, Temperaments

T = TypeVar("T")


class Mood:
    """Asked by each endpoint on its way; its methods raise Refusal, or say what the answer is to be."""

    def __init__(self, given: Temperaments) -> None:
        self._given = given
        self.reset()

    def reset(self) -> None:
        """The temperaments that the SIS was started with."""
        self.set(self._given)

    def set(self, switches: Temperaments) -> None:
        self.switches = switches
        self._set_at = self._filled_at = monotonic()
        self._empty_left = switches.empty_lists
        self._shifts_left = switches.shifting
        self._refusals_left = switches.refuse_next
        self._accepted = 0
        self._allowance = _burst(switches)

    @property
    def lag(self) -> float:
        """Seconds after which a write shows in lists; without end until it is told to."""
        late = self.switches.lists_late
        return math.inf if late == PUBLISH else float(late)

    def admit(self, request: Request) -> None:
        """Any request that has a good token."""
        self._meter()
        path, method = request.url.path, request.method
        if method == "DELETE" and self.switches.forbidden_delete:
            raise Refusal(403, "forbidden", "DELETE is not allowed for this client")
        if self.switches.school_refused is not None and is_by_school(request):
            raise Refusal(int(self.switches.school_refused), "forbidden", "No list of a school is served")
        if self.switches.forbidden_class is not None:
            self._bar(request.path_params.get("class"))
        if method == "PUT" and self._refusals_left and re.search(self.switches.refuse_path, path):
            self._refusals_left -= 1
            raise Refusal(422, "invaliddata", "The write is refused this time")

    def _meter(self) -> None:
        """A token bucket that holds a second's worth."""
        rate = self.switches.rate
        if rate is None:
            return
        now = monotonic()
        self._allowance = min(_burst(self.switches), self._allowance + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._allowance < 1:
            wait = math.ceil((1 - self._allowance) / rate)
            headers = {} if self.switches.no_retry_after else {"Retry-After": str(wait)}
            raise Refusal(429, "server_busy", "Too many requests", headers)
        self._allowance -= 1

    def _bar(self, class_id: str | None) -> None:
        if class_id is not None and class_id == self.switches.forbidden_class:
            raise Refusal(403, "forbidden", f"The client does not teach the section of class {class_id}")

    def admit_by_id(self, name: ObjectName, sourced_id: str) -> None:
        if name != "category" and self.switches.by_id == "405":
            raise Refusal(405, "invaliddata", f"GET is not served for a {name} by its id")
        if name != "category" and self.switches.by_id == "404":
            raise unknown(name, sourced_id)

    def admit_put(self, name: ObjectName, sourced_id: str) -> None:
        seconds = self.switches.put_404_seconds
        if self.switches.put_404 is None or (seconds is not None and monotonic() > self._set_at + seconds):
            return
        if self.switches.put_404 == "named":
            raise unknown(name, sourced_id)
        raise Refusal(404, "unknownobject", "Not found")

    def admit_write(self, class_id: str | None, student_id: str | None) -> None:
        """A write by whom it is about. A flaky student's is an error of the server, with its own words."""
        self._bar(class_id)
        if student_id is not None and student_id == self.switches.flaky_student:
            raise Refusal(500, "internal_server_error", "Object reference not set")

    @property
    def answers_with_a_page(self) -> bool:
        limit = self.switches.html_after
        return limit is not None and self._accepted >= limit

    def accepted(self) -> None:
        self._accepted += 1

    def keeps_old(self, name: ObjectName) -> bool:
        return self.switches.keeps_old in (name, "all")

    def empties(self, request: Request) -> bool:
        """Whether this list answers as if there were no rows, which counts as one of so many."""
        asked = f"{request.url.path}?{request.url.query}"
        if not self._empty_left or not re.search(self.switches.empty_path, asked):
            return False
        self._empty_left -= 1
        return True

    def shifted(self, items: Sequence[T], offset: int) -> Sequence[T]:
        """Shifted by one, a page after the first repeats an item and the last one is on no page."""
        if not offset or not self._shifts_left:
            return items
        self._shifts_left -= 1
        return [*items[-1:], *items[:-1]]

    def counted(self, request: Request, total: int) -> int:
        """What the count of a list says."""
        return total - ("miscounted" in self.switches.school_lists and is_by_school(request))

    def worded(self, words: str) -> str:
        return f"{words} \ud83c" if "surrogates" in self.switches.strangers else words


def _burst(switches: Temperaments) -> float:
    return max(1.0, switches.rate or 0.0)
