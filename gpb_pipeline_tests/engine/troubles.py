"""What goes wrong inside the process that syncs: it is killed, its disk full, its catalogue away, its clock.

Each is due at the nth write to the SIS or at the nth commit, before it, in it or after it. What goes wrong on
the wire is the sandbox's (faults.py there).
"""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import pytest
import requests

from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.sis.transport import Call, Transport
from gpb_pipeline.warehouse.ducklake import Warehouse

Moment = Literal["before", "in", "after"]
Harm = Literal["kill", "full disk", "catalogue locked", "catalogue gone", "postgresql restarts"]
AWAY = "away-"
START = datetime(2026, 11, 24, 22, tzinfo=UTC)  # of a story's clock, in the sandbox's own week


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One harm, at the `nth` time of `at`: a write whose path has this in it, or a commit of that name."""

    harm: Harm
    kind: Literal["write", "commit"]
    at: str
    nth: int
    moment: Moment

    def __str__(self) -> str:
        return f"{self.harm} {self.moment} {self.kind} {self.nth} of {self.at or 'any'}"


@dataclass
class Clock:
    """Hours from the start, and a jump by so many more once it was asked so often."""

    hours: float
    jump: float = 0.0
    after: int = 0
    asked: int = 0

    def __call__(self) -> datetime:
        self.asked += 1
        hours = self.hours + (self.jump if self.asked > self.after else 0.0)
        return START + timedelta(hours=hours, milliseconds=self.asked)


@dataclass
class Counter:
    """Which of the troubles are due now; threads count together."""

    troubles: tuple[Trouble, ...]
    counted: dict[Trouble, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def due(self, kind: str, name: str) -> list[Trouble]:
        with self.lock:
            met = [each for each in self.troubles if each.kind == kind and each.at in name]
            for each in met:
                self.counted[each] = self.counted.get(each, 0) + 1
            return [each for each in met if self.counted[each] == each.nth]


@contextmanager
def harmed(troubles: tuple[Trouble, ...], ask: Callable[[str], None]) -> Iterator[None]:
    """Have these befall the syncs of the block; `ask` has the parent process do what another must do."""
    counter, limits = Counter(troubles), resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.MonkeyPatch.context() as patch:
        _at_writes(patch, counter, ask)
        _at_commits(patch, counter, ask)
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            catalogue = WarehouseSettings.load().embedded_catalog
            if catalogue is not None:
                catalogue_back(catalogue)


def _at_writes(patch: pytest.MonkeyPatch, counter: Counter, ask: Callable[[str], None]) -> None:
    real = Transport._request

    def request(self: Transport, call: Call, token: str) -> requests.Response:
        due = [] if call.method == "GET" else counter.due("write", call.url)
        _befall(due, "before", ask)
        answer = real(self, call, token)
        _befall(due, "after", ask)
        return answer

    patch.setattr(Transport, "_request", request)


def _at_commits(patch: pytest.MonkeyPatch, counter: Counter, ask: Callable[[str], None]) -> None:
    real = Warehouse.commit

    def commit(self: Warehouse, work: Any, *args: Any, **named: Any) -> Any:
        due = counter.due("commit", getattr(work, "__name__", ""))

        def inside(*given: Any, **more: Any) -> Any:
            done = work(*given, **more)
            _befall(due, "in", ask)
            return done

        _befall(due, "before", ask)
        result = real(self, inside, *args, **named)
        _befall(due, "after", ask)
        return result

    patch.setattr(Warehouse, "commit", commit)


def _befall(due: list[Trouble], moment: Moment, ask: Callable[[str], None]) -> None:
    for each in due:
        if each.moment != moment:
            continue
        match each.harm:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "full disk":  # as far as a process may make itself one: no file grows any more
                resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            case "catalogue gone":
                _catalogue_away()
            case _:
                ask(each.harm)


def _catalogue_away() -> None:
    catalogue = WarehouseSettings.load().embedded_catalog
    if catalogue is not None:
        for each in _files(catalogue):
            each.rename(each.with_name(AWAY + each.name))


def catalogue_back(catalogue: Path) -> None:
    """Where it was taken away, in place of what may stand there now."""
    if away := list(catalogue.parent.glob(f"{AWAY}*")):
        for each in _files(catalogue):
            each.unlink()
        for each in away:
            each.rename(each.with_name(each.name.removeprefix(AWAY)))


def _files(catalogue: Path) -> list[Path]:
    """The SQLite file and those beside it; no folder of locks."""
    return [each for each in catalogue.parent.glob(f"{catalogue.name}*") if each.is_file()]
