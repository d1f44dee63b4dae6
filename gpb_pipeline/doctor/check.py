"""One check, and what makes one of work that may fail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gpb_pipeline.errors import PipelineError, unforeseen

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing looked at; `remedy` says what to do where it is not `ok`."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Examined(Generic[T]):
    check: Check
    value: T | None = None


def examined(name: str, work: Callable[[], T], detail: Callable[[T], str]) -> Examined[T]:
    """Do the work, and say what came of it: `detail` of its value, or what its error says."""
    try:
        value = work()
        return Examined(Check(name=name, ok=True, detail=detail(value)), value)
    except PipelineError as fault:
        error = fault
    except Exception as bug:  # noqa: BLE001  what else there is to look at is looked at all the same
        error = unforeseen(bug, item=name, remedy="Report it.")
    return Examined(Check(name=name, ok=False, detail=f"{error.item}: {error.what}", remedy=error.remedy))


def counted(what: str) -> Callable[[Sequence[object]], str]:
    return lambda found: f"{len(found)} × {what}"
