"""The judgement as a whole: selection, withdrawals held, what is counted, and what is never in it."""

from dataclasses import replace

import pytest

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.course import Selection
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code
from gpb_pipeline_tests.passback.courses import (
    POLICY,
    SENT_AT,
    School,
    assignment,
    scored,
    section,
    student,
    two_sections,
    unscored,
)
from gpb_pipeline_tests.passback.syncs import (
    DAY,
    Sis,
    assignments_of,
    codes,
    grades_of,
    judged,
    night,
    planned,
    synced,
)


def class_of(posted: int, cleared: int) -> School:
    """Students with a score each, the first of which are cleared."""
    names = [f"s{number:03}" for number in range(posted)]
    return School(
        students=[student(each) for each in names],
        submissions=[
            unscored(each) if number < cleared else scored(8, each) for number, each in enumerate(names)
        ],
    )


HELD: list[tuple[int, int, str]] = [
    (40, 11, "held"),
    (40, 10, "free"),  # not more than ten
    (110, 11, "free"),  # not more than 10 %
    (109, 11, "held"),
    (12, 12, "held"),
    (10, 10, "free"),
]


@pytest.mark.parametrize(("posted", "cleared", "outcome"), HELD)
def test_many_withdrawals_at_once_wait_for_someones_word(posted: int, cleared: int, outcome: str) -> None:
    held = outcome == "held"
    before = synced(class_of(posted, 0))
    states = judged(class_of(posted, cleared), before).grades["state"]
    assert (states == "withdraw").sum() == (0 if held else cleared)
    assert (states == "failed").sum() == (cleared if held else 0)
    assert (states == "eligible").sum() == posted - cleared
    confirmed = judged(class_of(posted, cleared), before, confirm=True).grades["state"]
    assert (confirmed == "withdraw").sum() == cleared


def test_held_withdrawals_are_told_and_the_shares_are_settings() -> None:
    before = synced(class_of(4, 0))
    strict = replace(POLICY, withdraw_count=0, withdraw_share=0.25)
    assert codes(judged(class_of(4, 1), before, policy=strict)) == []
    assert codes(judged(class_of(4, 2), before, policy=strict)) == ["withdrawals_held"] * 2


def test_what_was_already_withdrawn_is_not_withdrawn_again() -> None:
    sis = Sis()
    before = night(class_of(3, 0), sis).held
    once = night(class_of(3, 1), sis, before, at=SENT_AT + DAY).held
    assert len(once.results) == 2
    assert grades_of(planned(class_of(3, 1), once)).keys() == {("1", "10", "s001"), ("1", "10", "s002")}


UNKNOWN = [
    (Selection(sections=frozenset({"1", "9"})), "sections", "9"),
    (Selection(assignments=frozenset({"10", "98", "97"})), "assignments", "97, 98"),
]


@pytest.mark.parametrize(("selection", "field", "named"), UNKNOWN)
def test_a_selected_id_that_the_course_does_not_have_is_wrong_usage(
    selection: Selection, field: str, named: str
) -> None:
    with pytest.raises(UsageError, match=f"{field}: the course has no .* {named}"):
        judged(two_sections(), selection=selection)


def test_of_what_was_chosen_from_a_list_what_has_left_the_course_is_told_and_the_rest_goes() -> None:
    chosen = frozenset({"10", "98"})
    everywhere = judged(two_sections(), selection=Selection(assignments=chosen, from_list=True))
    assert ("1", "10") in assignments_of(everywhere)
    told = everywhere.issues[everywhere.issues["code"] == "left_course"]
    assert told[["section_id", "assignment_id"]].to_numpy().tolist() == [[None, "98"]]
    some = Selection(sections=frozenset({"1", "9"}), assignments=chosen, from_list=True)
    there = judged(two_sections(), selection=some)
    assert {section for section, _ in assignments_of(there)} == {"1"}
    told = there.issues[there.issues["code"].str.endswith("left_course")]
    assert told[["code", "section_id", "assignment_id"]].to_numpy().tolist() == [
        ["section_left_course", "9", None],
        ["left_course", "1", "98"],
    ]


def test_where_all_that_was_chosen_has_left_the_course_nothing_goes() -> None:
    for gone in ({"assignments": frozenset({"98"})}, {"sections": frozenset({"9"})}):
        rows = judged(two_sections(), selection=Selection(**gone, from_list=True)).assignments
        assert set(rows["state"]) <= {"skipped"}


def test_one_that_cannot_go_may_be_selected() -> None:
    school = School(
        sections=[section("1"), section("2", sis_section_id=None)],
        assignments=[assignment("10"), assignment("11", post_to_sis=False)],
    )
    chosen = Selection(sections=frozenset({"1", "2"}), assignments=frozenset({"10", "11"}))
    assert assignments_of(judged(school, selection=chosen)) == {("1", "10"): ("eligible", None)}


def test_what_is_not_selected_is_a_row_of_its_own_and_only_information() -> None:
    school = School(
        assignments=[assignment("10"), assignment("11", due_at=None)],
        submissions=[scored(8), scored(8, assignment_id="11")],
    )
    result = judged(school, selection=Selection(assignments=frozenset({"10"})))
    assert assignments_of(result) == {
        ("1", "10"): ("eligible", None),
        ("1", "11"): ("skipped", "not_selected"),
    }
    assert CATALOGUE[Code.NOT_SELECTED].severity == "info"


def test_nothing_selected_sends_nothing() -> None:
    result = judged(School(), selection=Selection(assignments=frozenset()))
    assert assignments_of(result) == {("1", "10"): ("skipped", "not_selected")}
    assert grades_of(result) == {("1", "10", "a"): ("skipped", "assignment_not_sent")}
    assert assignments_of(judged(School(), selection=Selection(sections=frozenset()))) == {}


def test_a_selection_does_not_make_twins_of_others_nor_free_them() -> None:
    school = School(
        assignments=[assignment("10", assignment_name="Quiz"), assignment("11", assignment_name="Quiz")],
        submissions=[scored(8), scored(8, assignment_id="11")],
    )
    result = planned(school, selection=Selection(assignments=frozenset({"10"})))
    assert assignments_of(result)["1", "10"] == ("skipped", "duplicate_name")


def test_extracted_counts_what_was_read_before_any_rule() -> None:
    school = two_sections(
        sections=[section("1"), section("2"), section("3", sis_section_id=None)],
        assignments=[
            assignment("10"),
            assignment("11", due_at=None),
            assignment("12", workflow_state="unpublished"),
            assignment("13", post_to_sis=False),
        ],
        submissions=[scored(8, "a"), scored(8, "b", "11"), unscored("b"), unscored("a", "11", missing=True)],
    )
    extracted = judged(school).extracted
    assert (extracted.sections, extracted.assignments, extracted.grades) == (3, 2, 3)


def test_every_code_of_a_row_is_in_the_catalogue_and_has_the_rows_state() -> None:
    school = School(
        students=[student("a"), student("b", sis_user_id=None), student("c")],
        submissions=[scored(8, "a", posted_at=None), scored(8, "b"), scored(8, "c")],
        off_roster=frozenset({"C"}),
    )
    for state, code in grades_of(judged(school)).values():
        assert code is not None
        assert CATALOGUE[Code(code)].effect == state
