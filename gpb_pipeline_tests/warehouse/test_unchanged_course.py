"""A real course, synced twice: what the lake says that its second sync wrote of the holdings."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gpb_pipeline.events import CourseSynced
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import SyncRequest, open_connections
from gpb_pipeline.warehouse import ducklake, tables
from gpb_pipeline_tests.sync.days import School
from gpb_pipeline_tests.warehouse.lake import changed_rows, snapshot

COURSE = "10001"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Its SIS chooses the ids, so that intents come before."""
    size = "courses=1,seed=3,students=6,assignments=4,sections=2"
    with running_sandbox(size, today=date(2026, 11, 24), id_mode="provider") as running:
        yield running


@pytest.fixture
def lake(
    either: WarehouseSettings, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> WarehouseSettings:
    sandbox.reset()
    monkeypatch.chdir(tmp_path)
    assert either.data_path is not None
    here = {"GPB_CATALOG": either.catalog, "GPB_DATA_PATH": either.data_path}
    for name, value in (sandbox.environment | here).items():
        monkeypatch.setenv(name, value)
    return either


def synced(job_id: str) -> CourseSynced:
    with open_connections() as connections:
        request = SyncRequest(job_id=job_id, course_id=COURSE, posted_by="a test")
        [*_, end] = sync_courses(connections, [request])
    assert isinstance(end, CourseSynced)
    return end


def test_an_unchanged_course_writes_no_holding_and_one_grade_writes_one(
    lake: WarehouseSettings, sandbox: Sandbox
) -> None:
    with ducklake.connect(lake, tables.create) as warehouse:
        first = synced("first")
        assert first.counts.results.created > 20
        since = snapshot(warehouse)
        assert synced("second").counts.results.sent == 0
        assert changed_rows(warehouse, since) == {}
        School(sandbox, seed=1).rescores(COURSE, 1)
        since = snapshot(warehouse)
        assert synced("third").counts.results.created == 1
        assert changed_rows(warehouse, since) == {"holdings_results": (1, 1)}
