"""The page that tells where the SIS holds otherwise: each difference with its course, cause and mending."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gpb_pipeline.passback.holdings.differences import Differences
from gpb_pipeline.settings import NightlySettings, WarehouseSettings, WebSettings
from gpb_pipeline.warehouse import ducklake, history, logs, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.logs import JobOutcome
from gpb_pipeline_tests.warehouse.rows import NOON, frame
from gpb_pipeline_tests.warehouse.syncs import outcome, put_course, put_sync
from gpb_pipeline_tests.web.conftest import Client
from gpb_pipeline_tests.web.serving import served
from gpb_pipeline_tests.web.test_pages import cells

DAY = timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Warehouse]:
    settings = WarehouseSettings(catalog=f"sqlite:{tmp_path}/catalog.sqlite", data_path=f"{tmp_path}/data")
    with ducklake.connect(settings, tables.create) as opened:
        yield opened


def put_reading(warehouse: Warehouse, job_id: str, at: datetime, *causes: tuple[str, str]) -> None:
    """Put a reading of course 1 on record that found a grade of `a1`, or its column, with each cause."""
    put_sync(warehouse, job_id, outcome(), at=at, status="Completed", type="reconcile")
    rows = [
        {"kind": kind, "assignment_id": "a1", "assignment_name": "Essay <b>", "cause": cause}
        for kind, cause in causes
    ]
    told = JobOutcome(course_id="1", job_id=job_id, outcome=outcome(), differences=frame(Differences, *rows))
    warehouse.commit(logs.append, [told])


def test_each_difference_has_its_course_cause_and_mending_and_no_student(lake: Warehouse) -> None:
    put_course(lake, "1", "Algebra I")
    put_reading(lake, "last-week", NOON - 7 * DAY, ("grade", "not_sent"))
    put_reading(
        lake,
        "today",
        NOON,
        ("grade", "edited_in_sis"),
        ("grade", "edited_in_sis"),
        ("assignment", "not_synced_any_more"),
    )
    with served(lake, WebSettings(), NightlySettings()) as url:
        client = Client(url)
        page = client.page("/differences")
        first, second = cells(page)[1:]
        assert first[:4] == [
            "Essay <b>",
            "2 grades",
            "edited_in_sis Someone changed it in the SIS.",
            "--mend edited_in_sis: Canvas wins",
        ]
        assert second[1:4:2] == ["1 column", "gpb retract"]
        assert "/syncs/today" in page
        assert "Algebra I" in page
        assert "last-week" not in page
        assert "student_id-" not in page
        assert len(cells(client.page("/differences?cause=edited_in_sis"))[1:]) == 1
        assert "Held against the SIS" in client.page("/")
        assert "Reconcile" in client.page("/courses/1")
        assert "Reconcile" in client.page("/syncs/today")


def test_a_reading_is_no_sync_of_the_course(lake: Warehouse) -> None:
    put_course(lake, "1", "Algebra I")
    put_sync(lake, "sync", outcome(), at=NOON - DAY, status="Failed", type="nightly")
    put_reading(lake, "reading", NOON)
    assert [job.job_id for job in lake.read(history.latest_of_each)] == ["sync"]
    with served(lake, WebSettings(), NightlySettings()) as url:
        assert "No difference is known." in Client(url).page("/differences")
