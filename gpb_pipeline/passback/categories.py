"""Which SIS category a section's assignment group goes to: a mapping that people chose, else the exact name.

Never a guess: a near match is only offered in the message (design.md §6, Category).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from gpb_pipeline.passback.issues import Code


@dataclass(frozen=True, kw_only=True)
class Category:
    """An active category of the SIS; `class_id` is None for one that every class may use."""

    category_id: str
    title: str
    class_id: str | None


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
    usable = [each for each in active if each.class_id in {class_id, None}]
    if chosen is not None:
        if chosen.category_id is None:
            return Code.CATEGORY_UNASSOCIATED
        found = [each for each in usable if each.category_id == chosen.category_id]
        return found[0] if found else Code.CATEGORY_GONE
    named = [each for each in usable if each.title == group_name]
    best = [each for each in named if each.class_id is not None] or named
    if len(best) > 1:
        return Code.CATEGORY_AMBIGUOUS
    return best[0] if best else Code.CATEGORY_NOT_FOUND


def near_matches(group_name: str, class_id: str, active: Sequence[Category]) -> list[str]:
    """Offer up to three titles that the group's name may have meant, the nearest first."""
    by_folded = {
        each.title.strip().casefold(): each.title for each in active if each.class_id in {class_id, None}
    }
    return [by_folded[each] for each in get_close_matches(group_name.strip().casefold(), list(by_folded))]
