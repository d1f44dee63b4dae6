"""Which courses people chose to sync nightly: append-only, with who chose and when; the latest holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gpb_pipeline.warehouse import plain_rows
from gpb_pipeline.warehouse.ducklake import Connection

_LATEST_NIGHTLY = """
SELECT course_id, enabled, chosen_by, chosen_at FROM warehouse.main.nightly_choices
QUALIFY row_number() OVER (PARTITION BY course_id ORDER BY chosen_at DESC) = 1
ORDER BY course_id
"""


@dataclass(frozen=True)
class NightlyChoice:
    """Whether a course syncs nightly, who chose so, and when (UTC)."""

    course_id: str
    enabled: bool
    chosen_by: str
    chosen_at: datetime


def choose_nightly(
    session: Connection, course_ids: Sequence[str], *, enabled: bool, by: str, at: datetime
) -> None:
    """Switch the nightly sync of these courses on or off."""
    chosen = {"enabled": enabled, "chosen_by": by, "chosen_at": at}
    plain_rows.append(session, "nightly_choices", [{"course_id": each} | chosen for each in course_ids])


def nightly(session: Connection) -> list[NightlyChoice]:
    """Read the choice that holds for each course that ever had one, by course id."""
    return [NightlyChoice(*row) for row in session.execute(_LATEST_NIGHTLY).fetchall()]


@dataclass(frozen=True, kw_only=True)
class NightlyCourses:
    """Which courses sync nightly: by the choice that holds for each, else by the institution's default."""

    on: frozenset[str]
    off: frozenset[str]
    default: bool

    def __contains__(self, course_id: str) -> bool:
        return course_id in self.on or self.by_default(course_id)

    def by_default(self, course_id: str) -> bool:
        """Whether a course syncs nightly although nobody has switched it."""
        return self.default and course_id not in self.on and course_id not in self.off


def nightly_courses(session: Connection, *, default: bool) -> NightlyCourses:
    """Read which courses are switched on and off; `default` is the institution's (GPB_NIGHTLY_DEFAULT)."""
    chosen = session.execute(f"SELECT course_id, enabled FROM ({_LATEST_NIGHTLY})").fetchall()  # noqa: S608
    return NightlyCourses(
        on=frozenset(course_id for course_id, enabled in chosen if enabled),
        off=frozenset(course_id for course_id, enabled in chosen if not enabled),
        default=default,
    )
