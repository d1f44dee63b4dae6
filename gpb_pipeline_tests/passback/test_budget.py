"""A night's budget: by table what is expected, planned and allowed; by property whole weeks of nights."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from heapq import heapreplace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.passback.budget import (
    BATCH_FIRST,
    BATCH_LEAST,
    BATCH_MOST,
    Budget,
    CoursePace,
    Plan,
    Took,
    by_need,
    pace_of,
    planned,
)

NIGHT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PLACES = 4


def took(course_id: str, minutes: float, *, after: float = 0, night: int = 0, whole: bool = False) -> Took:
    began = NIGHT + night * DAY + after * MINUTE
    return Took(course_id=course_id, began=began, ended=began + minutes * MINUTE, whole=whole)


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([], {"1": None}),
        ([took("1", 9, whole=True)], {"1": 9, "2": 9}),
        ([took("1", 9, whole=True), took("2", 3, whole=True)], {"1": 9, "2": 3, "3": 6}),
        # sent once, as a whole: the next takes what changes take; one never sent takes what a whole one does
        ([took("1", 9, whole=True), took("2", 1)], {"1": 1, "2": 1, "3": 9}),
        ([took("1", 9, whole=True), took("1", 8, night=1, whole=True)], {"1": 8, "2": 8.5}),
        ([took("1", 1), took("1", 2, night=1)], {"1": 2, "2": 1.5}),
    ],
)
def test_a_course_is_expected_to_take_what_it_took_else_what_others_do(
    past: list[Took], expected: dict[str, float | None]
) -> None:
    pace = pace_of(past)
    found = {course_id: pace.expected(course_id) for course_id in expected}
    assert found == {each: None if length is None else length * MINUTE for each, length in expected.items()}


def test_courses_together_take_as_long_as_they_did_side_by_side() -> None:
    """Two at a time for ten minutes; the hours between two nights are nobody's."""
    past = [took(each, 5, after=after) for each, after in (("1", 0), ("2", 0), ("3", 5), ("4", 5))]
    pace = pace_of([*past, *(took(each, 5, night=1) for each in ("1", "2"))])
    assert pace.at_once == 2
    assert pace.together(["1", "2", "3", "4", "new"]) == 12.5 * MINUTE
    assert pace_of([]).together(["1"]) is None


def test_tonights_courses_tell_how_slow_tonight_is() -> None:
    pace = pace_of([took("1", 4), took("2", 6)])
    slow = pace.after({"1": 8 * MINUTE, "new": 10 * MINUTE})  # of nine minutes
    assert slow.expected("2") == 12 * MINUTE
    assert pace_of([]).after({"1": 8 * MINUTE}).expected("2") == 8 * MINUTE


def test_no_course_begins_that_would_not_end_in_time() -> None:
    budget = Budget(until=NIGHT + HOUR, pace=CoursePace(own={"1": 20 * MINUTE}))
    assert budget.allows("1", NIGHT + 40 * MINUTE)
    assert not budget.allows("1", NIGHT + 41 * MINUTE)
    assert budget.allows("unknown", NIGHT + 59 * MINUTE)
    assert not budget.allows("unknown", NIGHT + HOUR)
    assert budget.is_ample(["1", "1", "1"], NIGHT)
    assert not budget.is_ample(["1", "1", "1", "1"], NIGHT)
    assert not budget.is_ample(["unknown"], NIGHT)


def test_the_longest_untried_goes_first() -> None:
    tried = {"9": NIGHT, "10": NIGHT - DAY, "2": NIGHT - 2 * DAY}
    assert by_need(["9", "10", "12", "2", "3"], tried) == ["3", "12", "2", "10", "9"]


def plan(
    due: Iterable[str], pace: CoursePace, *, tried: Mapping[str, datetime] | None = None, hours: float = 1
) -> Plan:
    until = NIGHT + hours * HOUR
    return planned(due, tried or {}, pace, now=NIGHT, until=until, night=until - NIGHT)


