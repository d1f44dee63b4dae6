"""What of all that is seen is trouble, and what to do: one sign a thing, well or not. Pure.

Each threshold stands here once, and in the table of docs/operating.md; none is a setting. A sign of a store
that cannot be read is left out: that it cannot be is one by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gpb_pipeline.orchestration.health.remedies import REMEDIES, SignName
from gpb_pipeline.orchestration.health.seen import (
    DagsterFigures,
    Lag,
    Queue,
    Schedule,
    Seen,
    Store,
    Tonight,
    Unreachable,
    WarehouseFigures,
)
from gpb_pipeline.orchestration.nights import spelt

SILENCE = timedelta(minutes=10)
"""Without a heartbeat, a schedule's tick, a move of the queue, or a begin of the night: they take seconds."""
FAILING = timedelta(minutes=30)
"""So long each tick of a sensor has failed: a server that is away for a moment fails one or two."""
FAILED_TICK = timedelta(hours=2)
"""So long a failed tick is told: by then the night's retry has made up for it, or the night tells."""
NIGHT_IS_OVER = timedelta(hours=3)
"""After its begin and its retry, where nothing of it waits or runs: what is not synced then stays so."""
NOT_SYNCED = 0.10  # of the due courses, and two; what single ones failed for is in the night's digest
SLOWER = 2.5  # than ever in a week, which is several times as long as usual
LATE = timedelta(days=2)  # of half the changes: a district that is larger than a night takes two
NO_COMMIT = timedelta(hours=26)  # from one night's first to the next one's, on a day of 25 hours too
UNMERGED = 10_000  # files: a night of 5,000 courses leaves half as many, until it is tidied
GIB = 1 << 30
FREE = GIB

Judged = tuple[bool, str]


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One thing that was looked at; `remedy` says what to do where it is not well."""

    name: SignName
    well: bool
    told: str
    remedy: str


def signs(seen: Seen) -> list[Sign]:
    """Judge all that is seen, the gravest first."""
    stores: dict[Store, DagsterFigures | WarehouseFigures | Unreachable] = {
        "dagster": seen.dagster,
        "warehouse": seen.warehouse,
    }
    of_stores = [
        Sign(name=name, well=False, told=found.what, remedy=found.remedy)
        if isinstance(found, Unreachable)
        else Sign(name=name, well=True, told="answers", remedy="")
        for name, found in stores.items()
    ]
    judged = [
        Sign(name=name, well=well, told=told, remedy=REMEDIES[name]) for name, (well, told) in _judged(seen)
    ]
    return of_stores + judged


def _judged(seen: Seen) -> Iterator[tuple[SignName, Judged]]:
    dagster, warehouse, now = seen.dagster, seen.warehouse, seen.at
    yield "disk", _disk(seen.free)
    if isinstance(dagster, DagsterFigures):
        yield "daemon", _daemon(dagster.heartbeats, now)
        yield "schedules", _schedules(dagster, now)
        yield "sensors", _sensors(dagster, now)
        yield "queue", _queue(dagster.queue, now)
    if isinstance(dagster, DagsterFigures) and isinstance(warehouse, WarehouseFigures):
        yield "night", _night(dagster, warehouse.tonight, now)
        yield "commits", _commits(dagster, warehouse.newest_commit, now, seen.zone)
    if isinstance(warehouse, WarehouseFigures):
        yield "pace", _pace(warehouse.tonight, seen.zone)
        yield "lag", _lag(warehouse.lag)
        yield "files", _files(warehouse.unmerged_files)
        yield "reading_back", _reading_back(warehouse.not_read_back)


def missed_much(tonight: Tonight) -> bool:
    """Say whether a night that is over left more unsynced than single courses' own troubles explain."""
    missed = tonight.not_synced
    return missed > 0 and (missed == tonight.due or missed > max(1, NOT_SYNCED * tonight.due))


def _disk(free: Mapping[str, int]) -> Judged:
    told = ", ".join(f"{size / GIB:.1f} GiB of {place}" for place, size in free.items())
    return all(size >= FREE for size in free.values()), f"free: {told}" if told else "none is this machine's"


def _daemon(heartbeats: Mapping[str, datetime | None], now: datetime) -> Judged:
    silent = sorted(part for part, at in heartbeats.items() if at is None or now - at > SILENCE)
    if not silent:
        return True, f"each of its {len(heartbeats)} parts has a heartbeat"
    newest = max((at for part in silent if (at := heartbeats[part]) is not None), default=None)
    last = "there never was one" if newest is None else f"the newest is {spelt(now - newest)} old"
    return False, f"no heartbeat of {', '.join(silent)}: {last}"


