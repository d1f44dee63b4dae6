"""When an assignment is due for a section, and how that is said on the wire.

Canvas's precedence: docs/canvas.md §2; Everyone Else: docs/decisions.md §8.14; the wire: §8.8. Individual
students' dates move no section's date. Which assignments may go is not judged here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo


class Assigned(StrEnum):
    """How an assignment comes to a section."""

    BY_NAME = "by name"  # an override names the section
    EVERYONE = "everyone"  # the base, or an override of the whole course
    STUDENTS_ONLY = "students only"  # nobody but single students or groups
    NOT = "not"


@dataclass(frozen=True, kw_only=True)
class SectionOverride:
    """An override of one section, or of the whole course; `due_at` counts only where `due_at_overridden`."""

    section_id: str | None  # None: the course
    due_at_overridden: bool
    due_at: datetime | None
    unassign_item: bool = False


@dataclass(frozen=True, kw_only=True)
class Dates:
    """An assignment's base and what overrides it; times are UTC."""

    due_at: datetime | None
    only_visible_to_overrides: bool
    overrides: Sequence[SectionOverride] = ()
    student_overrides: bool = False

    @cached_property
    def by_section(self) -> Mapping[str | None, Sequence[SectionOverride]]:
        """The overrides of each section, and of the whole course under None."""
        found: dict[str | None, list[SectionOverride]] = defaultdict(list)
        for each in self.overrides:
            found[each.section_id].append(each)
        return dict(found)

    @cached_property
    def names_sections(self) -> bool:
        """Whether some section has a due date of its own, which leaves the others to Everyone Else."""
        return any(
            each.section_id is not None and each.due_at_overridden and each.due_at is not None
            for each in self.overrides
        )


@dataclass(frozen=True, kw_only=True)
class SectionDate:
    """What holds for one section."""

    assigned: Assigned
    due_at: datetime | None = None


def section_date(dates: Dates, section_id: str) -> SectionDate:
    """Find a section's date: an override's own beats an inherited, none beats any, the latest the rest."""
    own = dates.by_section.get(section_id, ())
    applying = [*own, *dates.by_section.get(None, ())]
    if not applying:
        return _without_override(dates)
    winner = min(applying, key=_precedence)
    if winner.unassign_item:
        return SectionDate(assigned=Assigned.NOT)
    return SectionDate(
        assigned=Assigned.BY_NAME if own else Assigned.EVERYONE,
        due_at=winner.due_at if winner.due_at_overridden else dates.due_at,
    )


def due_on_wire(due_at: datetime, zone: ZoneInfo, style: Literal["day", "instant"]) -> datetime:
    """Say a due date so that its local day survives: noon UTC of that day, or the instant itself. UTC."""
    if style == "instant":
        return due_at.astimezone(UTC)
    return datetime.combine(due_at.astimezone(zone).date(), time(12), UTC)


def _without_override(dates: Dates) -> SectionDate:
    if not dates.only_visible_to_overrides:
        return SectionDate(assigned=Assigned.EVERYONE, due_at=dates.due_at)
    return SectionDate(assigned=Assigned.STUDENTS_ONLY if dates.student_overrides else Assigned.NOT)


def _precedence(override: SectionOverride) -> tuple[bool, float]:
    """Order as Canvas's SQL does: due_at_overridden DESC, due_at DESC NULLS FIRST."""
    latest = float("-inf") if override.due_at is None else -override.due_at.timestamp()
    return (not override.due_at_overridden, latest)
