"""What a night has room for: in which order courses go, how long they take, how many fit, what is left.

Pure functions of the syncs on record. Who is due, and which runs are made of it, is orchestration/'s; that no
course begins which would not end in time, stream.py's. When a night begins and ends: nightly.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import fmean

NONE = timedelta(0)
NEVER = datetime.min.replace(tzinfo=UTC)
RUN_LENGTH = timedelta(minutes=20)
"""A batch is what the district does in so long: its launch is no cost, and a run is soon done."""
BATCH_FIRST, BATCH_LEAST, BATCH_MOST = 50, 10, 200  # courses: while nothing was measured; and the bounds
TOO_LONG_AT_ONCE = 2  # courses that are longer than a night and begin in one: the others need places too
SPARE = 1.5  # of what should fit, so much is asked for: each run leaves what does not


@dataclass(frozen=True, kw_only=True)
class Took:
    """A nightly sync that came to its end; `whole`: it sent most of the course, as a first one does."""

    course_id: str
    began: datetime
    ended: datetime
    whole: bool

    @property
    def length(self) -> timedelta:
        return self.ended - self.began


@dataclass(frozen=True, kw_only=True)
class CoursePace:
    """How long courses take: each by itself where that is known, else as others do; and how many at once.

    `slower`: what tonight's take, by what they were expected to.
    """

    own: Mapping[str, timedelta]
    others: timedelta | None = None
    at_once: float = 1.0
    slower: float = 1.0

    def expected(self, course_id: str) -> timedelta | None:
        """Say how long the course will take; None where nothing was measured yet."""
        known = self.own.get(course_id, self.others)
        return None if known is None else known * self.slower

    def together(self, course_ids: Iterable[str]) -> timedelta | None:
        """Say how long these courses will take, side by side; None where nothing was measured yet."""
        each = [self.expected(course_id) for course_id in course_ids]
        known = [length for length in each if length is not None]
        return _sum(known) / self.at_once if len(known) == len(each) else None

    def longer_than(self, length: timedelta, course_ids: Iterable[str]) -> list[str]:
        """List those of these courses that take longer."""
        return [each for each in course_ids if (self.expected(each) or NONE) > length]

    def after(self, tonight: Mapping[str, timedelta]) -> CoursePace:
        """Give the pace as the courses show it that have ended tonight."""
        expected = {course_id: length for course_id in tonight if (length := self.expected(course_id))}
        total = _sum(expected.values())
        slower = _sum(tonight[each] for each in expected) / total if total else 1.0
        others = self.others if self.others is not None else _mean(tonight.values())
        return replace(self, others=others, slower=self.slower * slower)


def pace_of(syncs: Iterable[Took]) -> CoursePace:
    """Measure the pace of the nights that these are of.

    A course that was sent once, as a whole, takes what others do that were sent before; itself, where there
    are none. One that was never sent takes what a whole one does.
    """
    of_course: defaultdict[str, list[Took]] = defaultdict(list)
    for each in sorted(syncs, key=lambda each: each.began):
        of_course[each.course_id].append(each)
    every = [each for past in of_course.values() for each in past]
    again = {
        course_id: past[-1].length
        for course_id, past in of_course.items()
        if len(past) > 1 or not past[-1].whole
    }
    changed = _mean(again.values())
    once = {
        course_id: past[-1].length if changed is None else changed
        for course_id, past in of_course.items()
        if course_id not in again
    }
    return CoursePace(
        own=again | once,
        others=_mean(each.length for each in every if each.whole) or _mean(each.length for each in every),
        at_once=_at_once(every),
    )


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Until when courses may run."""

    until: datetime
    pace: CoursePace

    def allows(self, course_id: str, now: datetime) -> bool:
        """Say whether a course that begins now ends in time; one of which nothing is known may try."""
        return now + (self.pace.expected(course_id) or NONE) <= self.until and now < self.until

    def is_ample(self, course_ids: Iterable[str], now: datetime) -> bool:
        """Say whether all of these end in time, even one after the other."""
        each = [self.pace.expected(course_id) for course_id in course_ids]
        return None not in each and now + _sum(length or NONE for length in each) <= self.until


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A night's batches in the order in which they go; `too_long` go before them, in a batch of their own.

    `left`: those for which there is no room, which go first in the next.
    """

    batches: tuple[tuple[str, ...], ...]
    too_long: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def planned(
    due: Iterable[str],
    tried: Mapping[str, datetime],
    pace: CoursePace,
    *,
    now: datetime,
    until: datetime | None,
    night: timedelta,
) -> Plan:
    """Plan what is left at `now` of a night that is so long. `tried`: when each course was last synced."""
    ordered = by_need(due, tried)
    if until is None:
        return Plan(batches=_batches(ordered, pace))
    too_long = pace.longer_than(night, ordered)
    set_aside = frozenset(too_long)
    others = [each for each in ordered if each not in set_aside]
    room = (until - now) * pace.at_once * SPARE
    at_first = until - now >= night
    begin, fitting = too_long[:TOO_LONG_AT_ONCE] if at_first else [], []
    for each in others:
        room -= pace.expected(each) or NONE
        if room < NONE or now >= until:
            break
        fitting.append(each)
    going = {*begin, *fitting}
    return Plan(
        batches=_batches(fitting, pace),
        too_long=tuple(begin),
        left=tuple(each for each in ordered if each not in going),
    )


def by_need(course_ids: Iterable[str], tried: Mapping[str, datetime]) -> list[str]:
    """Put the least recently tried first; of those alike, the lower number."""
    return sorted(course_ids, key=lambda each: (tried.get(each, NEVER), len(each), each))


def _batches(course_ids: Sequence[str], pace: CoursePace) -> tuple[tuple[str, ...], ...]:
    together = pace.together(course_ids)
    size = BATCH_FIRST
    if together and course_ids:
        size = round(RUN_LENGTH / (together / len(course_ids)))
    size = min(max(size, BATCH_LEAST), BATCH_MOST)
    return tuple(tuple(course_ids[start : start + size]) for start in range(0, len(course_ids), size))


def _at_once(syncs: Sequence[Took]) -> float:
    """Say how many ran side by side, on average, while any did."""
    busy, until = NONE, NEVER
    for each in sorted(syncs, key=lambda each: each.began):
        busy += max(NONE, each.ended - max(each.began, until))
        until = max(until, each.ended)
    return max(1.0, _sum(each.length for each in syncs) / busy) if busy else 1.0


def _mean(lengths: Iterable[timedelta]) -> timedelta | None:
    seconds = [each.total_seconds() for each in lengths]
    return timedelta(seconds=fmean(seconds)) if seconds else None


def _sum(lengths: Iterable[timedelta]) -> timedelta:
    return sum(lengths, NONE)
