"""The night: who is due, when it begins through daylight saving, who is tried again, and in which batches."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline.errors import PermanentError, TransientError
from gpb_pipeline.orchestration import nights, schedules
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.passback.nightly import last_nightly
from gpb_pipeline.settings import NightlySettings
from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.orchestration.past import Sync, put_on_record

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = datetime(2026, 11, 24, 22, 0, tzinfo=NEW_YORK)
READING = defs.resolve_schedule_def("reading_back")
NIGHTLY, RETRY = defs.resolve_schedule_def("nightly"), defs.resolve_schedule_def("nightly_retry")
WEEK_BEFORE = NIGHT - timedelta(days=7)


@pytest.fixture(autouse=True)
def _nights_at_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "true")
    monkeypatch.setenv("GPB_NIGHTLY_AT", "22:00")
    monkeypatch.setenv("GPB_TIMEZONE", NEW_YORK.key)


def configs(requests: list[dg.RunRequest]) -> list[dict[str, Any]]:
    """What these runs of the night are asked for; the job takes each."""
    for each in requests:
        assert dg.validate_run_config(defs.resolve_job_def("nightly_grade_sync"), each.run_config)
    return [each.run_config["ops"]["grade_passback"]["config"] for each in requests]


def test_the_nights_batches_hold_the_opted_in_current_courses_and_no_other(
    warehouse: Warehouse, home: dg.DagsterInstance
) -> None:
    opt_in(warehouse, "1001", "1002", "1003", "7")
    opt_in(warehouse, "1002", enabled=False)
    add_courses(home, ["1001", "1002", "1003", "1004"])
    [batch] = runs(NIGHTLY, home)
    config = batch.run_config["ops"]["grade_passback"]["config"]
    assert config == {
        "course_ids": ["1001", "1003"],
        "posted_by": "Canvas Integrations Admin",
        "type": "nightly",
    }
    assert batch.run_key == "2026-11-24-0"


def test_a_batch_is_a_run_that_the_job_takes(warehouse: Warehouse, home: dg.DagsterInstance) -> None:
    many = [str(1000 + number) for number in range(120)]
    opt_in(warehouse, *many)
    add_courses(home, many)
    requests = runs(NIGHTLY, home)
    assert [len(each["course_ids"]) for each in configs(requests)] == [50, 50, 20]
    assert len({each.run_key for each in requests}) == 3


def test_with_a_time_to_end_by_the_neediest_go_first_and_only_as_many_as_fit(
    warehouse: Warehouse, home: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four hours, of which a course takes ten minutes, one after the other; 3000 takes five hours."""
    monkeypatch.setenv("GPB_NIGHTLY_UNTIL", "02:00")
    done, new = [str(1000 + each) for each in range(20)], [str(2000 + each) for each in range(30)]
    opt_in(warehouse, *done, *new, "3000")
    add_courses(home, [*done, *new, "3000"])
    before = NIGHT - timedelta(days=1)
    put_on_record(
        warehouse,
        *(Sync(each, before + timedelta(minutes=10 * n), minutes=10) for n, each in enumerate(done)),
        Sync("3000", before + timedelta(minutes=200), minutes=300),
    )
    requests = runs(NIGHTLY, home)
    first, *others = configs(requests)
    assert requests[0].run_key == "2026-11-24-long"
    assert (first["course_ids"], "until" in first) == (["3000"], False)
    asked = [each for config in others for each in config["course_ids"]]
    assert asked[:5] == new[:5]
    assert 10 < len(asked) < 40
    assert {config["until"] for config in others} == {"2026-11-25T02:00:00-05:00"}


