"""What only a look at every table shows: keys that are there twice, and rows that are miscounted."""

import pytest

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, soundness, tables
from gpb_pipeline.warehouse.ducklake import METADATA, Connection, Warehouse
from gpb_pipeline_tests.warehouse.syncs import algebra, put_course, put_sync

AGAIN = "INSERT INTO warehouse.main.{0} SELECT * FROM warehouse.main.{0} LIMIT 1"
COME_BACK = f"UPDATE {METADATA}.ducklake_data_file SET end_snapshot = NULL"  # noqa: S608
MISCOUNTED = f"UPDATE {METADATA}.ducklake_data_file SET record_count = record_count + 1"  # noqa: S608


@pytest.mark.parametrize("at_once", [soundness.AT_ONCE, 2], ids=["at once", "in parts"])
def test_keys_that_are_there_twice_are_told_by_table(
    either: WarehouseSettings, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(soundness, "AT_ONCE", at_once)
    with ducklake.connect(either, tables.create) as warehouse:
        put_sync(warehouse, "first", algebra())
        put_sync(warehouse, "second", algebra())  # the same rows in another job's logs
        put_course(warehouse, "1", "Algebra")
        put_course(warehouse, "1", "Algebra II")
        assert soundness.require_sound(warehouse) > 0

        def twice(session: Connection) -> None:
            session.execute(AGAIN.format("job_ends"))
            session.execute(AGAIN.format("sis_grades"))

        warehouse.commit(twice)
        with pytest.raises(PermanentError) as told:
            soundness.require_sound(warehouse)
        assert told.value.what == "sis_grades has 1 keys twice; job_ends has 1 keys twice"


def test_rows_that_came_back_and_rows_that_are_miscounted_are_told(warehouse: Warehouse) -> None:
    put_course(warehouse, "1", "Algebra")
    put_course(warehouse, "1", "Algebra II")
    warehouse.commit(lambda session: session.execute(COME_BACK))
    warehouse.commit(lambda session: session.execute(MISCOUNTED))
    with pytest.raises(PermanentError) as told:
        soundness.require_sound(warehouse)
    assert "canvas_sections has 2 keys twice" in str(told.value)
    assert "canvas_courses has 2 rows, and the catalogue counts 4" in str(told.value)
