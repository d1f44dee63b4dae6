"""What becomes of readers and writers whose PostgreSQL session breaks: none is lost, and none is doubled."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest
import requests

from gpb_pipeline.errors import TransientError
from gpb_pipeline.settings import NightlySettings, WarehouseSettings, WebSettings
from gpb_pipeline.warehouse import ducklake, tables
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline_tests.postgres import Postgres, line_to
from gpb_pipeline_tests.warehouse.syncs import put_stop
from gpb_pipeline_tests.web.serving import served


def rows(session: Connection) -> int:
    [(number,)] = session.execute("SELECT count(*) FROM warehouse.main.t").fetchall()
    return int(number)


def make(session: Connection) -> None:
    session.execute("CREATE TABLE warehouse.main.t (n INTEGER)")


def add(session: Connection) -> str:
    session.execute("INSERT INTO warehouse.main.t VALUES (1)")
    return "added"


def test_pages_are_there_again_as_soon_as_postgresql_is(
    postgres: Postgres, scaled_out: WarehouseSettings
) -> None:
    with (
        ducklake.connect(scaled_out, tables.create) as warehouse,
        served(warehouse, WebSettings(), NightlySettings()) as url,
    ):
        put_stop(warehouse, "job", course_id="1")
        page = f"{url}/courses/1"
        assert requests.get(page, timeout=60).status_code == 200
        postgres.stop()
        try:
            away = requests.get(page, timeout=60)
        finally:
            postgres.start()
        assert away.status_code == 503
        assert "Check GPB_CATALOG" in away.text
        assert requests.get(page, timeout=60).status_code == 200


def test_a_reader_whose_session_broke_unseen_notices_nothing(
    postgres: Postgres, scaled_out: WarehouseSettings
) -> None:
    with ducklake.connect(scaled_out) as warehouse:
        warehouse.commit(make)
        warehouse.commit(add)
        for _ in range(2):
            postgres.stop()
            postgres.start()
            assert warehouse.read(rows) == 1
        seen = []

        def interrupted(session: Connection) -> int:
            seen.append(rows(session))
            if len(seen) == 1:
                postgres.stop()
                postgres.start()
            return rows(session)

        assert (warehouse.read(interrupted), seen) == (1, [1, 1])


def test_readers_abreast_outlive_restarts(postgres: Postgres, scaled_out: WarehouseSettings) -> None:
    """DuckDB aborts the process that closes another's session in a transaction whose server is gone."""
    over = Event()

    def read(warehouse: Warehouse) -> int:
        seen = 0
        while not over.is_set():
            with suppress(TransientError):  # it is away for longer than a reader waits
                seen = warehouse.read(rows)
        return seen

    with ducklake.connect(scaled_out) as warehouse, ThreadPoolExecutor(3) as readers:
        warehouse.commit(make)
        warehouse.commit(add)
        reading = [readers.submit(read, warehouse) for _ in range(3)]
        try:
            for _ in range(4):
                time.sleep(0.5)  # each is in the midst of something
                postgres.stop()
                postgres.start()
        finally:
            over.set()
        assert [each.result() for each in reading] == [1, 1, 1]
        assert warehouse.read(rows) == 1


def test_a_reader_whose_session_breaks_at_its_end_reads_again(
    postgres: Postgres, scaled_out: WarehouseSettings
) -> None:
    """DuckDB calls it a failed commit, as it does a conflict."""
    tried = []

    def interrupted(session: Connection) -> int:
        tried.append(rows(session))
        if len(tried) == 1:
            postgres.stop()
            postgres.start()
        return tried[-1]

    with ducklake.connect(scaled_out) as warehouse:
        warehouse.commit(make)
        assert (warehouse.read(interrupted), len(tried)) == (0, 2)


@pytest.mark.parametrize("then", ["SELECT 1", "CALL ducklake_merge_adjacent_files('warehouse')"])
def test_a_commit_that_meets_a_restart_is_made_once(
    postgres: Postgres, scaled_out: WarehouseSettings, then: str
) -> None:
    tried = []

    def interrupted(session: Connection) -> str:
        told = add(session)
        tried.append(told)
        if len(tried) == 1:
            postgres.stop()
            postgres.start()
            session.execute(then)
        return told

    with ducklake.connect(scaled_out) as warehouse:
        warehouse.commit(make)
        assert warehouse.commit(interrupted) == "added"
        assert (len(tried), warehouse.read(rows)) == (2, 1)


def test_a_commit_whose_answer_alone_was_lost_is_not_made_again(scaled_out: WarehouseSettings) -> None:
    tried = []
    with line_to(scaled_out.catalog) as (line, catalog):
        over = scaled_out.model_copy(update={"catalog": catalog})

        def unanswered(session: Connection) -> str:
            tried.append(line.loses_commit)
            line.loses_commit = line.lost == 0
            return add(session)

        with ducklake.connect(over) as warehouse:
            warehouse.commit(make)
            assert warehouse.commit(unanswered) == "added"
            assert (line.lost, len(tried), warehouse.read(rows)) == (1, 1, 1)


def test_a_writer_that_finds_no_postgresql_is_told_that_it_passes(
    postgres: Postgres, scaled_out: WarehouseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ducklake, "COMMIT_PATIENCE", 0.5)
    with ducklake.connect(scaled_out) as warehouse:
        warehouse.commit(make)
        postgres.stop()
        try:
            with pytest.raises(TransientError) as away:
                warehouse.commit(add)
        finally:
            postgres.start()
        assert away.value.code == "warehouse_unavailable"
        warehouse.commit(add)
        assert warehouse.read(rows) == 1
