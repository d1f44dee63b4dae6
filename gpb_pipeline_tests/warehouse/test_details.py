import json
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.warehouse import details, history, log_pages, tables
from gpb_pipeline.warehouse.details import Details
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Begun, End, Reached
from gpb_pipeline.warehouse.log_pages import ASSIGNMENTS, GRADES, Column, Wanted
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import (
    STAGES,
    STUDENTS,
    ZONE,
    algebra,
    assignment,
    grade,
    outcome,
    put_course,
    put_sync,
)


@pytest.fixture(scope="module")
def filled(one_warehouse: Warehouse) -> Warehouse:
    put_course(one_warehouse)
    put_sync(one_warehouse, "j1", algebra())
    put_sync(one_warehouse, "other", outcome([assignment("s1", "a1", "failed", "assignment_refused")]))
    return one_warehouse


def of_job(warehouse: Warehouse, job_id: str = "j1") -> Details:
    found = warehouse.read(details.of_job, job_id)
    assert found is not None
    return found


def test_details_are_exactly_the_object_that_others_rely_on(filled: Warehouse) -> None:
    read = json.loads(json.dumps(of_job(filled).as_json(ZONE), allow_nan=False))
    assert list(read) == ["job", "filtered", "assignments", "grades", "issues"]
    assert read["job"]["stage"] == STAGES[-1]
    assert read["filtered"] == {
        "sections": 2,
        "assignments": 2,
        "grades": 6,
        "extracted": {"sections": 3, "assignments": 5, "grades": 40},
    }
    assert read["assignments"][0] == {
        "assignment_id": "a2",
        "assignment_name": "Essay",
        "section_id": "s1",
        "sis_section_id": "SIS-s1",
        "sis_assignment_id": "li-s1-a2",
        "category": "Tests",
        "due_at": "2026-03-02T12:00:00-05:00",
        "state": "unchanged",
        "code": None,
        "sis_error": None,
    }
    (refused,) = [row for row in read["assignments"] if row["code"] == "assignment_refused"]
    assert refused["sis_error"] == "invaliddata: no such category"
    (undated,) = [row for row in read["assignments"] if row["code"] == "no_due_date"]
    assert (undated["due_at"], undated["category"]) == (None, None)
    assert read["grades"][0] == {
        "assignment_id": "a2",
        "assignment_name": "Essay",
        "sis_assignment_id": "li-s1-a2",
        "section_id": "s1",
        "sis_section_id": "SIS-s1",
        "student_id": "u1",
        "sis_student_id": "SIS-u1",
        "submitted_grade": 0.0,
        "exempt": True,
        "state": "unchanged",
        "code": None,
        "sis_error": None,
    }
    (unscored,) = [row for row in read["grades"] if row["code"] == "missing_without_score"]
    assert unscored["submitted_grade"] is None


def test_issues_are_counted_by_code_and_stage_errors_first(filled: Warehouse) -> None:
    found = of_job(filled).as_json(ZONE)["issues"]
    assert isinstance(found, list)
    assert [(row["code"], row["type"], row["stage"], row["count"]) for row in found] == [
        ("assignment_refused", "assignment", "Post Assignments", 1),
        ("student_not_on_roster", "grade", "Filter", 1),
        ("assignment_not_sent", "grade", "Filter", 1),
        ("missing_without_score", "grade", "Filter", 1),
        ("no_due_date", "assignment", "Filter", 1),
    ]
    assert list(found[0]) == ["code", "severity", "type", "message", "stage", "count"]


@given(st.lists(st.sampled_from([*Code, "of_another_version"]), max_size=30))
def test_every_line_of_the_issues_is_counted_once(codes: list[str]) -> None:
    counted = details.issue_counts(str(code) for code in codes)
    assert {each.code: each.count for each in counted} == Counter(str(code) for code in codes)


def test_a_course_that_stopped_says_where_and_why(warehouse: Warehouse) -> None:
    end = End(
        job_id="j",
        at=NOON,
        status="Failed",
        counts=Counts.none(),
        code="canvas_unreachable",
        cause="course 1: no answer. Try again.",
    )
    begun = Begun(job_id="j", course_id="1", type="nightly", posted_by="Admin", at=NOON)
    warehouse.commit(history.begin, [begun])
    warehouse.commit(history.reach, [Reached(job_id="j", stage="Get Grades", at=NOON)])
    warehouse.commit(history.end, [end])
    read = of_job(warehouse, "j").as_json(ZONE)
    assert read["issues"] == [
        {
            "code": "canvas_unreachable",
            "severity": "error",
            "type": "course",
            "message": "course 1: no answer. Try again.",
            "stage": "Get Grades",
            "count": 1,
        }
    ]
    assert warehouse.read(details.of_job, "none") is None


