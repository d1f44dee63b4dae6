from dataclasses import replace
from datetime import timedelta

from gpb_pipeline.warehouse import choices, district, history, open_causes
from gpb_pipeline.warehouse.district import District
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import algebra, assignment, issue, outcome, put_course, put_sync

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
    return warehouse.read(district.district, course_ids=course_ids)


def test_each_course_shows_its_last_sync_and_what_that_left_open(warehouse: Warehouse) -> None:
    put_district(warehouse)
    found = read(warehouse)
    assert [
        (line.name, line.last and line.last.job_id, line.errors, line.warnings, line.nightly)
        for line in found.courses
    ] == [
        ("Algebra I", "bad", 2, 2, False),
        ("Biology", "new", 0, 0, True),
        ("Course 4", None, 0, 0, True),
        ("Never synced", None, 0, 0, False),
    ]
    assert {(cause.code, cause.items, cause.courses) for cause in found.causes} >= {
        ("assignment_refused", 1, frozenset({"2"}))
    }
    assert len(found.causes) == 4


def test_what_only_follows_is_told_with_its_cause_and_what_stopped_a_sync_comes_first(
    warehouse: Warehouse,
) -> None:
    put_district(warehouse)
    job = warehouse.read(history.job, "bad")
    assert job is not None
    stopped = replace(job, status="Failed", code="canvas_access", cause="course 2: Canvas answered 403.")
    met = warehouse.read(open_causes.of_jobs, [stopped])["bad"]
    assert [(each.code, each.meaning.who, each.items, each.waiting) for each in met] == [
        ("canvas_access", "Canvas admin", 1, 0),
        ("assignment_refused", "SIS admin", 1, 0),
        ("student_not_on_roster", "SIS admin", 1, 0),
        ("missing_without_score", "instructor", 1, 0),
        ("no_due_date", "instructor", 1, 1),
    ]


def test_what_follows_no_cause_on_record_is_told_for_itself(warehouse: Warehouse) -> None:
    put_course(warehouse, "2", "Algebra I")
    alone = outcome(issues=[issue("assignment_not_sent", "s1", "a3", detail="7 grades")])
    put_sync(warehouse, "bad", alone, course_id="2")
    [cause] = read(warehouse).causes
    assert (cause.code, cause.items) == ("assignment_not_sent", 7)


def test_nothing_shows_of_a_course_that_was_not_asked_for(warehouse: Warehouse) -> None:
    put_district(warehouse)
    found = read(warehouse, frozenset({"1", "9"}))
    assert [line.course_id for line in found.courses] == ["1"]
    assert found.causes == []
    assert warehouse.read(district.course_name, "1") == "Biology"
    assert warehouse.read(district.course_name, "9") is None
