from dataclasses import replace
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from gpb_pipeline.passback import frames as schemas
from gpb_pipeline.passback.course import CanvasRead, Course, SisRead
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Issues, Rows
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, frames, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.frames import CourseFrames
from gpb_pipeline.warehouse.table import Table, keyed
from gpb_pipeline_tests.warehouse.rows import DIGESTS, EXTRACTED, frame


def sections(course_id: str, job_id: str, *section_ids: str) -> CourseFrames:
    rows = frame(schemas.Sections, *({"section_id": section_id} for section_id in section_ids))
    return CourseFrames(
        course_id=course_id, job_id=job_id, frames={tables.CANVAS_SECTIONS: rows}, digests=DIGESTS
    )


def section_ids(warehouse: Warehouse, course_id: str) -> list[str]:
    rows = warehouse.read(frames.current, tables.CANVAS_SECTIONS, course_id)
    return sorted(rows["section_id"])


@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
def test_every_table_gives_back_exactly_the_rows_put_in(
    one_warehouse: Warehouse, table: Table[schemas.Frame]
) -> None:
    nullable = {name: None for name, column in table.schema.to_schema().columns.items() if column.nullable}
    allowed = {
        name: column.checks[0].statistics["allowed_values"][0]
        for name, column in table.schema.to_schema().columns.items()
        if column.checks
    }
    rows = frame(table.schema, allowed, allowed | nullable)
    stored = keyed(rows, **dict.fromkeys(table.keys, "1")) if table.keys else rows
    one_warehouse.commit(table.insert, stored)
    column = table.keys[0] if table.keys else next(iter(table.columns))
    read = one_warehouse.read(table.select, column, list(stored[column]))
    pd.testing.assert_frame_equal(read, rows)


def test_an_absent_score_is_null_to_an_analyst(warehouse: Warehouse) -> None:
    rows = keyed(frame(schemas.Submissions, {"score": None}), course_id="1", job_id="j")
    warehouse.commit(tables.CANVAS_SUBMISSIONS.insert, rows)
    query = "SELECT count(*) FROM warehouse.main.canvas_submissions WHERE score IS NULL"
    assert warehouse.read(lambda session: session.execute(query).fetchone()) == (1,)


def test_text_after_thousands_of_absent_values_stays_text(warehouse: Warehouse) -> None:
    many = [{"section_id": str(number), "sis_section_id": None} for number in range(5000)]
    rows = frame(schemas.Sections, *many, {"section_id": "x", "sis_section_id": "00012"})
    course = CourseFrames(course_id="1", job_id="j", frames={tables.CANVAS_SECTIONS: rows}, digests=DIGESTS)
    warehouse.commit(frames.replace, [course])
    read = warehouse.read(frames.current, tables.CANVAS_SECTIONS, "1")
    assert set(read["sis_section_id"]) == {None, "00012"}


def test_a_group_of_courses_is_replaced_together_and_others_stay(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        first = [sections(course, "j1", f"{course}-a", f"{course}-b") for course in ("1", "2", "3")]
        warehouse.commit(frames.replace, first)
        second = [sections("1", "j2", "1-c"), sections("2", "j2")]
        warehouse.commit(frames.replace, second)
        assert section_ids(warehouse, "1") == ["1-c"]
        assert section_ids(warehouse, "2") == []
        assert section_ids(warehouse, "3") == ["3-a", "3-b"]
        assert section_ids(warehouse, "4") == []


def test_a_column_that_a_new_version_has_is_added_to_an_old_table(warehouse: Warehouse) -> None:
    def age(session: ducklake.Connection) -> None:
        session.execute("ALTER TABLE warehouse.main.canvas_sections DROP COLUMN sis_section_id")

    warehouse.commit(frames.replace, [sections("1", "j", "a")])
    warehouse.commit(age)
    warehouse.commit(tables.create)
    read = warehouse.read(frames.current, tables.CANVAS_SECTIONS, "1")
    assert list(read["sis_section_id"]) == [None]


def test_what_a_sync_reads_and_judges_fills_every_current_table(warehouse: Warehouse) -> None:
    course = Course(
        course_id="1",
        name="Biology",
        sis_course_id=None,
        time_zone=ZoneInfo("America/New_York"),
        workflow_state="available",
        concluded=False,
        blueprint=False,
    )
    canvas = CanvasRead(
        course=course,
        columns={
            schemas.Sections: frame(schemas.Sections, {}),
            schemas.Enrollments: frame(schemas.Enrollments, {}),
            schemas.AssignmentGroups: frame(schemas.AssignmentGroups, {}),
            schemas.Assignments: frame(schemas.Assignments, {}),
            schemas.Overrides: frame(schemas.Overrides, {"target": "section"}),
            schemas.Submissions: frame(schemas.Submissions, {}),
        },
    )
    sis = SisRead(
        columns={
            schemas.SisClasses: frame(schemas.SisClasses, {}),
            schemas.SisRoster: frame(schemas.SisRoster, {}),
            schemas.SisCategories: frame(schemas.SisCategories, {}),
            schemas.SisGradingPeriods: frame(schemas.SisGradingPeriods, {}),
        }
    )
    judgement = Rows(
        assignments=frame(AssignmentRows, {"state": "eligible"}),
        grades=frame(GradeRows, {"state": "eligible"}),
        issues=schemas.empty(Issues),
        extracted=EXTRACTED,
    )
    left = frames.of_sync("1", "j", canvas, sis, judgement)
    assert {*left.frames, tables.FRAME_DIGESTS} == set(tables.CURRENT)
    warehouse.commit(frames.replace, [left])
    for table, rows in left.frames.items():
        pd.testing.assert_frame_equal(warehouse.read(frames.current, table, "1"), rows)


def test_a_frame_that_is_as_it_was_is_not_written_again(warehouse: Warehouse) -> None:
    def left(job_id: str, *section_ids: str, digest: str) -> CourseFrames:
        return replace(sections("1", job_id, *section_ids), digests={tables.CANVAS_SECTIONS.name: digest})

    def of() -> list[tuple[str, str]]:
        query = "SELECT job_id, section_id FROM warehouse.main.canvas_sections"
        return warehouse.read(lambda session: session.execute(query).fetchall())

    warehouse.commit(frames.replace, [left("one", "s1", digest="a"), sections("2", "one", "s3")])
    warehouse.commit(frames.replace, [left("two", "s1", digest="a"), sections("2", "two", "s3")])
    assert sorted(of()) == [("one", "s1"), ("two", "s3")]
    warehouse.commit(frames.replace, [left("three", "s2", digest="b")])
    assert sorted(of()) == [("three", "s2"), ("two", "s3")]
    warehouse.commit(frames.write_anew, ["1"])
    warehouse.commit(frames.replace, [left("four", "s2", digest="b")])
    assert sorted(of()) == [("four", "s2"), ("two", "s3")]
