"""The night as a whole: whom it concerns and why, figures that plot, made when the night is over."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.last_night import night_watch
from gpb_pipeline.orchestration.night_report import NOT_BEGUN
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, BIOLOGY, ENGLISH, HISTORY, Dagster
from gpb_pipeline_tests.orchestration.past import Sync, put_on_record

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime.now(NEW_YORK).replace(second=0, microsecond=0)
NIGHT = NOW - timedelta(hours=4)
LONG_AGO = NIGHT - timedelta(days=9)


@pytest.fixture(autouse=True)
def _a_night_four_hours_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "true")
    monkeypatch.setenv("GPB_NIGHTLY_AT", f"{NIGHT:%H:%M}")
    monkeypatch.setenv("GPB_TIMEZONE", NEW_YORK.key)


@pytest.mark.long
def test_one_look_shows_what_failed_why_and_who_must_act(
    school: Sandbox, warehouse: Warehouse, dagster: Dagster
) -> None:
    """Algebra is well, English was refused, Biology loses grades at the SIS, History was left out."""
    opt_in(warehouse, dagster, ALGEBRA, ENGLISH, BIOLOGY, HISTORY)
    school.set_faults("canvas", {"effect": "status", "path": f"/courses/{ENGLISH}/sections", "status": 403})
    dagster.run("nightly_grade_sync", config={"course_ids": [ALGEBRA, ENGLISH, BIOLOGY], "type": "nightly"})
    told = looked_at(dagster)
    assert told["due"] == 4
    assert (told["synced"], told["synced_with_errors"], told["failed"], told["not_begun"]) == (2, 1, 1, 1)
    head, _, _, _, *rows = str(told["last_night"]).splitlines()
    assert "4 courses due, 2 synced, 1 failed, 1 not begun" in head
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    assert [(row[0], row[1], row[3]) for row in cells] == [
        (f"Course {ENGLISH}", "Failed", "Canvas admin"),
        (f"Course {HISTORY}", NOT_BEGUN, "operator"),
        (f"Biology ({BIOLOGY})", "Completed (with errors)", "SIS admin"),
    ]
    assert all(row[2] for row in cells)
    assert f"course {ENGLISH}" not in str(told["last_night"])  # its name stands in the row already
    assert told["lag_hours_median"] >= 0
    assert told["forecast_minutes"] >= told["night_minutes"] > 0


def test_a_night_without_trouble_says_so_and_lag_is_reckoned_from_the_last_sync_that_ended(
    warehouse: Warehouse, dagster: Dagster
) -> None:
    opt_in(warehouse, dagster, "1", "2", "3", "4")
    at = NIGHT + timedelta(minutes=10)
    put_on_record(warehouse, *(Sync(str(course), at) for course in (1, 2, 3, 4)))
    told = looked_at(dagster)
    assert str(told["last_night"]).endswith("Nobody need act.")
    put_on_record(
        warehouse,
        Sync("4", at + timedelta(minutes=5), code="sis_unavailable"),
        Sync("3", NIGHT + timedelta(hours=1), type="manual"),
    )
    told = looked_at(dagster)
    assert told["failed"] == 1
    since = (datetime.now(NEW_YORK) - at) / timedelta(hours=1)
    assert told["lag_hours_longest"] == pytest.approx(since, abs=0.2)
    assert told["lag_hours_median"] == pytest.approx(since, abs=0.2)
    assert told["night_minutes"] == 5
    assert told["forecast_minutes"] == 5


def test_what_the_night_had_no_time_for_is_told_with_how_long_it_takes_and_is_no_trouble(
    warehouse: Warehouse, dagster: Dagster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an hour for courses of ten minutes, two at a time; one took an hour, and 7 was tried."""
    monkeypatch.setenv("GPB_NIGHTLY_UNTIL", f"{NIGHT + timedelta(minutes=30):%H:%M}")
    opt_in(warehouse, dagster, *map(str, range(1, 10)), "20")
    at = [NIGHT + timedelta(minutes=1), NIGHT + timedelta(minutes=11)]
    put_on_record(
        warehouse,
        *(Sync(str(course), at[course % 2], minutes=10) for course in range(1, 5)),
        Sync("7", at[1], code="canvas_access"),
        Sync("20", at[0] - timedelta(days=2), minutes=60),
        Sync("20", at[0], minutes=20),
    )
    told = looked_at(dagster)
    assert (told["left_for_the_next_night"], told["not_begun"], told["failed"]) == (4, 0, 1)
    text = str(told["last_night"])
    assert "4 courses are left for the next night, which take about" in text
    assert told["left_minutes"] > 0
    assert "4 courses are left" in told["who_must_act"]
    assert "Course 7" in text
    assert "no sync of it began" not in text


def test_the_report_is_asked_for_once_the_last_batch_has_ended_and_after_the_retry(
    home: dg.DagsterInstance,
) -> None:
    job = defs.resolve_job_def("nightly_grade_sync")
    watch = Watch(home)
    assert "no night yet" in str(watch.tick().skip_message)
    home.create_run_for_job(job, status=dg.DagsterRunStatus.SUCCESS)
    running = home.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "still run" in str(watch.tick().skip_message)
    home.report_run_failed(running)
    assert len(watch.tick().run_requests or []) == 1
    assert "has been looked at" in str(watch.tick().skip_message)
    home.create_run_for_job(job, status=dg.DagsterRunStatus.SUCCESS)  # the retry
    assert len(watch.tick().run_requests or []) == 1


class Watch:
    """The sensor between its ticks."""

    def __init__(self, home: dg.DagsterInstance) -> None:
        self.home = home
        self.cursor: str | None = None

    def tick(self) -> Any:
        with dg.build_sensor_context(instance=self.home, cursor=self.cursor) as context:
            result = night_watch.evaluate_tick(context)
        self.cursor = result.cursor or self.cursor
        return result


def looked_at(dagster: Dagster) -> dict[str, Any]:
    job = defs.resolve_job_def("last_night_report")
    assert job.execute_in_process(instance=dagster.instance).success
    event = dagster.instance.get_latest_materialization_event(dg.AssetKey("last_night"))
    assert event is not None
    assert event.asset_materialization is not None
    return {key: value.value for key, value in event.asset_materialization.metadata.items()}


def opt_in(warehouse: Warehouse, dagster: Dagster, *course_ids: str) -> None:
    warehouse.commit(
        choices.choose_nightly, course_ids, enabled=True, by="Admin", at=LONG_AGO.astimezone(UTC)
    )
    dagster.add(*course_ids)