def _schedules(dagster: DagsterFigures, now: datetime) -> Judged:
    troubles = [trouble for each in dagster.schedules if (trouble := _of_schedule(each, now))]
    troubles += _unknown(dagster, now, schedules=True)
    return not troubles, "; ".join(troubles) or "each is on, and ticks when it is due"


def _of_schedule(each: Schedule, now: datetime) -> str | None:
    if not each.on:
        return f"{each.name} is switched off"
    if (
        each.due_at is not None
        and (each.ticked_at is None or each.ticked_at < each.due_at)
        and now - each.due_at > SILENCE
    ):
        return f"{each.name} was due {spelt(now - each.due_at)} ago and did not tick"
    if each.ticked_at is None:
        return None
    if each.tick == "failed" and now - each.ticked_at < FAILED_TICK:
        return f"{each.name} failed at its last tick"
    if each.tick == "under way" and now - each.ticked_at > SILENCE:
        return f"{each.name} hangs in its last tick"
    return None


def _sensors(dagster: DagsterFigures, now: datetime) -> Judged:
    troubles = [f"switched off: {', '.join(dagster.sensors_off)}"] if dagster.sensors_off else []
    troubles += _unknown(dagster, now, schedules=False)
    troubles += [
        f"each tick of {name} has failed for {spelt(now - since)}"
        for name, since in dagster.sensors_failing.items()
        if now - since > FAILING
    ]
    return not troubles, "; ".join(troubles) or "each is on, and ticks"


def _unknown(dagster: DagsterFigures, now: datetime, *, schedules: bool) -> list[str]:
    named = {each.name for each in dagster.schedules}
    found = (name for name, since in dagster.unknown.items() if now - since > SILENCE)
    return [f"{name} is not known to the daemon" for name in sorted(found) if (name in named) == schedules]


def _queue(queue: Queue, now: datetime) -> Judged:
    told = f"{queue.queued} runs wait, {queue.under_way} are under way"
    if queue.still_since is None or now - queue.still_since <= SILENCE:
        return True, told
    return False, f"{told}; one could begin, and none has for {spelt(now - queue.still_since)}"


def _night(dagster: DagsterFigures, tonight: Tonight, now: datetime) -> Judged:
    """Judge it where it was asked for: a schedule that skipped says itself why."""
    nightly = dagster.schedule("nightly")
    if nightly is None or nightly.ticked_at is None or nightly.ticked_at < tonight.began:
        return True, "none has begun"
    if nightly.tick == "skipped" or not tonight.due:
        return True, "nothing was due"
    told = f"of {tonight.due} courses due {tonight.not_synced} are not synced"
    if tonight.left:
        told += f", and {tonight.left} are left for the next night"
    since = now - tonight.began
    if not tonight.tried and since > SILENCE:
        return False, f"{told}: no sync has begun"
    over = since > NIGHT_IS_OVER and not dagster.nightly
    return not (over and missed_much(tonight)), told


def _commits(dagster: DagsterFigures, newest: datetime, now: datetime, zone: ZoneInfo) -> Judged:
    nightly = dagster.schedule("nightly")
    wanted = (
        nightly is not None
        and nightly.tick == "launched"
        and nightly.ticked_at is not None
        and now - nightly.ticked_at
        > SILENCE  # the first after a time without nights has yet to put one there
    )
    return not (
        wanted and now - newest > NO_COMMIT
    ), f"the newest is of {newest.astimezone(zone):%Y-%m-%d %H:%M}"


def _pace(tonight: Tonight, zone: ZoneInfo) -> Judged:
    told = f"{tonight.a_minute:.1f} courses a minute"
    if tonight.slower is not None:
        told += f", which took {tonight.slower:.1f} times as long as at the most in the nights before"
    if tonight.ends_at is not None:
        told += f"; what is due will be done by {tonight.ends_at.astimezone(zone):%a %H:%M}"
    return tonight.slower is None or tonight.slower < SLOWER, told


def _lag(lag: Lag | None) -> Judged:
    if lag is None:
        return True, "nothing was changed and sent in the last day"
    half, most = spelt(lag.half), spelt(lag.most)
    return lag.half <= LATE, f"half of the changes were in the SIS within {half}, 19 of 20 within {most}"


def _files(unmerged: int) -> Judged:
    return unmerged <= UNMERGED, f"{unmerged} are not merged yet"


def _reading_back(courses: int) -> Judged:
    told = f"{courses} courses have a class that was not read back for seven nights"
    return not courses, told if courses else "each class was read back within seven nights"
