"""An assignment's name as the SIS will have it, and how often a section has it (docs/decisions.md §8.6).

Length is counted in characters. Names are compared after trimming, and as they are sent where shortened.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from gpb_pipeline.passback.course import Policy

_TAIL = 5  # an ellipsis and four digits, told apart by the assignment's id


def title_of(name: str, assignment_id: str, policy: Policy) -> str:
    """Trim the name and, where the district shortens, cut it to the same length for the same assignment."""
    trimmed = name.strip()
    if policy.long_names == "skip" or len(trimmed) <= policy.title_max:
        return trimmed
    digits = hashlib.sha256(assignment_id.encode()).hexdigest()[: _TAIL - 1]
    return (trimmed[: max(policy.title_max - _TAIL, 0)].rstrip() + "…" + digits)[-policy.title_max :]


def spellings_of(name: str, title: str) -> frozenset[str]:
    """Collect what a name is known by: to Canvas, and to the SIS where it was shortened."""
    return frozenset({name.strip(), title})


@dataclass(frozen=True)
class Census:
    """How many assignments of a section have each name, by any of its spellings."""

    exact: Mapping[str, int]
    folded: Mapping[str, int]

    @classmethod
    def of(cls, names: Iterable[frozenset[str]]) -> Self:
        every = list(names)
        exact = Counter(each for spellings in every for each in spellings)
        folded = Counter(each for spellings in every for each in _folded(spellings))
        return cls(exact, folded)

    def twins(self, spellings: frozenset[str]) -> int:
        return max(self.exact.get(each, 0) for each in spellings)

    def folded_twins(self, spellings: frozenset[str]) -> int:
        return max(self.folded.get(each, 0) for each in _folded(spellings))


def _folded(spellings: frozenset[str]) -> set[str]:
    return {each.casefold() for each in spellings}
