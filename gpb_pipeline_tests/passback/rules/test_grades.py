"""Which grades may go: every kind of cell, sent before and not; and whose grades are in scope."""

from typing import Any

import pandas as pd
import pytest

from gpb_pipeline.passback.course import Selection
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS, Holdings
from gpb_pipeline.passback.holdings.identity import result_id
from gpb_pipeline_tests.passback.courses import (
    POSTED,
    School,
    assignment,
    override,
    scored,
    section,
    student,
    two_sections,
    unscored,
)
from gpb_pipeline_tests.passback.syncs import Said, codes, grades_of, judged, planned, synced, the_grade

GOES: Said = ("eligible", None)
LEFT = ("skipped", "orphan")


def cell(row: dict[str, Any]) -> School:
    """One student's cell, beside another's score that lets the assignment go."""
    return School(students=[student("a"), student("z")], submissions=[row, scored(5, "z")])


def said_of(row: dict[str, Any], before: Holdings = NO_HOLDINGS) -> tuple[Said | None, list[str]]:
    """State and code of the cell, and the codes of all issues."""
    result = judged(cell(row), before)
    return grades_of(result).get(("1", "10", "a")), codes(result)


EXCUSED: dict[str, Any] = {"excused": True, "posted_at": POSTED}

FIRST_TIME: dict[str, tuple[dict[str, Any], Said | None, list[str]]] = {
    "a score": (scored(8), GOES, []),
    "zero": (scored(0), GOES, []),
    "a score by the missing policy": (scored(0, missing=True), GOES, []),
    "a score on late work": (scored(6.5, late=True), GOES, []),
    "a letter, with its score": (scored(8, grade="B"), GOES, []),
    "complete, with its score": (scored(10, grade="complete"), GOES, []),
    "ungraded by workflow, with a score": (scored(8, workflow_state="submitted"), GOES, []),
    "above the maximum": (scored(12), GOES, ["above_maximum"]),
    "below zero": (scored(-1), GOES, ["below_zero"]),
    "pending review": (scored(8, workflow_state="pending_review"), GOES, ["pending_review"]),
    "resubmitted": (scored(8, grade_matches_current_submission=False), GOES, ["resubmitted"]),
    "excused": (unscored(**EXCUSED), GOES, []),
    "excused, and missing": (unscored(**EXCUSED, missing=True), GOES, []),
    "excused, hidden": (unscored(excused=True), ("skipped", "hidden"), ["hidden"]),
    "hidden": (scored(8, posted_at=None), ("skipped", "hidden"), ["hidden"]),
    "hidden, above the maximum": (scored(12, posted_at=None), ("skipped", "hidden"), ["hidden"]),
    "missing": (
        unscored(missing=True),
        ("skipped", "missing_without_score"),
        ["missing_without_score"],
    ),
    "late": (unscored(late=True), ("skipped", "late_without_score"), ["late_without_score"]),
    "missing and late": (
        unscored(missing=True, late=True),
        ("skipped", "missing_without_score"),
        ["late_without_score", "missing_without_score"],
    ),
    "text": (unscored(grade="See me"), ("skipped", "text_grade"), ["text_grade"]),
    "text, late": (
        unscored(grade="See me", late=True),
        ("skipped", "late_without_score"),
        ["late_without_score", "text_grade"],
    ),
    "handed in, not graded": (unscored(workflow_state="submitted"), None, []),
    "nothing": (unscored(), None, []),
    "not assigned to the student": (scored(8, assigned=False), None, []),
}


@pytest.mark.parametrize(("row", "said", "told"), FIRST_TIME.values(), ids=FIRST_TIME)
def test_a_cell_ends_in_one_state_with_its_cause(
    row: dict[str, Any], said: Said | None, told: list[str]
) -> None:
    assert said_of(row) == (said, told)


SENT_BEFORE: dict[str, tuple[dict[str, Any], Said, list[str]]] = {
    "the same": (scored(8), GOES, []),
    "another score": (scored(9), GOES, []),
    "excused since": (unscored(**EXCUSED), GOES, []),
    "cleared": (unscored(), ("withdraw", None), []),
    "cleared, and missing again": (unscored(missing=True), ("withdraw", None), []),
    "cleared, and late": (unscored(late=True), ("withdraw", None), []),
    "cleared, still posted": (unscored(posted_at=POSTED), ("withdraw", None), []),
    "text in its place": (unscored(grade="See me"), ("withdraw", None), []),
    "hidden again": (scored(8, posted_at=None), ("skipped", "hidden"), ["hidden"]),
    "excused, hidden": (unscored(excused=True), ("skipped", "hidden"), ["hidden"]),
    "no longer assigned": (scored(8, assigned=False), LEFT, ["orphan"]),
}


@pytest.mark.parametrize(("row", "said", "told"), SENT_BEFORE.values(), ids=SENT_BEFORE)
def test_what_was_sent_is_withdrawn_only_where_it_is_cleared(
    row: dict[str, Any], said: Said, told: list[str]
) -> None:
    before = synced(cell(scored(8)))
    assert said_of(row, before) == (said, told)


