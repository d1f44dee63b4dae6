"""What the desk's windows list, made of a course's outlook: assignments to choose, and what was chosen.

Pure. What a preview shows is previewed.py's; how it looks is the templates'.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gpb_pipeline.outlook import Offer, Outlook
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code, Issue


@dataclass(frozen=True, kw_only=True)
class AssignmentChoice:
    """An assignment to choose; `shown` and `chosen` as asked for, `why` what keeps it back everywhere."""

    assignment_id: str
    name: str
    dues: tuple[datetime, ...]
    last_sync: datetime | None
    selectable: bool
    shown: bool
    chosen: bool
    why: tuple[Issue, ...]


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
    made = [_line(offers, choice) for offers in by_id.values()]
    column, descending = choice.sort.removeprefix("-"), choice.sort.startswith("-")
    return sorted(made, key=_KEYS.get(column, _KEYS["name"]), reverse=descending)


def selection(found: Outlook, choice: Picked, *, whole: bool) -> dict[str, list[str]]:
    """Say what a sync is to be told: an empty list is all, so that it stays all.

    Who does not see the `whole` course names their sections always.
    """
    offered = [each for each in lines(found, choice) if each.shown and each.selectable]
    chosen = [each.assignment_id for each in offered if each.chosen]
    sections = found.sections.keys() if choice.sections is None else choice.sections
    return {
        "sections": [] if whole and sections >= found.sections.keys() else sorted(sections),
        "assignments": [] if len(chosen) == len(offered) else sorted(chosen),
    }


def by_name(found: Outlook, choice: Picked) -> dict[str, list[str]]:
    """Name what a preview is to look at, so that what comes to the course after it is not among it.

    Where all is chosen, what cannot go is looked at too: it says why.
    """
    offered = [each for each in lines(found, choice) if each.shown]
    chosen = [each.assignment_id for each in offered if each.chosen]
    if all(each.chosen for each in offered if each.selectable):
        in_canvas = {each.assignment_id for each in found.offers if each.code != Code.ASSIGNMENT_ORPHAN}
        chosen = [each.assignment_id for each in offered if each.assignment_id in in_canvas]
    sections = found.sections.keys() if choice.sections is None else choice.sections
    return {"sections": sorted(sections), "assignments": sorted(chosen)}


def chosen_any(found: Outlook, choice: Picked) -> bool:
    """Whether anything is left to send."""
    return any(each.shown and each.selectable and each.chosen for each in lines(found, choice))


def _line(offers: Sequence[Offer], choice: Picked) -> AssignmentChoice:
    first = offers[0]
    chosen = [each for each in offers if choice.sections is None or each.section_id in choice.sections]
    shown = [each for each in chosen if choice.view is None or each.section_id == choice.view]
    selectable = any(each.selectable for each in chosen or offers)
    codes: Collection[str] = dict.fromkeys(each.code for each in chosen or offers if each.code)
    synced = [datetime.fromisoformat(each.last_sync) for each in shown if each.last_sync]
    return AssignmentChoice(
        assignment_id=first.assignment_id,
        name=first.assignment_name,
        dues=tuple(sorted({datetime.fromisoformat(each.due_at) for each in shown if each.due_at})),
        last_sync=max(synced, default=None),
        selectable=selectable,
        shown=bool(shown),
        chosen=selectable and (choice.assignments is None or first.assignment_id in choice.assignments),
        why=() if selectable else tuple(CATALOGUE[Code(code)] for code in codes),
    )


_FAR = float("inf")
_KEYS: Mapping[str, Callable[[AssignmentChoice], tuple[float | str, str]]] = {
    "name": lambda line: (line.name.casefold(), line.assignment_id),
    "due": lambda line: (line.dues[0].timestamp() if line.dues else _FAR, line.name.casefold()),
    "last": lambda line: (line.last_sync.timestamp() if line.last_sync else _FAR, line.name.casefold()),
}
SORTS = (*_KEYS, *(f"-{column}" for column in _KEYS))
"""What an address may sort by; with a minus it descends."""
