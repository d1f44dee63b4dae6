from datetime import timedelta

from gpb_pipeline.settings import RetentionSettings
from gpb_pipeline.warehouse import maintenance, trace
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.trace import Trace
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import ZONE, grade, outcome, put_course, put_sync


def history_of_a_grade(warehouse: Warehouse) -> None:
    put_course(warehouse)
    for days, (state, score, poster) in enumerate(
        [("created", 8.0, "Ms. Frizzle"), ("updated", 9.0, "Admin"), ("unchanged", 9.0, "Admin")]
    ):
        came = outcome(
            grades=[grade("s1", "a1", "u1", state, score=score), grade("s1", "a1", "u2", "created")]
        )
        put_sync(warehouse, f"j{days}", came, at=NOON + timedelta(days=days), posted_by=poster)


def said(score: float) -> str:
    return f"score {score:g}, submission graded"


def of_grade(warehouse: Warehouse, course_id: str = "1", student: str = "u1") -> Trace:
    return warehouse.read(trace.of_grade, course_id, student_id=student, assignment_id="a1")


def test_every_value_sent_is_told_with_who_posted_it_and_what_canvas_said(warehouse: Warehouse) -> None:
    history_of_a_grade(warehouse)
    traced = of_grade(warehouse)
    assert (traced.student_name, traced.assignment_name) == ("Ada Lovelace", "Quiz")
    assert [(write.job_id, write.action, write.score, write.posted_by) for write in traced.writes] == [
        ("j1", "updated", 9.0, "Admin"),
        ("j0", "created", 8.0, "Ms. Frizzle"),
    ]
    assert [write.canvas_state for write in traced.writes] == [said(9.0), said(8.0)]
    assert [(last.job_id, last.state, last.canvas_state) for last in traced.last] == [
        ("j2", "unchanged", said(9.0))
    ]


def test_what_stays_behind_in_another_class_is_told_beside_what_goes(warehouse: Warehouse) -> None:
    put_course(warehouse)
    behind = {"class_id": "c1", "covered": False, "canvas_score": None}
    rows = [
        grade("s1", "a1", "u1", "skipped", "moved", **behind),
        grade("s1", "a1", "u1", "created", score=9.0, class_id="c2"),
    ]
    put_sync(warehouse, "j0", outcome(grades=[grade("s1", "a1", "u1", "created", score=8.0)]))
    put_sync(warehouse, "j1", outcome(grades=rows), at=NOON + timedelta(days=1))
    assert [(last.job_id, last.code, last.canvas_state) for last in of_grade(warehouse).last] == [
        ("j1", None, said(9.0)),
        ("j1", "moved", "not in this read"),
    ]


def test_a_purge_forgets_neither_what_was_sent_nor_by_whom(warehouse: Warehouse) -> None:
    history_of_a_grade(warehouse)
    gone = warehouse.commit(maintenance.purge, now=NOON + timedelta(days=400))
    assert [job.job_id for job in gone] == ["j1", "j0"]
    writes = of_grade(warehouse).writes
    assert [(write.posted_by, write.in_history) for write in writes] == [
        ("Admin", False),
        ("Ms. Frizzle", False),
    ]


def test_what_was_sent_goes_at_its_age_where_the_district_says_so(warehouse: Warehouse) -> None:
    history_of_a_grade(warehouse)
    kept = RetentionSettings(sent_days=400)
    then = NOON + timedelta(days=400, hours=1)
    assert warehouse.read(maintenance.sent_past_age, now=then, settings=kept) == 2
    assert warehouse.read(maintenance.sent_past_age, now=then, settings=RetentionSettings()) == 0
    warehouse.commit(maintenance.purge, now=then, settings=kept)
    assert warehouse.read(maintenance.sent_past_age, now=then, settings=kept) == 0
    assert [write.job_id for write in of_grade(warehouse).writes] == ["j1"]


def test_a_grade_of_another_course_is_not_told(warehouse: Warehouse) -> None:
    history_of_a_grade(warehouse)
    other = of_grade(warehouse, "2")
    assert (other.writes, other.last, other.student_name) == ([], [], None)


def test_the_object_for_programs_has_times_with_their_offset(warehouse: Warehouse) -> None:
    history_of_a_grade(warehouse)
    read = of_grade(warehouse).as_json(ZONE)
    assert read["sent"] == [
        {
            "time_sent": f"2026-03-0{day}T12:00:00-05:00",
            "action": action,
            "submitted_grade": score,
            "exempt": False,
            "section_id": "s1",
            "job_id": job_id,
            "type": "manual",
            "posted_by": poster,
            "canvas_said": said(score),
            "sis_assignment_id": "li-s1-a1",
            "sis_result_id": "result_id-0",
        }
        for day, action, score, job_id, poster in (
            (3, "updated", 9.0, "j1", "Admin"),
            (2, "created", 8.0, "j0", "Ms. Frizzle"),
        )
    ]


def test_what_is_private_is_not_in_a_repr(warehouse: Warehouse) -> None:
    history_of_a_grade(warehouse)
    told = repr(of_grade(warehouse))
    assert "Ada" not in told
    assert "9.0" not in told
