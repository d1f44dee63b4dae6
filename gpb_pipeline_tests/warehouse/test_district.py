from datetime import timedelta

from gpb_pipeline.warehouse import choices, district
from gpb_pipeline.warehouse.district import District
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import algebra, assignment, outcome, put_course, put_sync

TONIGHT = NOON + timedelta(days=1)


def put_district(warehouse: Warehouse) -> None:
    put_course(warehouse, "1", "Biology")
    put_course(warehouse, "2", "Algebra I")
    put_course(warehouse, "3", "Never synced")
    put_sync(warehouse, "old", algebra(), course_id="1", status="Failed")
    mended = outcome([assignment("s1", "a1", "created")])
    put_sync(warehouse, "new", mended, course_id="1", at=TONIGHT, status="Completed", type="nightly")
    put_sync(warehouse, "bad", algebra(), course_id="2", at=TONIGHT, type="nightly")
    warehouse.commit(choices.choose_nightly, ["1", "4"], enabled=True, by="Admin", at=NOON)


def read(warehouse: Warehouse, course_ids: frozenset[str] | None = None) -> District:
    return warehouse.read(district.district, since=TONIGHT, course_ids=course_ids)


def test_each_course_shows_its_last_sync_and_what_that_left_open(warehouse: Warehouse) -> None:
    put_district(warehouse)
    found = read(warehouse)
    assert [
        (line.name, line.last and line.last.job_id, line.errors, line.warnings, line.nightly)
        for line in found.courses
    ] == [
        ("Algebra I", "bad", 2, 3, False),
        ("Biology", "new", 0, 0, True),
        ("Course 4", None, 0, 0, True),
        ("Never synced", None, 0, 0, False),
    ]
    assert [job.job_id for job in found.unsuccessful] == ["bad"]
    assert {(cause.code, cause.items, cause.courses) for cause in found.causes} >= {
        ("assignment_refused", 1, frozenset({"2"}))
    }
    assert len(found.causes) == 5


def test_nothing_shows_of_a_course_that_was_not_asked_for(warehouse: Warehouse) -> None:
    put_district(warehouse)
    found = read(warehouse, frozenset({"1", "9"}))
    assert [line.course_id for line in found.courses] == ["1"]
    assert (found.causes, found.unsuccessful) == ([], [])
    assert warehouse.read(district.course_name, "1") == "Biology"
    assert warehouse.read(district.course_name, "9") is None
