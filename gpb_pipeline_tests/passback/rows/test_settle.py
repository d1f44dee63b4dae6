"""What came of a plan: every answer of the SIS, and none, until each row is in its final state."""

from gpb_pipeline.passback.rows.settle import after_assignments, settle
from gpb_pipeline_tests.passback.courses import School, assignment, scored, student, two_sections, unscored
from gpb_pipeline_tests.passback.syncs import (
    Key,
    Sis,
    answers_to_items,
    answers_to_results,
    assignments_of,
    codes,
    grades_of,
    planned,
    posted,
    synced,
    the_assignment,
    the_grade,
    willing,
)

REFUSED: frozenset[Key] = frozenset({("1", "10")})


def test_accepted_writes_are_created_updated_and_withdrawn() -> None:
    school = two_sections(
        students=[student("a", "1"), student("b", "2"), student("c", "1")],
        submissions=[scored(8, "a"), scored(9, "b")],
    )
    outcome = posted(planned(school))
    assert set(assignments_of(outcome).values()) == set(grades_of(outcome).values()) == {("created", None)}
    later = school.with_(submissions=[scored(7, "a"), unscored("b"), scored(5, "c")])
    assert grades_of(posted(planned(later, synced(school)))) == {
        ("1", "10", "a"): ("updated", None),
        ("2", "10", "b"): ("withdrawn", None),
        ("1", "10", "c"): ("created", None),
    }


def test_a_withdrawn_grade_has_no_score_any_more() -> None:
    outcome = posted(planned(School(submissions=[unscored()]), synced(School())))
    assert outcome.grades["score"].isna().all()


def test_a_withdrawal_that_is_refused_fails_and_keeps_the_score() -> None:
    plan = planned(School(submissions=[unscored()]), synced(School()))
    outcome = posted(plan, willing(plan, refuses=frozenset({("1", "10", "a")})))
    assert the_grade(outcome) == ("failed", "sis_refused")
    assert outcome.grades["score"].to_list() == [8.0]


def test_ids_that_the_sis_chose_reach_the_grades_before_they_are_sent() -> None:
    plan = planned(two_sections())
    followed = after_assignments(plan, answers_to_items(plan, Sis(chooses_ids=True)))
    assert dict(zip(followed.grades["section_id"], followed.grades["line_item_id"], strict=True)) == {
        "1": "sis-1",
        "2": "sis-2",
    }
    outcome = posted(plan, Sis(chooses_ids=True))
    assert outcome.assignments["line_item_id"].to_list() == ["sis-1", "sis-2"]
    assert outcome.grades["result_id"].str.startswith("sis-").all()


def test_a_refused_line_item_fails_its_grades_told_once_an_assignment() -> None:
    school = two_sections(
        students=[student("a", "1"), student("c", "1"), student("b", "2")],
        submissions=[scored(8, "a"), scored(8, "c"), scored(9, "b")],
    )
    outcome = posted(planned(school), Sis(refuses=REFUSED))
    assert assignments_of(outcome) == {
        ("1", "10"): ("failed", "assignment_refused"),
        ("2", "10"): ("created", None),
    }
    assert grades_of(outcome) == {
        ("1", "10", "a"): ("failed", "assignment_not_sent"),
        ("1", "10", "c"): ("failed", "assignment_not_sent"),
        ("2", "10", "b"): ("created", None),
    }
    assert codes(outcome) == ["assignment_not_sent", "assignment_refused"]
    told = outcome.issues.set_index("code")
    assert told.loc["assignment_refused", "sis_error"] == "422 not so"
    assert told.loc["assignment_not_sent", "detail"] == "2 grades"


def test_a_refused_update_keeps_unchanged_grades_and_lets_withdrawals_go() -> None:
    school = School(
        students=[student("a"), student("b"), student("c")],
        submissions=[scored(8, "a"), scored(8, "b"), scored(8, "c")],
    )
    renamed = school.with_(
        assignments=[assignment(assignment_name="Other")],
        submissions=[scored(8, "a"), scored(9, "b"), unscored("c")],
    )
    plan = planned(renamed, synced(school))
    assert grades_of(posted(plan, willing(plan, refuses=REFUSED))) == {
        ("1", "10", "a"): ("unchanged", None),
        ("1", "10", "b"): ("failed", "assignment_not_sent"),
        ("1", "10", "c"): ("withdrawn", None),
    }


def test_a_refused_grade_costs_itself_alone() -> None:
    outcome = posted(planned(two_sections()), Sis(refuses=frozenset({("1", "10", "a")})))
    assert grades_of(outcome) == {
        ("1", "10", "a"): ("failed", "sis_refused"),
        ("2", "10", "b"): ("created", None),
    }
    assert outcome.grades.set_index("user_id")["sis_error"].to_dict() == {"a": "422 not so", "b": None}
    assert codes(outcome) == ["sis_refused"]


def test_what_was_never_tried_is_failed_as_stopped() -> None:
    plan = planned(two_sections())
    first = plan.assignments.index[plan.assignments["section_id"] == "1"]
    items = {row: answer for row, answer in answers_to_items(plan).items() if row in first}
    followed = after_assignments(plan, items)
    outcome = settle(followed, items, {})
    assert assignments_of(outcome) == {
        ("1", "10"): ("created", None),
        ("2", "10"): ("failed", "assignment_stopped"),
    }
    assert grades_of(outcome) == {
        ("1", "10", "a"): ("failed", "sync_stopped"),
        ("2", "10", "b"): ("failed", "assignment_not_sent"),
    }
    assert codes(outcome) == ["assignment_not_sent", "assignment_stopped", "sync_stopped"]


def test_rows_that_do_not_go_stay_as_they_are() -> None:
    school = School(
        students=[student("a"), student("b"), student("c")],
        submissions=[scored(8, "a"), scored(8, "b", posted_at=None), scored(8, "c")],
        off_roster=frozenset({"C"}),
    )
    outcome = posted(planned(school))
    assert grades_of(outcome) == {
        ("1", "10", "a"): ("created", None),
        ("1", "10", "b"): ("skipped", "hidden"),
        ("1", "10", "c"): ("failed", "student_not_on_roster"),
    }
    assert codes(outcome) == ["hidden", "student_not_on_roster"]


def test_an_unchanged_course_stays_unchanged() -> None:
    outcome = posted(planned(School(), synced(School())))
    assert (the_assignment(outcome), the_grade(outcome)) == (("unchanged", None), ("unchanged", None))


def test_nothing_at_all_settles_to_nothing() -> None:
    outcome = posted(planned(School(sections=[], students=[], submissions=[])))
    assert len(outcome.assignments) == len(outcome.grades) == len(outcome.issues) == 0


def test_answers_leave_the_plan_as_it_was() -> None:
    plan = planned(two_sections())
    states = plan.grades["state"].to_list()
    sis = Sis(refuses=REFUSED)
    settle(plan, answers_to_items(plan, sis), answers_to_results(plan, sis))
    assert plan.grades["state"].to_list() == states
