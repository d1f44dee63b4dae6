"""Which SIS category a section's assignment group goes to: a mapping that people chose, else the exact name.

Never a guess: a near match is only offered in the message (docs/decisions.md §6, Category).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from gpb_pipeline.passback.rules.issues import Code

T = TypeVar("T")
NEAR = 3  # offers in a message


@dataclass(frozen=True, kw_only=True)
class Category:
    """An active category of the SIS; `class_id` is None for one that every class may use."""

    category_id: str
    title: str
    class_id: str | None

    def __str__(self) -> str:
        return f"{self.title} ({self.category_id})"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What people chose for a section and group; None: Unassociated."""

    category_id: str | None


def category_for(
    group_name: str, class_id: str, active: Sequence[Category], chosen: Chosen | None
) -> Category | Code:
    """Find the category: by the choice, else by exact name, one of the class's own before a global one.

    Without one, the code of the cause.
    """
    offered = usable(class_id, active)
    if chosen is not None:
        if chosen.category_id is None:
            return Code.CATEGORY_UNASSOCIATED
        found = [each for each in offered if each.category_id == chosen.category_id]
        return found[0] if found else Code.CATEGORY_GONE
    named = [each for each in offered if each.title == group_name]
    best = [each for each in named if each.class_id is not None] or named
    if len(best) > 1:
        return Code.CATEGORY_AMBIGUOUS
    return best[0] if best else Code.CATEGORY_NOT_FOUND


def usable(class_id: str | None, active: Sequence[Category]) -> list[Category]:
    """Keep what the class may use: its own and the global ones; of an unknown class, the global ones."""
    return [each for each in active if each.class_id in {class_id, None}]


def told_apart(offered: Iterable[Category]) -> dict[str, str]:
    """Say of each category with another's title what tells the two apart: whose it is, else its id too."""
    by_title: dict[str, list[Category]] = defaultdict(list)
    for each in offered:
        by_title[each.title].append(each)
    apart = {}
    for alike in by_title.values():
        owners = Counter(each.class_id for each in alike)
        for each in alike if len(alike) > 1 else ():
            whose = "of every class" if each.class_id is None else "of this class alone"
            apart[each.category_id] = whose if owners[each.class_id] == 1 else f"{whose}, {each.category_id}"
    return apart


def near_matches(group_name: str, class_id: str, active: Sequence[Category]) -> list[str]:
    """Offer up to three titles that the group's name may have meant, the nearest first."""
    return nearest(group_name, ((each.title, each.title) for each in usable(class_id, active)))


def near_categories(asked: str, class_id: str | None, active: Sequence[Category]) -> list[Category]:
    """Offer up to three categories whose id or title `asked` may have meant, the nearest first."""
    offered = usable(class_id, active)
    return nearest(asked, ((name, each) for each in offered for name in (each.category_id, each.title)))


def nearest(asked: str, named: Iterable[tuple[str, T]]) -> list[T]:
    """Choose up to three values by how near their names are to `asked`, spaces and case aside."""
    by_folded: dict[str, list[T]] = defaultdict(list)
    for name, value in named:
        by_folded[name.strip().casefold()].append(value)
    close = get_close_matches(asked.strip().casefold(), list(by_folded), n=NEAR)
    return list(dict.fromkeys(value for name in close for value in by_folded[name]))[:NEAR]
