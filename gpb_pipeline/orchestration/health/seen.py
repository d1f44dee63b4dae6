"""What is seen of the pipeline at one moment, as figures. Neither a course nor a student stands in it.

Where the figures come from, looking.py says; what of them is trouble, signs.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Store = Literal["dagster", "warehouse"]
Tick = Literal["launched", "skipped", "failed", "under way"]


@dataclass(frozen=True, kw_only=True)
class Unreachable:
    """A store that could not be read, in words without its address."""

    what: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A schedule; `due_at`: the newest time by its cron that the daemon has not gone past, None without one.

    `tick` is what became of its newest tick, at `ticked_at`.
    """

    name: str
    on: bool
    due_at: datetime | None
    ticked_at: datetime | None
    tick: Tick | None


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Dagster's runs that wait, and those under way; `oldest` has waited since then.

    `still_since`: since when nothing was begun or ended although a run that waits could begin.
    """

    queued: int
    under_way: int
    oldest: datetime | None
    still_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class DagsterFigures:
    """What Dagster's store shows. `heartbeats`: of each part of the daemon that there must be, the newest.

    `unknown`: the schedules and sensors of which a daemon that lives has said nothing, and since when that is
    seen. `sensors_failing`: since when each tick of these has failed. `nightly`: whether a run of the night
    waits or is under way.
    """

    heartbeats: Mapping[str, datetime | None]
    schedules: tuple[Schedule, ...]
    unknown: Mapping[str, datetime]
    sensors_off: tuple[str, ...]
    sensors_failing: Mapping[str, datetime]
    queue: Queue
    nightly: bool

    def schedule(self, name: str) -> Schedule | None:
        return next((each for each in self.schedules if each.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Tonight:
    """The newest night that began; all are counts of courses that were due, but the last four.

    `tried`: a sync of it began; `left`: for the next night, as this one had no time for them. `a_minute`: how
    many ended, lately. `slower`: what lately took so many times as long as it did at the most in the nights
    before, None without enough to tell. `ends_at`: when what is due will have ended, where any of it runs.
    """

    began: datetime
    until: datetime | None
    due: int
    tried: int
    synced: int
    left: int
    a_minute: float
    slower: float | None
    ends_at: datetime | None

    @property
    def not_synced(self) -> int:
        """How many were due, not left for the next night, and have no sync that came to its end."""
        return max(0, self.due - self.synced - self.left)


@dataclass(frozen=True, kw_only=True)
class Lag:
    """How long after Canvas had them changes were in the SIS: half of them sooner, 19 of 20 sooner."""

    half: timedelta
    most: timedelta


@dataclass(frozen=True, kw_only=True)
class WarehouseFigures:
    """What the warehouse shows; `lag` is of what was sent in the last day, `not_read_back` counts courses."""

    tonight: Tonight
    newest_commit: datetime
    unmerged_files: int
    lag: Lag | None
    not_read_back: int


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All that is seen at one moment, times in UTC; `zone` is for people.

    `free`: the bytes free where each store is, as far as that is a disk of this machine.
    """

    at: datetime
    zone: ZoneInfo
    dagster: DagsterFigures | Unreachable
    warehouse: WarehouseFigures | Unreachable
    free: Mapping[str, int]