def test_an_excuse_that_is_taken_back_is_withdrawn() -> None:
    before = synced(cell(unscored(**EXCUSED)))
    assert said_of(unscored(), before)[0] == ("withdraw", None)
    assert said_of(scored(7), before)[0] == GOES


def test_an_excuse_is_sent_as_zero_and_exempt_and_a_score_as_it_is() -> None:
    school = School(
        students=[student("a"), student("b")], submissions=[unscored("a", **EXCUSED), scored(0, "b")]
    )
    sent = {each.user_id: (each.score, each.exempt) for each in rows_of(judged(school).grades)}
    assert sent == {"a": (0.0, True), "b": (0.0, False)}


def test_what_is_withdrawn_names_what_was_sent() -> None:
    before = synced(cell(scored(8)))
    grades = judged(cell(unscored()), before).grades
    columns = ["user_id", "result_id", "line_item_id", "student_id", "score"]
    [withdrawn] = grades.loc[grades["state"] == "withdraw", columns].itertuples(index=False, name=None)
    assert withdrawn in set(before.results[columns].itertuples(index=False, name=None))


def test_a_hidden_score_is_not_in_the_row_that_stays() -> None:
    grades = judged(cell(scored(8, posted_at=None))).grades.set_index("user_id")
    assert grades["score"].isna()["a"]


@pytest.mark.parametrize("state", ["invited", "inactive", "completed", "rejected", "creation_pending"])
def test_only_active_students_are_in_scope_and_what_was_sent_for_others_stays(state: str) -> None:
    before = synced(cell(scored(8)))
    school = cell(scored(9)).with_(students=[student("a", state=state), student("z")])
    assert grades_of(judged(school)) == {("1", "10", "z"): GOES}
    assert grades_of(judged(school, before)) == {("1", "10", "a"): LEFT, ("1", "10", "z"): GOES}


def test_the_test_student_is_never_in_scope() -> None:
    school = cell(scored(9)).with_(students=[student("a", type="StudentViewEnrollment"), student("z")])
    assert grades_of(judged(school)) == {("1", "10", "z"): GOES}


def test_a_student_who_is_active_once_and_inactive_once_is_in_scope_once() -> None:
    twice = [
        student("a", state="inactive"),
        student("a"),
        student("a"),
    ]
    assert grades_of(judged(School(students=twice))) == {("1", "10", "a"): GOES}


def test_a_student_in_two_sections_goes_to_both() -> None:
    school = two_sections(students=[student("a", "1"), student("a", "2")], submissions=[scored(8, "a")])
    assert grades_of(judged(school)) == {("1", "10", "a"): GOES, ("2", "10", "a"): GOES}
    assert judged(school).extracted.grades == 1


def test_a_section_without_sis_id_has_no_rows_and_its_students_other_section_has() -> None:
    school = two_sections(
        sections=[section("1"), section("2", sis_section_id=None)],
        students=[student("a", "1"), student("a", "2"), student("b", "2")],
    )
    assert grades_of(judged(school)) == {("1", "10", "a"): GOES}


def test_a_student_without_a_sis_id_is_skipped_and_one_off_the_roster_failed() -> None:
    school = School(
        students=[student("a", sis_user_id=None), student("b"), student("c")],
        submissions=[scored(8, "a"), scored(8, "b"), scored(8, "c")],
        off_roster=frozenset({"B"}),
    )
    assert grades_of(judged(school)) == {
        ("1", "10", "a"): ("skipped", "student_without_sis_id"),
        ("1", "10", "b"): ("failed", "student_not_on_roster"),
        ("1", "10", "c"): GOES,
    }


def test_of_two_users_who_are_one_student_in_the_sis_nothing_goes_and_nothing_is_taken_back() -> None:
    school = School(
        students=[student("a"), student("b", sis_user_id="A"), student("c")],
        submissions=[scored(8, "a"), scored(9, "b"), scored(7, "c")],
    )
    twice = ("failed", "student_twice")
    assert grades_of(judged(school)) == {
        ("1", "10", "a"): twice,
        ("1", "10", "b"): twice,
        ("1", "10", "c"): GOES,
    }
    before = synced(School(students=[student("a")], submissions=[scored(8, "a")]))
    cleared = school.with_(submissions=[unscored("a"), unscored("b")])
    assert grades_of(judged(cleared, before)) == {("1", "10", "a"): twice}


def test_what_canvas_rules_out_comes_before_the_roster_and_hidden_after_the_sis_id() -> None:
    school = School(
        students=[student("a", sis_user_id=None), student("b"), student("c")],
        submissions=[scored(8, "a", posted_at=None), unscored("b", missing=True), scored(8, "c")],
        off_roster=frozenset({"B"}),
    )
    result = judged(school)
    said = grades_of(result)
    assert said["1", "10", "a"] == ("skipped", "student_without_sis_id")
    assert said["1", "10", "b"] == ("skipped", "missing_without_score")
    assert codes(result) == [
        "hidden",
        "missing_without_score",
        "student_not_on_roster",
        "student_without_sis_id",
    ]


