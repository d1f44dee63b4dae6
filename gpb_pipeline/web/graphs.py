"""The geometry of the AssignmentsSync and GradesSync graphs: rings of one segment a state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gpb_pipeline.web.site import STATES

GAP = 0.6
"""Between segments, in hundredths of the ring, so that they are told apart by more than their colour."""


@dataclass(frozen=True)
class Segment:
    """A state's share of the ring: `length` and `start` in hundredths of its circumference."""

    state: str
    count: int
    length: float
    start: float


@dataclass(frozen=True)
class Ring:
    """A graph, with its description for those who do not see it."""

    title: str
    total: int
    segments: tuple[Segment, ...]

    @property
    def description(self) -> str:
        told = ", ".join(f"{each.count:,} {each.state}" for each in self.segments)
        return f"{self.title}: {told}" if told else f"{self.title}: nothing was synced"


def ring(title: str, counts: Mapping[str, int]) -> Ring:
    """Make a ring of the states that occur, in their order."""
    total = sum(counts.values())
    segments: list[Segment] = []
    start = 0.0
    for state in STATES:
        if count := counts.get(state, 0):
            share = 100 * count / total
            segments.append(Segment(state, count, max(share - GAP, GAP), start))
            start += share
    return Ring(title, total, tuple(segments))
