"""How a SIS is (its nature, one for all nights) and how it is tonight (its temper), each drawn by a seed.

The dice of a night are keyed by what they decide and not by the order in which it is asked, so that the order
of writes changes nothing else.
"""

from dataclasses import dataclass
from hashlib import blake2b
from random import Random


def chance(*what: object) -> float:
    """Draw a number of [0, 1) that these words alone decide."""
    return int.from_bytes(blake2b(repr(what).encode(), digest_size=7).digest()) / 2**56


@dataclass(frozen=True, kw_only=True)
class Nature:
    """What a SIS does to all that it takes, and how it can be asked."""

    chooses_ids: bool = False
    serves_by_id: bool = True
    decimals: int | None = None
    cuts_dates: str | None = None  # to the day of this zone
    respells: bool = False
    squeezes: bool = False
    drops_descriptions: bool = False
    marks_deleted: bool = False
    lists_nothing: bool = False
    deaf: bool = False  # answers an update with success, and keeps the old

    @classmethod
    def drawn(cls, rng: Random) -> "Nature":
        return cls(
            chooses_ids=rng.random() < 0.4,
            serves_by_id=rng.random() < 0.7,
            decimals=rng.choice([None, None, None, 2, 1, 0]),
            cuts_dates=rng.choice([None, None, "UTC", "America/New_York"]),
            respells=rng.random() < 0.2,
            squeezes=rng.random() < 0.2,
            drops_descriptions=rng.random() < 0.3,
            marks_deleted=rng.random() < 0.3,
            lists_nothing=rng.random() < 0.04,
            deaf=rng.random() < 0.04,
        )


@dataclass(frozen=True, kw_only=True)
class Temper:
    """One night's dice; `trouble` 0 is a night on which all goes well."""

    seed: str = ""
    trouble: float = 0.0
    blind: bool = False  # lists cannot be read any more
    blind_later: bool = False  # once writing has begun
    storm: bool = False  # three silences in a row end all writing
    dead: frozenset[int] = frozenset()  # the cases whose sync dies
    over: bool = False  # they have
    spoils_none: bool = False

    def is_late(self, class_id: str) -> bool:
        """Whether the class's lists show what stood there when the night began."""
        return self._dice("late", class_id) < 0.15 * self.trouble

    def is_empty(self, class_id: str) -> bool:
        return self._dice("empty", class_id) < 0.04 * self.trouble

    def fails_reading(self, class_id: str) -> bool:
        return self.blind

    def spoils(self, sourced_id: str) -> bool:
        """Whether this row of a list cannot be read tonight."""
        return not self.spoils_none and self._dice("spoilt", sourced_id) < 0.02 * self.trouble

    def fate(self, case: int, key: str, attempt: int, nth: int) -> str:
        """Say what becomes of a write; one of a dead sync is never even sent."""
        if case in self.dead and (self.over or nth > 4 * self._dice("dies", case)):
            return "busy" if self.over or nth > 4 * self._dice("dies", case) + 1 else "answer lost"
        drawn = self._dice("write", key, attempt)
        for fate in ("refused", "swallowed", "answer lost", "lost", "busy"):
            drawn -= 0.03 * self.trouble
            if drawn < 0:
                return fate
        return "kept"

    def _dice(self, *what: object) -> float:
        return chance(self.seed, *what)