def test_a_cleared_grade_is_withdrawn_though_the_student_has_left_the_roster_or_lost_the_sis_id() -> None:
    before = synced(cell(scored(8)))
    off = cell(unscored()).with_(off_roster=frozenset({"A"}))
    assert grades_of(judged(off, before))["1", "10", "a"] == ("withdraw", None)
    nameless = cell(unscored()).with_(students=[student("a", sis_user_id=None), student("z")])
    assert grades_of(judged(nameless, before))["1", "10", "a"] == ("withdraw", None)


NO_LONGER_COVERED = {
    "the student left": cell(scored(8)).with_(students=[student("z")]),
    "absent from the read": cell(scored(8)).with_(submissions=[scored(5, "z")]),
    "Sync to SIS turned off": cell(scored(8)).with_(assignments=[assignment(post_to_sis=False)]),
    "unpublished": cell(scored(8)).with_(assignments=[assignment(workflow_state="unpublished")]),
    "deleted": cell(scored(8)).with_(assignments=[], submissions=[]),
    "taken from the section": cell(scored(8)).with_(overrides=[override("section", "1", unassign_item=True)]),
}


@pytest.mark.parametrize("school", NO_LONGER_COVERED.values(), ids=NO_LONGER_COVERED)
def test_what_is_no_longer_covered_stays_and_is_reported(school: School) -> None:
    before = synced(cell(scored(8)))
    result = judged(school, before)
    assert grades_of(result)["1", "10", "a"] == LEFT
    assert "orphan" in codes(result)


def test_a_student_who_changed_sections_is_new_in_one_and_kept_in_the_other() -> None:
    before = synced(two_sections())
    moved = two_sections(students=[student("a", "2"), student("b", "2")])
    assert grades_of(judged(moved, before)) == {
        ("1", "10", "a"): LEFT,  # until the other place is seen to hold it
        ("2", "10", "a"): GOES,
        ("2", "10", "b"): GOES,
    }


def test_a_deselected_assignment_keeps_what_was_sent_even_if_it_is_cleared_now() -> None:
    school = School(
        assignments=[assignment("10"), assignment("11")],
        submissions=[scored(8), scored(7, assignment_id="11")],
    )
    before = synced(school)
    cleared = school.with_(submissions=[unscored(), scored(7, assignment_id="11")])
    result = judged(cleared, before, selection=Selection(assignments=frozenset({"11"})))
    assert grades_of(result) == {
        ("1", "10", "a"): ("skipped", "assignment_not_sent"),
        ("1", "11", "a"): GOES,
    }


def test_grades_of_a_section_that_was_not_selected_have_no_rows() -> None:
    before = synced(two_sections())
    result = judged(two_sections(), before, selection=Selection(sections=frozenset({"2"})))
    assert grades_of(result) == {("2", "10", "b"): GOES}


BLOCKED = {
    "skipped": (School(assignments=[assignment(due_at=None)]), ("skipped", "assignment_not_sent")),
    "failed": (School(unknown_classes=frozenset({"C1"})), ("failed", "assignment_not_sent")),
    "given to single students": (
        School(
            assignments=[assignment(only_visible_to_overrides=True)], overrides=[override("student", "a")]
        ),
        ("skipped", "assignment_not_sent"),
    ),
}


@pytest.mark.parametrize(("school", "said"), BLOCKED.values(), ids=BLOCKED)
def test_a_grade_has_the_state_of_the_assignment_that_is_not_sent(school: School, said: Said) -> None:
    assert the_grade(judged(school)) == said


def test_grades_that_only_follow_their_assignment_are_told_once_without_a_student() -> None:
    school = two_sections(
        students=[student("a", "1"), student("b", "1"), student("c", "2")],
        submissions=[scored(8, "a"), scored(8, "b"), scored(8, "c")],
        assignments=[assignment(due_at=None)],
    )
    issues = judged(school).issues
    followers = issues[issues["code"] == "assignment_not_sent"].sort_values("section_id")
    assert followers["detail"].to_list() == ["2 grades", "1 grade"]
    assert followers["user_id"].isna().all()


def test_what_keeps_a_grade_back_is_told_beside_its_assignment() -> None:
    school = School(assignments=[assignment(due_at=None)], submissions=[scored(8, posted_at=None)])
    assert codes(judged(school)) == ["assignment_not_sent", "hidden", "no_due_date"]


def test_a_grade_has_the_same_id_in_every_sync_and_another_in_each_section() -> None:
    school = two_sections(students=[student("a", "1"), student("a", "2")], submissions=[scored(8, "a")])
    ids = planned(school).grades["result_id"].to_list()
    assert ids == [result_id("district", f"C{each}", each, "10", "A-sourced") for each in ("1", "2")]
    assert planned(school, synced(school), "remaster").grades["result_id"].to_list() == ids


def test_a_row_that_does_not_go_and_is_not_held_has_no_id() -> None:
    rows = planned(cell(scored(8, posted_at=None))).grades.set_index("user_id")
    assert pd.isna(rows.loc["a", "result_id"])
    assert pd.notna(rows.loc["z", "result_id"])
