"""A week of nights that are too short, by the schedules' ticks, at a SIS of twenty requests a second."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from gpb_pipeline.orchestration import nights
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.sync.days import School
from gpb_pipeline_tests.sync.nights import Nights

NEW_YORK = ZoneInfo("America/New_York")
COURSES = [str(10001 + n) for n in range(16)]
MINUTE = timedelta(minutes=1)
LATE = timedelta(seconds=32)  # the first batch waits so long for its place; 28 seconds of the minute are left
RATE = 20


@pytest.fixture(scope="module")
def district() -> Iterator[Sandbox]:
    size = f"courses={len(COURSES)},seed=5,students=16,assignments=4,sections=1"
    with running_sandbox(size, today=date(2026, 11, 24)) as running:
        yield running


@pytest.fixture
def short_nights(district: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        **district.environment,
        "GPB_CATALOG": f"sqlite:{tmp_path}/catalog.sqlite",
        "GPB_DATA_PATH": f"{tmp_path}/data",
        "GPB_NIGHTLY_ENABLED": "true",
        "GPB_NIGHTLY_AT": "22:00",
        "GPB_NIGHTLY_UNTIL": "22:01",
    }.items():
        monkeypatch.setenv(name, value)
    with (
        dg.instance_for_test(temp_dir=str(tmp_path)) as instance,
        dg.DagsterInstance.ephemeral() as runs,
        Passback().warehouse() as warehouse,
    ):
        yield Nights(instance, runs, warehouse)


@pytest.mark.long
def test_a_week_of_nights_ends_in_time_is_fair_and_its_forecast_is_right(
    short_nights: Nights, district: Sandbox
) -> None:
    district.set_temperaments(rate=RATE)
    school = School(district, seed=20261123)
    began = short_nights.times("nightly", datetime(2026, 11, 23, tzinfo=NEW_YORK), 7)
    short_nights.clock.set(began[0] - timedelta(days=1))
    short_nights.choose(*COURSES, enabled=True)
    short_nights.discover()
    tried: dict[str, list[int]] = {course_id: [-1] for course_id in COURSES}
    for number, at in enumerate(began):
        if number:
            for course_id in COURSES:
                school.rescores(course_id, 40)
        assert all(short_nights.run(short_nights.tick("nightly", at), late=LATE))
        jobs = [each for each in short_nights.jobs(at) if each.started_at >= at]
        assert {each.status for each in jobs} == {"Completed"}  # none was killed, none failed
        ended, longest = max(each.updated_at for each in jobs), max(e.updated_at - e.read_at for e in jobs)
        left = nights.left_for_the_next(short_nights.night(at + 5 * MINUTE))
        print(
            f"night {number}: {len(jobs)} courses, {(ended - at - MINUTE).total_seconds():+.1f} s of its end,"
        )
        print(f"  a course of {longest.total_seconds():.1f} s, {len(left)} are left")
        assert ended <= at + MINUTE + longest
        assert sorted(left) == sorted({*COURSES} - {each.course_id for each in jobs})
        for each in jobs:
            tried[each.course_id].append(number)
    waits = [max(after - before for before, after in pairwise(on)) for on in tried.values()]
    print(f"nights that a course waited at most: {sorted(waits)}")
    assert max(waits) <= 2 * min(waits)
    _forecast_is_right(short_nights, began[-1])


def _forecast_is_right(short_nights: Nights, at: datetime) -> None:
    """What was left of the last night takes what was said; five courses tell it within a quarter."""
    night = short_nights.night(at + 5 * MINUTE)
    left = nights.left_for_the_next(night)
    said = night.pace.together(left)
    assert said is not None
    short_nights.clock.set(at + timedelta(hours=1))
    assert short_nights.run_without_end(left)
    jobs = short_nights.jobs(at + timedelta(hours=1))
    took = max(each.updated_at for each in jobs) - min(each.read_at for each in jobs)
    print(f"forecast {said.total_seconds():.1f} s, took {took.total_seconds():.1f} s")
    assert took == pytest.approx(said, rel=0.25)
