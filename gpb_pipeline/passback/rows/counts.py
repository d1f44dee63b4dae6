"""The counts that a job is remembered by (docs/decisions.md §8.11), taken from its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:  # a history is read where there is no frame, and pandas takes longer to import than that
    import pandas as pd

    from gpb_pipeline.passback.rows.frames import Rows

_ACCEPTED = ["created", "updated"]


@dataclass(frozen=True, kw_only=True)
class WriteCounts:
    """Writes tried (`sent`) and writes that the SIS accepted (`created`, the manual's word)."""

    sent: int
    created: int

    @classmethod
    def of(cls, states: pd.Series[str]) -> Self:
        created = int(states.isin(_ACCEPTED).sum())
        return cls(sent=created + int((states == "failed").sum()), created=created)

    def summary(self) -> dict[str, int | float | None]:
        percent = round(100 * self.created / self.sent, 1) if self.sent else None
        return {"sent": self.sent, "created": self.created, "percent": percent}


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """Counts of what was read, before any rule (docs/decisions.md §8.11)."""

    sections: int
    assignments: int
    grades: int


def kept(assignments: pd.DataFrame, grades: pd.DataFrame) -> Extracted:
    """Count what the rules kept: the rows, planned or final, that are not skipped."""
    sent, scores = (rows[rows["state"] != "skipped"] for rows in (assignments, grades))
    return Extracted(
        sections=int(sent["section_id"].nunique()),
        assignments=int(sent["assignment_id"].nunique()),
        grades=len(scores.drop_duplicates(["assignment_id", "user_id"])),
    )


@dataclass(frozen=True, kw_only=True)
class Counts:
    """`filtered` counts what the rules kept, `extracted` what was read; withdrawn results count apart."""

    assignments: int
    line_items: WriteCounts
    results: WriteCounts
    withdrawn: int
    filtered: Extracted
    extracted: Extracted

    @classmethod
    def none(cls) -> Self:
        """Count nothing: a job that failed before it had an outcome."""
        nothing = Extracted(sections=0, assignments=0, grades=0)
        unwritten = WriteCounts(sent=0, created=0)
        return cls(
            assignments=0,
            line_items=unwritten,
            results=unwritten,
            withdrawn=0,
            filtered=nothing,
            extracted=nothing,
        )

    @classmethod
    def of(cls, outcome: Rows) -> Self:
        filtered = kept(outcome.assignments, outcome.grades)
        return cls(
            assignments=filtered.assignments,
            line_items=WriteCounts.of(outcome.assignments["state"]),
            results=WriteCounts.of(outcome.grades["state"]),
            withdrawn=int((outcome.grades["state"] == "withdrawn").sum()),
            filtered=filtered,
            extracted=outcome.extracted,
        )