def test_what_does_not_fit_is_left_and_what_is_longer_than_the_night_goes_first() -> None:
    due = [str(number) for number in range(1, 31)]
    pace = CoursePace(own={"7": 2 * HOUR}, others=10 * MINUTE, at_once=2)
    found = plan(due, pace)
    assert found.too_long == ("7",)
    assert sum(map(len, found.batches)) == 18  # twelve in the hour, and half as many for a pace that is wrong
    assert found.left == tuple(due[19:])
    tomorrow = plan(due, pace, tried=dict.fromkeys(due[:19], NIGHT))
    assert [each for batch in tomorrow.batches for each in batch][:11] == list(found.left)


def test_a_night_without_an_end_takes_all() -> None:
    due = [str(number) for number in range(100, 220)]
    found = planned(due, {}, CoursePace(own={}, others=HOUR), now=NIGHT, until=None, night=timedelta(0))
    assert [each for batch in found.batches for each in batch] == due
    assert (found.left, found.too_long) == ((), ())


@pytest.mark.parametrize(
    ("others", "size"),
    [(None, BATCH_FIRST), (HOUR, BATCH_LEAST), (2 * MINUTE, 40), (timedelta(seconds=1), BATCH_MOST)],
)
def test_a_batch_is_what_the_district_does_in_twenty_minutes(others: timedelta | None, size: int) -> None:
    due = [str(number) for number in range(1000)]
    pace = CoursePace(own={}, others=others, at_once=PLACES)
    found = planned(due, {}, pace, now=NIGHT, until=None, night=timedelta(0))
    assert {len(batch) for batch in found.batches[:-1]} == {size}


class District:
    """Courses that each take so long, night after night, in so many places, with a budget."""

    def __init__(self, minutes: Mapping[str, float], hours: float) -> None:
        self.minutes, self.length = minutes, hours * HOUR
        self.tried: dict[str, datetime] = {}
        self.past: list[Took] = []
        self.nights: dict[str, list[int]] = {course_id: [] for course_id in minutes}

    def night(self, number: int) -> datetime:
        """Run it as the schedule and the stream do; gives when it ended."""
        began = NIGHT + number * DAY
        until = began + self.length
        pace = pace_of(self.past)
        found = planned(self.minutes, self.tried, pace, now=began, until=until, night=self.length)
        places, tonight = [began] * PLACES, dict[str, timedelta]()
        ends: list[tuple[datetime, str]] = []
        for course_id in [*found.too_long, *(each for batch in found.batches for each in batch)]:
            now = places[0]
            tonight |= {each: self.minutes[each] * MINUTE for ended, each in ends if ended <= now}
            budget = Budget(until=until, pace=pace.after(tonight))
            if course_id not in found.too_long and not budget.allows(course_id, now):
                continue
            ended = now + self.minutes[course_id] * MINUTE
            heapreplace(places, ended)
            ends.append((ended, course_id))
            self.nights[course_id].append(number)
            self.tried[course_id] = now
            self.past.append(Took(course_id=course_id, began=now, ended=ended, whole=True))
        return max(places)


@given(
    st.dictionaries(st.integers(1, 10**6).map(str), st.floats(1, 30), min_size=20, max_size=80),
    st.floats(1, 3),
)
def test_over_weeks_each_night_ends_within_a_course_and_none_waits_twice_as_long(
    minutes: dict[str, float], hours: float
) -> None:
    district = District(minutes, hours)
    nights = 21
    for number in range(nights):
        ended = district.night(number)
        assert ended <= NIGHT + number * DAY + hours * HOUR + 30 * MINUTE
    waits = [
        max(after - before for before, after in zip([-1, *on], on, strict=False))
        for on in district.nights.values()
        if on
    ]
    assert len(waits) == len(minutes)
    assert max(waits) <= 2 * min(waits) + 1  # nights are whole ones


@given(st.integers(1, 8), st.floats(2, 4))
def test_what_is_longer_than_the_night_has_its_turn_and_keeps_none_from_theirs(
    long: int, hours: float
) -> None:
    minutes = {str(number): 10.0 for number in range(30)} | {
        str(100 + each): 60 * hours + 20 for each in range(long)
    }
    district = District(minutes, hours)
    for number in range(14):
        district.night(number)
    assert all(len(on) > 2 for on in district.nights.values())
