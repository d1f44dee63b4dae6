"""Rules for what goes wrong on the wire, as asked for over HTTP, and which of them a request meets.

What each effect does to a connection is in fault_line.py.

`PUT /sandbox/faults` takes a list of objects; the first rule that matches a request and is due applies:
    effect   status         answers `status`, `body` and `headers` without handling the request
             status_after   handles it, then answers so: stored and yet an error
             throttle       `status` (429 or 403) with Canvas's text; Retry-After is one of the `headers`
             lost_answer    handles it, then closes the connection without an answer
             reset          handles it, then breaks the connection in the middle of the body, if there is one
             cut_body       sends half of the body, as if it were whole and without a Content-Length
             short_page     cuts the list in half and leaves out the link to the next page
             shifting_page  repeats the last item of the page before, as when something is inserted
             slow           waits `seconds` first, or until other rules are asked for
             expire_token   ends the request's bearer token, then handles the request
    method   regular expression, any by default
    path     regular expression looked for in the path with its query, any by default
    skip     so many matches pass unharmed first (0); `times` it then applies (1, null for ever)
    each     both are counted for each request line by itself, so that the order of threads changes nothing
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from gpb_pipeline.sandbox import fields
from gpb_pipeline.sandbox.fields import BadChange

Effect = Literal[
    "status",
    "status_after",
    "throttle",
    "lost_answer",
    "reset",
    "cut_body",
    "short_page",
    "shifting_page",
    "slow",
    "expire_token",
]
DEFAULT_STATUS: dict[Effect, int] = {"throttle": 429}
THROTTLED = {
    403: "403 Forbidden (Rate Limit Exceeded)\n",
    429: "429 Too Many Requests (Rate Limit Exceeded)\n",
}


@dataclass(frozen=True)
class Fault:
    """One rule. `body` is sent as text where it is text, else as JSON."""

    effect: Effect
    method: re.Pattern[str]
    path: re.Pattern[str]
    skip: int = 0
    times: int | None = 1
    each: bool = False
    status: int = 500
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def matches(self, method: str, path: str) -> bool:
        return bool(self.method.fullmatch(method) and self.path.search(path))

    def is_due(self, nth_match: int) -> bool:
        """Whether it applies to its nth matching request, counted from 1."""
        return nth_match > self.skip and (self.times is None or nth_match <= self.skip + self.times)


@dataclass
class FaultRules:
    """The rules in force, in order, with how often each has matched."""

    faults: Sequence[Fault] = ()
    matched: list[Counter[str]] = field(default_factory=list)  # by request line
    replaced: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        self.matched = [Counter() for _ in faults]
        self.replaced.set()
        self.replaced = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait that long, or for as long as these rules are in force."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.replaced.wait(), seconds)

    @property
    def shift_pages(self) -> bool:
        """Whether a page's last item may be wanted again on the next."""
        return any(each.effect == "shifting_page" for each in self.faults)

    def meet(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, which counts as its turn."""
        for n, fault in enumerate(self.faults):
            if fault.matches(method, path):
                counts, line = self.matched[n], f"{method} {path}"
                counts[line] += 1
                if fault.is_due(counts[line] if fault.each else counts.total()):
                    return fault
        return None


def faults_from(body: Any) -> list[Fault]:
    """The rules of a PUT. Raises BadChange."""
    if not isinstance(body, list):
        raise BadChange("expected a list of faults")
    return [_fault(each) for each in body]


def _fault(given: Any) -> Fault:
    readers: dict[str, fields.Reader] = {
        "effect": fields.one_of(*get_args(Effect)),
        "method": _pattern,
        "path": _pattern,
        "skip": fields.whole,
        "times": fields.or_null(fields.whole),
        "each": fields.flag,
        "status": fields.whole,
        "body": lambda value: value,
        "headers": _headers,
        "seconds": fields.number,
    }
    if not isinstance(given, dict) or "effect" not in given or not set(given) <= set(readers):
        raise BadChange(f"a fault has an effect and some of: {', '.join(readers)}")
    read = {name: readers[name](value) for name, value in given.items()}
    anything = re.compile(".*")
    status = DEFAULT_STATUS.get(read["effect"], 500)
    return Fault(**({"method": anything, "path": anything, "status": status} | read))


def _pattern(value: Any) -> re.Pattern[str]:
    try:
        return re.compile(fields.text(value))
    except re.error:
        raise BadChange("expected a regular expression") from None


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadChange("expected an object of headers")
    return {fields.text(name): fields.text(each) for name, each in value.items()}
