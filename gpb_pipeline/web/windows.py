"""What the desk's windows list, made of a course's outlook: assignments to choose, and what was chosen.

Pure. What a preview shows is previewed.py's; how it looks is the templates'.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gpb_pipeline.outlook import Offer, Outlook
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code, Issue


@dataclass(frozen=True, kw_only=True)
class KeptBack:
    """Why an assignment cannot go: in `sections`, by name; wherever it was asked for if there are none."""

    issue: Issue
    sections: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AssignmentChoice:
    """An assignment to choose; `shown` as asked for, `selectable` if it can go in some section of those.

    `chosen` holds for the other sections too: what one of them alone can send is not deselected by a filter.
    """

    assignment_id: str
    name: str
    dues: tuple[datetime, ...]
    last_sync: datetime | None
    selectable: bool
    shown: bool
    chosen: bool
    why: tuple[KeptBack, ...]

    @property
    def selected(self) -> bool:
        return self.chosen and self.selectable


@dataclass(frozen=True, kw_only=True)
class Picked:
    """What an address or a form chose; None is all. `view` is a section to look at, and chooses nothing."""

    sections: frozenset[str] | None
    assignments: frozenset[str] | None
    view: str | None = None
    sort: str = "name"


def lines(found: Outlook, choice: Picked) -> list[AssignmentChoice]:
    """List the course's assignments, each once, in the order asked for."""
    by_id: dict[str, list[Offer]] = {}
    for offer in found.offers:
        by_id.setdefault(offer.assignment_id, []).append(offer)
    made = sorted((_line(found, offers, choice) for offers in by_id.values()), key=_by_name)
    column, descending = choice.sort.removeprefix("-"), choice.sort.startswith("-")
    key = _KEYS[column]
    with_it = [each for each in made if key(each) is not None]
    without = [each for each in made if key(each) is None]
    return [*sorted(with_it, key=key, reverse=descending), *without]


def selection(found: Outlook, choice: Picked) -> dict[str, list[str]]:
    """Name what a sync is to send: what comes to the course or is mended after the list is not among it."""
    chosen = [each.assignment_id for each in lines(found, choice) if each.shown and each.selected]
    sections = found.sections.keys() if choice.sections is None else choice.sections
    return {"sections": sorted(sections), "assignments": sorted(chosen)}


def looked_at(found: Outlook, choice: Picked) -> dict[str, list[str]]:
    """Name what a preview is to look at: what is chosen and cannot go too, or all is, for it says why."""
    named, every = selection(found, choice), all_assignments(found, choice)
    in_canvas = {each.assignment_id for each in found.offers if each.code != Code.ASSIGNMENT_ORPHAN}
    offered = [each.assignment_id for each in lines(found, choice) if each.shown and (every or each.chosen)]
    return named | {"assignments": sorted(in_canvas.intersection(offered))}


def all_assignments(found: Outlook, choice: Picked) -> bool:
    """Whether every assignment that can be selected is."""
    return all(each.chosen for each in lines(found, choice) if each.shown and each.selectable)


def written(found: Outlook, choice: Picked) -> dict[str, str]:
    """Write a choice as an address has it, however long the list: a bit for each place on it.

    Of the whole list, also for who sees a part: whoever opens the address chooses the same. Its gaps tell
    how many others there are; Canvas, which cuts no teacher's list of assignments, tells their names.
    """
    fields = {"assignments": _bits(_assignments(found), choice.assignments)}
    return (
        fields if choice.sections is None else fields | {"sections": _bits(_sections(found), choice.sections)}
    )


def is_choice(given: str) -> bool:
    """Whether an address has what `written` writes, or nothing."""
    return set(given) <= set("0123456789abcdef")


def read(found: Outlook, assignments: str, sections: str) -> Picked:
    """Read what `written` wrote of the same list; what is not there chooses all."""
    return Picked(
        assignments=_named(_assignments(found), assignments) if assignments else None,
        sections=_named(_sections(found), sections) if sections else None,
    )


def _assignments(found: Outlook) -> list[str]:
    return sorted({each.assignment_id for each in found.offers})


def _sections(found: Outlook) -> list[str]:
    return sorted(found.sections)


def _bits(places: Sequence[str], chosen: Collection[str] | None) -> str:
    return f"{sum(1 << place for place, each in enumerate(places) if chosen is None or each in chosen):x}"


def _named(places: Sequence[str], bits: str) -> frozenset[str]:
    number = int(bits, 16)
    return frozenset(each for place, each in enumerate(places) if number >> place & 1)


def _line(found: Outlook, offers: Sequence[Offer], choice: Picked) -> AssignmentChoice:
    first = offers[0]
    chosen = [each for each in offers if choice.sections is None or each.section_id in choice.sections]
    shown = [each for each in chosen if choice.view is None or each.section_id == choice.view]
    selectable = any(each.selectable for each in chosen or offers)
    going = [each for each in shown if each.selectable] or shown
    synced = [datetime.fromisoformat(each.last_sync) for each in shown if each.last_sync]
    wanted = choice.assignments is None or first.assignment_id in choice.assignments
    return AssignmentChoice(
        assignment_id=first.assignment_id,
        name=first.assignment_name,
        dues=tuple(sorted({datetime.fromisoformat(each.due_at) for each in going if each.due_at})),
        last_sync=max(synced, default=None),
        selectable=selectable,
        shown=bool(shown),
        chosen=wanted and any(each.selectable for each in offers),
        why=_why(found, chosen or offers, in_some=selectable),
    )


def _why(found: Outlook, offers: Sequence[Offer], *, in_some: bool) -> tuple[KeptBack, ...]:
    """Say what keeps it back; by section where it goes in others."""
    sections: dict[str, list[str]] = {}
    for each in offers:
        if each.code and not each.selectable:
            sections.setdefault(each.code, []).append(found.sections.get(each.section_id, each.section_id))
    return tuple(
        KeptBack(issue=CATALOGUE[Code(code)], sections=tuple(names) if in_some else ())
        for code, names in sections.items()
    )


def _by_name(line: AssignmentChoice) -> tuple[str, str]:
    return line.name.casefold(), line.assignment_id


_KEYS: Mapping[str, Callable[[AssignmentChoice], Any]] = {
    "name": _by_name,
    "due": lambda line: line.dues[0] if line.dues else None,
    "last": lambda line: line.last_sync,
}
"""What it is sorted by; what has none of it comes last, whichever way."""
SORTS = (*_KEYS, *(f"-{column}" for column in _KEYS))
"""What an address may sort by; with a minus it descends."""
