"""`gpb purge`: what is past its age goes, a dry run only says so."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, history, tables
from gpb_pipeline.warehouse.history import Begun, End, EndStatus
from gpb_pipeline_tests.cli.command import gpb, settle_in

JOBS: tuple[tuple[str, int, EndStatus], ...] = (
    ("old", 8, "Completed"),
    ("failed", 8, "Failed"),
    ("new", 0, "Completed"),
)


@pytest.fixture(autouse=True)
def past(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three syncs of a course, by their ages in days."""
    settle_in(monkeypatch, tmp_path, {})
    now = datetime.now(UTC)
    with ducklake.connect(WarehouseSettings.load(), tables.create) as warehouse:
        for job_id, age, status in JOBS:
            at = now - timedelta(days=age)
            begun = Begun(job_id=job_id, course_id="1", type="manual", posted_by="A. Admin", at=at)
            warehouse.commit(history.begin, [begun])
            warehouse.commit(history.end, [End(job_id=job_id, at=at, status=status, counts=Counts.none())])


def jobs() -> set[str]:
    with ducklake.connect(WarehouseSettings.load(), tables.create) as warehouse:
        return {job.job_id for job in warehouse.read(history.jobs)}


def test_a_dry_run_says_what_would_go_and_changes_nothing() -> None:
    said = gpb("purge", "--dry-run", "--json").json
    assert said == {
        "dry_run": True,
        "jobs": [{"job_id": "old", "course_id": "1", "status": "Completed"}],
        "sent": 0,
    }
    assert "would go from the history: 1." in gpb("purge", "--dry-run").out
    assert jobs() == {"old", "failed", "new"}


def test_what_is_past_its_age_goes_and_the_failed_stay_longer() -> None:
    assert "went from the history: 1." in gpb("purge").out
    assert jobs() == {"failed", "new"}
    assert gpb("purge", "--json").json == {"dry_run": False, "jobs": [], "sent": 0}
