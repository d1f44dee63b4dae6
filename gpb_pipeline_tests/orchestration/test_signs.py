"""What is trouble, by a simulated clock: each fault is told within 15 minutes; thirty nights are quiet."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from gpb_pipeline.orchestration.health.remedies import SignName
from gpb_pipeline.orchestration.health.seen import (
    DagsterFigures,
    Lag,
    Schedule,
    Seen,
    Tonight,
    Unreachable,
    WarehouseFigures,
)
from gpb_pipeline.orchestration.health.signs import signs
from gpb_pipeline.passback.nightly import last_nightly
from gpb_pipeline_tests.orchestration.watched import AT, ZONE, District, Fault, looks

FIRST = date(2026, 10, 20)  # a fortnight before clocks go back
NIGHT = datetime(2026, 11, 5, 22, tzinfo=ZONE).astimezone(UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WITHIN = 15


def trouble(seen: Seen) -> dict[SignName, str]:
    return {each.name: each.told for each in signs(seen) if not each.well}


@pytest.mark.parametrize("until", [None, time(22, 5)], ids=["all fit", "some are left each night"])
def test_thirty_nights_and_no_false_alarm(until: time | None) -> None:
    district = District(seed=1, first=FIRST, until=until)
    began, looked, left = datetime.combine(FIRST, AT, ZONE).astimezone(UTC), 0, 0
    for number in range(30):
        night = last_nightly(began + number * timedelta(days=1) + 2 * HOUR, AT, ZONE).astimezone(UTC)
        while_it_runs = looks(night - 10 * MINUTE, night + 40 * MINUTE, 6 * MINUTE)
        for now in (*while_it_runs, *looks(night + HOUR, night + 22 * HOUR, 3 * HOUR)):
            seen = district.seen(now)
            assert trouble(seen) == {}, now
            assert isinstance(seen.warehouse, WarehouseFigures)
            looked, left = looked + 1, left + seen.warehouse.tonight.left
    assert looked > 500
    assert (left > 0) == (until is not None)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("fault", "since", "sign"),
    [
        ("daemon killed", NIGHT - 2 * HOUR, "daemon"),
        ("daemon killed", NIGHT - 5 * MINUTE, "daemon"),
        ("schedule off", NIGHT - 6 * HOUR, "schedules"),
        ("queue stands still", NIGHT, "queue"),
        ("disk full", NIGHT + 3 * MINUTE, "disk"),
        ("SIS slow", NIGHT + 3 * MINUTE, "pace"),
    ],
)
def test_each_fault_is_told_within_a_quarter_of_an_hour(
    fault: Fault, since: datetime, sign: SignName, seed: int
) -> None:
    district = District(seed=seed, first=FIRST, fault=fault, since=since)
    assert trouble(district.seen(since - MINUTE)) == {}
    minutes = looks(since, since + WITHIN * MINUTE, MINUTE)
    told = [now for now in minutes if sign in trouble(district.seen(now))]
    assert told, "not told"
    assert told[-1] == since + WITHIN * MINUTE, "told, and then no longer"


def test_the_pace_is_told_with_when_all_will_be_done_while_the_night_runs() -> None:
    district = District(seed=1, first=FIRST)
    told = {minutes: _told(district.seen(NIGHT + minutes * MINUTE))["pace"] for minutes in (4, 60)}
    assert re.fullmatch(r"[1-9].* courses a minute.*; what is due will be done by Thu 22:\d\d", told[4])
    assert told[60] == "0.0 courses a minute"


def _told(seen: Seen) -> dict[SignName, str]:
    return {each.name: each.told for each in signs(seen)}


def test_a_night_that_a_killed_daemon_missed_is_told_until_someone_acts() -> None:
    district = District(seed=1, first=FIRST, fault="daemon killed", since=NIGHT - HOUR)
    for now in looks(NIGHT, NIGHT + 20 * HOUR, HOUR):
        assert "daemon" in trouble(district.seen(now))


NOW = NIGHT + 4 * HOUR
WELL = District(seed=1, first=FIRST).seen(NOW)


def schedule(name: str = "tidying", **changed: Any) -> Seen:
    usual = Schedule(name=name, on=True, due_at=None, ticked_at=NOW - HOUR, tick="launched")
    return of_dagster(schedules=(replace(usual, **changed),))


def of_dagster(**changed: Any) -> Seen:
    assert isinstance(WELL.dagster, DagsterFigures)
    return replace(WELL, dagster=replace(WELL.dagster, **changed))


def of_warehouse(**changed: Any) -> Seen:
    assert isinstance(WELL.warehouse, WarehouseFigures)
    return replace(WELL, warehouse=replace(WELL.warehouse, **changed))


def night(**changed: Any) -> Seen:
    usual = Tonight(
        began=NIGHT, until=None, due=100, tried=100, synced=97, left=0, a_minute=0, slower=None, ends_at=None
    )
    return of_warehouse(tonight=replace(usual, **changed))


AWAY = Unreachable(what="it cannot be read (OperationalError)", remedy="Start it.")


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (WELL, {}),
        (replace(WELL, dagster=AWAY), {"dagster": "cannot be read"}),
        (replace(WELL, warehouse=AWAY), {"warehouse": "cannot be read"}),
        (replace(WELL, free={"data": 1 << 40, "catalogue": 1 << 29}), {"disk": "0.5 GiB of catalogue"}),
        (replace(WELL, free={}), {}),
        (of_dagster(heartbeats={"SENSOR": NOW, "SCHEDULER": None}), {"daemon": "no heartbeat of SCHEDULER"}),
        (schedule(on=False), {"schedules": "tidying is switched off"}),
        (schedule(due_at=NOW - 12 * MINUTE), {"schedules": "tidying was due 12 minutes ago"}),
        (schedule(due_at=NOW - 8 * MINUTE), {}),
        (schedule(due_at=NOW - 12 * MINUTE, ticked_at=None), {"schedules": "tidying was due"}),
        (schedule(ticked_at=None), {}),  # a daemon that has just begun
        (schedule(tick="failed"), {"schedules": "tidying failed"}),
        (schedule(tick="failed", ticked_at=NOW - 3 * HOUR), {}),
        (schedule(tick="under way"), {"schedules": "tidying hangs"}),
        (schedule(tick="under way", ticked_at=NOW - MINUTE), {}),
        (of_dagster(unknown={"tidying": NOW - 8 * MINUTE, "sync_alerts": NOW}), {}),
        (
            of_dagster(unknown={"tidying": NOW - 12 * MINUTE, "sync_alerts": NOW - 12 * MINUTE}),
            {
                "schedules": "tidying is not known to the daemon",
                "sensors": "sync_alerts is not known to the daemon",
            },
        ),
        (of_dagster(sensors_off=("sync_alerts",)), {"sensors": "switched off: sync_alerts"}),
        (of_dagster(sensors_failing={"sync_alerts": NOW - 20 * MINUTE}), {}),
        (
            of_dagster(sensors_failing={"sync_alerts": NOW - 40 * MINUTE}),
            {"sensors": "each tick of sync_alerts has failed for 40 minutes"},
        ),
        (night(), {}),
        (night(synced=80), {"night": "of 100 courses due 20 are not synced"}),
        (night(synced=80, left=15), {}),  # they go first in the next, and the digest tells of them
        (night(due=5, tried=5, synced=4), {}),  # its own trouble, which the digest tells
        (night(due=5, tried=5, synced=3), {"night": "of 5 courses due 2 are not synced"}),
        (night(due=1, tried=1, synced=0), {"night": "of 1 courses due 1 are not synced"}),
        (night(tried=0, synced=0), {"night": "no sync has begun"}),
        (night(due=0, tried=0, synced=0), {}),
        (night(began=NOW + MINUTE, synced=0), {}),  # its tick is yet to come
        (night(slower=2.4), {}),
        (night(slower=2.6), {"pace": "took 2.6 times as long"}),
        (of_warehouse(newest_commit=NOW - 27 * HOUR), {"commits": "the newest is of 2026-11-04"}),
        (of_warehouse(lag=Lag(half=49 * HOUR, most=60 * HOUR)), {"lag": "within 49 h"}),
        (of_warehouse(lag=None), {}),
        (of_warehouse(unmerged_files=10_001), {"files": "10001 are not merged"}),
        (of_warehouse(not_read_back=2), {"reading_back": "2 courses"}),
    ],
)
def test_what_is_trouble_and_what_is_not(seen: Seen, told: dict[SignName, str]) -> None:
    found = trouble(seen)
    assert found.keys() == told.keys()
    for name, words in told.items():
        assert words in found[name]
    assert all(each.remedy for each in signs(seen) if not each.well)


def test_the_first_night_after_a_time_without_any_is_no_alarm() -> None:
    """Nothing was written for weeks, and it was launched just now."""
    began = District(seed=1, first=FIRST).seen(NIGHT + 2 * MINUTE)
    assert isinstance(began.dagster, DagsterFigures)
    assert isinstance(began.warehouse, WarehouseFigures)
    [launched] = [each for each in began.dagster.schedules if each.name == "nightly"]
    assert (launched.tick, launched.ticked_at) == ("launched", NIGHT)
    idle = replace(began.warehouse, newest_commit=NIGHT - 600 * HOUR)
    assert trouble(replace(began, warehouse=idle)) == {}


def test_nights_that_are_switched_off_are_no_trouble_and_those_under_way_have_time() -> None:
    for seen in (night(tried=0, synced=0), night(synced=20)):
        assert isinstance(seen.dagster, DagsterFigures)
        skipped = [replace(each, tick="skipped") for each in seen.dagster.schedules]
        off = replace(seen, dagster=replace(seen.dagster, schedules=tuple(skipped)))
        assert trouble(off) == {}
    running = night(synced=20)
    assert isinstance(running.dagster, DagsterFigures)
    assert trouble(replace(running, dagster=replace(running.dagster, nightly=True))) == {}


def test_each_sign_has_its_row_in_the_operators_table() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "operating.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page.partition("## Watching it")[2], re.MULTILINE)[
        : len(get_args(SignName))
    ] == list(get_args(SignName))