def test_after_the_time_to_end_by_nothing_is_tried_again(
    warehouse: Warehouse, home: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPB_NIGHTLY_UNTIL", "23:30")
    opt_in(warehouse, "1")
    add_courses(home, ["1"])
    assert "no time left (GPB_NIGHTLY_UNTIL)" in skipped(RETRY, home, NIGHT + timedelta(hours=2))


def test_the_nights_reading_back_is_a_run_that_the_job_takes(home: dg.DagsterInstance) -> None:
    [reading] = runs(READING, home, NIGHT + timedelta(hours=4))
    assert dg.validate_run_config(defs.resolve_job_def("reconcile"), reading.run_config)
    assert reading.run_config["ops"]["compare_with_sis"]["config"]["nightly"]


def test_the_nights_reading_back_knows_by_when_it_ends(
    home: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPB_NIGHTLY_UNTIL", "05:00")
    [reading] = runs(READING, home, NIGHT + timedelta(hours=4))
    assert dg.validate_run_config(defs.resolve_job_def("reconcile"), reading.run_config)
    until = reading.run_config["ops"]["compare_with_sis"]["config"]["until"]
    assert datetime.fromisoformat(until) == NIGHT + timedelta(hours=7)


@pytest.mark.parametrize(
    ("until", "retry", "reading", "tidying"),
    [
        (None, "0 0", "0 2", "0 3"),
        (time(5), "0 0", "0 2", "0 3"),
        (time(22), "0 0", "0 2", "0 3"),
        (time(1), "0 23", "0 0", "30 0"),
        (time(22, 30), "10 22", "20 22", "25 22"),
    ],
)
def test_a_short_night_has_all_of_it_before_its_end(
    until: time | None, retry: str, reading: str, tidying: str
) -> None:
    night = NightlySettings(at=time(22), until=until)
    built = {each.name: each.cron_schedule for each in schedules.build(night, NEW_YORK.key)}
    assert built == {
        "nightly": "0 22 * * *",
        "nightly_retry": f"{retry} * * *",
        "reading_back": f"{reading} * * *",
        "tidying": f"{tidying} * * *",
    }


def test_a_night_without_courses_or_switched_off_says_why(
    warehouse: Warehouse, home: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No current course is switched on" in skipped(NIGHTLY, home)
    opt_in(warehouse, "1001")
    add_courses(home, ["1001"])
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "false")
    assert "GPB_NIGHTLY_ENABLED" in skipped(NIGHTLY, home)
    assert "GPB_NIGHTLY_ENABLED" in skipped(RETRY, home)


def test_by_the_institutions_default_every_current_course_is_due_that_nobody_switched_off(
    warehouse: Warehouse, home: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    opt_in(warehouse, "1")
    opt_in(warehouse, "2", enabled=False)
    add_courses(home, ["1", "2", "3"])
    assert configs(runs(NIGHTLY, home))[0]["course_ids"] == ["1"]
    monkeypatch.setenv("GPB_NIGHTLY_DEFAULT", "true")
    assert sorted(configs(runs(NIGHTLY, home))[0]["course_ids"]) == ["1", "3"]


def test_only_what_may_pass_is_tried_again_and_once(warehouse: Warehouse, home: dg.DagsterInstance) -> None:
    """1: done; 2: Canvas was down; 3: no permission; 4: was down twice; 5: left out; 6: failed last week."""
    courses = ["1", "2", "3", "4", "5", "6"]
    opt_in(warehouse, *courses)
    add_courses(home, courses)
    later = NIGHT + timedelta(minutes=5)
    put_on_record(
        warehouse,
        Sync("1", later),
        Sync("2", later, code="canvas_unavailable"),
        Sync("3", later, code="canvas_access"),
        Sync("4", later, code="canvas_unavailable"),
        Sync("4", later + timedelta(minutes=5), code="canvas_unavailable"),
        Sync("6", WEEK_BEFORE, code="canvas_unavailable"),
        Sync("6", later),
    )
    [batch] = runs(RETRY, home, NIGHT + timedelta(hours=2))
    assert batch.run_config["ops"]["grade_passback"]["config"]["course_ids"] == [
        "5",
        "2",
    ]  # tried longest ago
    assert batch.run_key == "2026-11-24-retry-0"
    put_on_record(warehouse, *(Sync(course, later + timedelta(hours=2)) for course in ("2", "5")))
    assert "cause that stays" in skipped(RETRY, home, NIGHT + timedelta(hours=2))


def test_a_batch_whose_host_died_does_not_keep_its_courses_from_the_retry(
    warehouse: Warehouse, home: dg.DagsterInstance
) -> None:
    """Dagster takes it for running still; one that is about to begin goes before the retry."""
    opt_in(warehouse, "1")
    add_courses(home, ["1"])
    job, again = defs.resolve_job_def("nightly_grade_sync"), NIGHT + timedelta(hours=2)
    put_on_record(warehouse, Sync("1", NIGHT + timedelta(minutes=5), code="interrupted"))
    home.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert len(runs(RETRY, home, again)) == 1
    home.create_run_for_job(job, status=dg.DagsterRunStatus.STARTING)
    assert "still run" in skipped(RETRY, home, again)


def test_the_transient_codes_are_those_of_the_errors() -> None:
    assert codes(TransientError) <= nights.TRANSIENT
    assert not codes(PermanentError) & nights.TRANSIENT


@pytest.mark.parametrize(
    ("at", "now", "night"),
    [
        (time(22), "2026-11-24T03:00:00+00:00", "2026-11-23T22:00:00-05:00"),
        (time(22), "2026-11-24T02:59:00+00:00", "2026-11-22T22:00:00-05:00"),
        (time(2, 30), "2026-03-08T12:00:00+00:00", "2026-03-08T03:00:00-04:00"),  # 02:30 is skipped
        (time(2, 30), "2026-03-09T05:00:00+00:00", "2026-03-08T03:00:00-04:00"),
        (time(1, 30), "2026-11-01T12:00:00+00:00", "2026-11-01T01:30:00-05:00"),  # 01:30 comes twice
        (time(1, 30), "2026-11-01T06:00:00+00:00", "2026-10-31T01:30:00-04:00"),
    ],
)
def test_the_last_night_through_daylight_saving(at: time, now: str, night: str) -> None:
    assert last_nightly(datetime.fromisoformat(now), at, NEW_YORK).isoformat() == night


def codes(family: type[TransientError | PermanentError]) -> set[str]:
    """The codes of a family's classes, those of its root left out."""
    return {each.code for kind in family.__subclasses__() for each in (kind, *kind.__subclasses__())}


def opt_in(warehouse: Warehouse, *course_ids: str, enabled: bool = True) -> None:
    at = WEEK_BEFORE if enabled else WEEK_BEFORE + timedelta(days=1)
    warehouse.commit(
        choices.choose_nightly, course_ids, enabled=enabled, by="Ms. Rivera", at=at.astimezone(UTC)
    )


def runs(
    schedule: dg.ScheduleDefinition, home: dg.DagsterInstance, at: datetime = NIGHT
) -> list[dg.RunRequest]:
    return list(ticked(schedule, home, at).run_requests or [])


def skipped(schedule: dg.ScheduleDefinition, home: dg.DagsterInstance, at: datetime = NIGHT) -> str:
    return str(ticked(schedule, home, at).skip_message)


def ticked(schedule: dg.ScheduleDefinition, home: dg.DagsterInstance, at: datetime):  # type: ignore[no-untyped-def]
    with dg.build_schedule_context(
        instance=home, scheduled_execution_time=at, resources={"passback": Passback()}
    ) as context:
        return schedule.evaluate_tick(context)