def test_the_states_of_a_log_add_up_to_its_rows(filled: Warehouse) -> None:
    counted = filled.read(log_pages.states, GRADES, "j1")
    assert counted == {"created": 2, "updated": 1, "unchanged": 1, "failed": 1, "skipped": 2, "withdrawn": 1}
    assert sum(filled.read(log_pages.states, ASSIGNMENTS, "j1").values()) == 5


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (Column.ASSIGNMENT, "assignment_name"),
        (Column.SECTION, "section_name"),
        (Column.STUDENT, "student_name"),
        (Column.GRADE, "score"),
        (Column.STATE, "state"),
    ],
)
def test_the_grades_log_sorts_by_each_column_either_way(filled: Warehouse, column: Column, name: str) -> None:
    up, down = (
        pd.Series([getattr(line, name) for line in lines], dtype=object).dropna().infer_objects()
        for lines in (
            filled.read(log_pages.lines, GRADES, "j1", Wanted(sort=column, descending=descending))
            for descending in (False, True)
        )
    )
    assert up.is_monotonic_increasing
    assert list(down) == list(up)[::-1]


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(assignment="a1"), 3),
        (Wanted(section="s2"), 2),
        (Wanted(student="u1", state="created"), 1),
        (Wanted(state="skipped"), 2),
        (Wanted(code="missing_without_score"), 1),
        (Wanted(code="no_due_date"), 1),  # which waits for its assignment
        (Wanted(code="no_due_date", state="created"), 0),
        (Wanted(log=True), 3),
        (Wanted(log=False), 5),
        (Wanted(assignment="nothing"), 0),
    ],
)
def test_the_grades_log_is_filtered(filled: Warehouse, wanted: Wanted, rows: int) -> None:
    page = filled.read(log_pages.page, GRADES, "j1", wanted)
    assert (page.total, len(page.lines)) == (rows, rows)


def test_a_grade_kept_back_by_its_assignment_has_the_assignments_line(filled: Warehouse) -> None:
    lines = filled.read(log_pages.lines, GRADES, "j1", Wanted(log=True))
    assert {line.code for line in lines} == {
        "student_not_on_roster",
        "assignment_not_sent",
        "missing_without_score",
    }


def test_pages_have_ten_rows_and_the_last_stands_for_those_beyond(warehouse: Warehouse) -> None:
    rows = [grade("s1", "a1", "u1", "created") | {"user_id": f"u{n:03}"} for n in range(25)]
    put_sync(warehouse, "j", outcome(grades=rows))
    sizes = [len(warehouse.read(log_pages.page, GRADES, "j", Wanted(), n).lines) for n in (1, 2, 3)]
    beyond = warehouse.read(log_pages.page, GRADES, "j", Wanted(), 99)
    before = warehouse.read(log_pages.page, GRADES, "j", Wanted(), -1)
    assert sizes == [10, 10, 5]
    assert (beyond.number, beyond.last, len(beyond.lines)) == (3, 3, 5)
    assert before.number == 1
    shown = [
        line.user_id
        for n in (1, 2, 3)
        for line in warehouse.read(log_pages.page, GRADES, "j", Wanted(), n).lines
    ]
    assert shown == [f"u{n:03}" for n in range(25)]


def test_filters_offer_what_the_log_has_by_name(filled: Warehouse) -> None:
    offered = filled.read(log_pages.choices, GRADES, "j1")
    assert [(each.value, each.label) for each in offered.sections] == [("s1", "Period 1"), ("s2", "Period 2")]
    assert {each.value: each.label for each in offered.students} == STUDENTS
    assert filled.read(log_pages.choices, ASSIGNMENTS, "j1").students == []


def test_a_result_whose_canvas_user_nobody_knows_is_a_line_and_no_choice(warehouse: Warehouse) -> None:
    row = grade("s1", "a1", "u1", "skipped", "orphan") | {"user_id": None, "student_name": ""}
    put_sync(warehouse, "j", outcome(grades=[row, grade("s1", "a1", "u2", "created")]))
    lines = warehouse.read(log_pages.lines, GRADES, "j", Wanted())
    assert [(line.user_id, line.code) for line in lines] == [(None, "orphan"), ("u2", None)]
    offered = warehouse.read(log_pages.choices, GRADES, "j")
    assert [each.value for each in offered.students] == ["u2"]


def test_a_line_shows_no_student_in_a_traceback(filled: Warehouse) -> None:
    line = filled.read(log_pages.lines, GRADES, "j1", Wanted(student="u1"))[0]
    assert "Ada" not in repr(line)
    assert tables.SIS_GRADES.name == GRADES.table
