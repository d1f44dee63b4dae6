"""An assignment's name as the SIS will have it, and how often a section has it (design.md §8.6).

Length is counted in characters. Names are compared after trimming; shortened ones as they are sent.
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


@dataclass(frozen=True)
class Census:
    """How many assignments of a section have each name."""

    exact: Mapping[str, int]
    folded: Mapping[str, int]

    @classmethod
    def of(cls, titles: Iterable[str]) -> Self:
        exact = Counter(titles)
        folded: Counter[str] = Counter()
        for title, count in exact.items():
            folded[title.casefold()] += count
        return cls(exact, folded)

    def twins(self, title: str) -> int:
        return self.exact.get(title, 0)

    def folded_twins(self, title: str) -> int:
        return self.folded.get(title.casefold(), 0)
