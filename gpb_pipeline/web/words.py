"""How a cause is told to who looks: to who runs the pipeline with its command, to who teaches without any.

The words themselves are the catalogue's (passback/rules/issues.py, stops.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from gpb_pipeline.passback.rules.issues import known_as
from gpb_pipeline.web.site import viewer


class Told(Protocol):
    """What is said of a cause, whichever table it stands in."""

    @property
    def remedy(self) -> str: ...

    @property
    def to_instructor(self) -> str: ...

    @property
    def who(self) -> str: ...


@dataclass(frozen=True)
class Words:
    """`teaches`: whoever looks came from Canvas, and has no command line."""

    teaches: bool

    def remedy(self, cause: Told) -> str:
        return cause.to_instructor if self.teaches else cause.remedy

    def who(self, cause: Told) -> str:
        return self.named(cause.who)

    def named(self, who: str) -> str:
        """Name who can act, as whoever looks knows them."""
        known = known_as(who) if self.teaches else who
        return known[:1].upper() + known[1:]


def words(request: Request) -> Words:
    """Choose the words for who looks."""
    return Words(teaches=viewer(request).session is not None)
