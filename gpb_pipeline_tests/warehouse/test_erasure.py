"""What was removed leaves the disk, on either catalogue, and what stays is found as before."""

from pathlib import Path

import psycopg

from gpb_pipeline.passback import frames as schemas
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, erasure, forget, frames, student_list, tables
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.erasure import Looked
from gpb_pipeline.warehouse.frames import CourseFrames
from gpb_pipeline.warehouse.student_list import KnownStudent
from gpb_pipeline_tests.warehouse.rows import DIGESTS, NOON, frame

GONE = "zz-Ottilie Canary-van-den-Boomgaard-zu-Lichtenwald"
STAY = ("aa-first", "mm-middle", "pp-last")


def put(warehouse: Warehouse, course_id: str, *names: str) -> None:
    rows = frame(
        schemas.Enrollments,
        *({"user_id": f"id-{name}", "sis_user_id": f"sis-{name}", "student_name": name} for name in names),
    )
    course = CourseFrames(
        course_id=course_id, job_id="j", frames={tables.CANVAS_ENROLLMENTS: rows}, digests=DIGESTS
    )
    warehouse.commit(frames.replace, [course])


def names_found(session: Connection) -> list[str]:
    """Look for each by its name, as a reader does that goes by the minima and maxima."""
    where = f"SELECT student_name FROM {tables.CANVAS_ENROLLMENTS.qualified} WHERE student_name = $1"  # noqa: S608
    return [name for each in (*STAY, "yy-new") for (name,) in session.execute(where, [each]).fetchall()]


def proof(warehouse: Warehouse, student: KnownStudent) -> list[Looked]:
    return [
        erasure.rows_held(warehouse, student),
        erasure.files_held(warehouse),
        erasure.statistics_held(warehouse, student),
    ]


def catalogue(settings: WarehouseSettings) -> str:
    """All that the catalogue's own database says, as text: the file, or its tables that have statistics."""
    if settings.embedded_catalog is not None:
        return settings.embedded_catalog.read_bytes().decode("latin-1")
    with psycopg.connect(settings.catalog.removeprefix("postgres:")) as session:
        return str(
            [
                session.execute(f"SELECT * FROM {name}".encode()).fetchall()  # noqa: S608
                for name in ("ducklake_table_column_stats", "ducklake_file_column_stats", "pg_stats")
            ]
        )


def test_who_was_removed_is_in_no_file_and_no_catalogue_and_the_others_are_found(
    either: WarehouseSettings,
) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        put(warehouse, "1", STAY[0], GONE)
        put(warehouse, "2", *STAY[1:], GONE)
        [student] = warehouse.read(student_list.named, f"id-{GONE}").values()
        warehouse.commit(forget.student, student, by="a test", at=NOON)
        rows, files, minima = proof(warehouse, student)
        assert (rows.hits, files.hits > 0, minima.hits > 0) == (0, True, True)
        erasure.off_the_disk(warehouse)
    erasure.shrink(either)
    with ducklake.connect(either) as warehouse:
        assert [each.hits for each in proof(warehouse, student)] == [0, 0, 0]
        assert GONE not in catalogue(either)
        assert not any(
            GONE.encode() in path.read_bytes() for path in Path(either.data_path).rglob("*.parquet")
        )
        assert warehouse.read(names_found) == [*STAY]
        put(warehouse, "3", "yy-new")  # which the narrowed minima and maxima are widened by again
        assert warehouse.read(names_found) == [*STAY, "yy-new"]
        assert warehouse.read(student_list.everybody).has("student_id", f"sis-{GONE}") is False
        assert warehouse.read(student_list.everybody).has("sis_user_id", f"sis-{GONE}")


def test_text_is_looked_through_by_whole_words(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(
        "at 1795748921.100200: 100200.5 s, course 20013 of 2001: Ann Other, id S-100200300\n"
    )
    student = KnownStudent(
        ids={
            "user_id": frozenset({"2001"}),
            "sis_user_id": frozenset({"100200"}),
            "student_id": frozenset(),
        },
        names=frozenset({"Ann Othe"}),
    )
    assert erasure.text_held(student, [tmp_path]).hits == 0
    (tmp_path / "other").write_text("Ann Othe")
    looked = erasure.text_held(student, [tmp_path, tmp_path / "nowhere"])
    assert (looked.hits, looked.found_in) == (1, (str(tmp_path / "other"),))
    (tmp_path / "log").write_text("sent for 100200.")  # an id that ends a sentence
    assert erasure.text_held(student, [tmp_path]).hits == 2
