from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from gpb_pipeline.passback import frames as schemas
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, frames, maintenance, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.frames import CourseFrames
from gpb_pipeline_tests.warehouse.rows import DIGESTS, frame


def files(settings: WarehouseSettings) -> list[Path]:
    return list(Path(settings.data_path).rglob("*.parquet"))


def values(path: Path) -> str:
    """All that a file of data holds, deleted rows too."""
    return str(duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall())  # noqa: S608


def test_compacting_leaves_fewer_files_and_the_same_rows(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        for number in range(6):
            rows = frame(schemas.Sections, *({"section_id": f"{number}-{n}"} for n in range(40)))
            course = CourseFrames(
                course_id=str(number % 3), job_id="j", frames={tables.CANVAS_SECTIONS: rows}, digests=DIGESTS
            )
            warehouse.commit(frames.replace, [course])
        many = len(files(either))
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        maintenance.compact(warehouse, keep=timedelta(0), now=tomorrow)
        assert len(files(either)) < many
        read = warehouse.read(frames.current, tables.CANVAS_SECTIONS, "2")
        assert sorted(read["section_id"]) == sorted(f"5-{n}" for n in range(40))


def test_compacting_an_empty_warehouse_does_no_harm(warehouse: Warehouse) -> None:
    maintenance.compact(warehouse)
    maintenance.compact(warehouse)


def test_what_was_removed_is_in_no_file_after_a_sunday(warehouse: Warehouse) -> None:
    """A row of many that its age has removed: its file has too little deleted to be written anew at once."""
    rows = frame(schemas.Sections, *({"section_id": f"zz-{n}-zz"} for n in range(40)))
    course = CourseFrames(course_id="1", job_id="j", frames={tables.CANVAS_SECTIONS: rows}, digests=DIGESTS)
    warehouse.commit(frames.replace, [course])
    warehouse.commit(tables.CANVAS_SECTIONS.delete, "section_id", ["zz-7-zz"])
    monday = datetime.now(UTC) + timedelta(days=7 - datetime.now(UTC).weekday())
    found = {}
    for day in (monday, monday + timedelta(days=6)):
        maintenance.compact(warehouse, keep=timedelta(0), now=day)
        found[day.weekday()] = sum("zz-7-zz" in values(path) for path in files(warehouse.settings))
    assert found == {0: 1, 6: 0}
    assert len(warehouse.read(frames.current, tables.CANVAS_SECTIONS, "1")) == 39
