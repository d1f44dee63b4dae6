"""Which assignments may go: each cause alone, several at once, and none (docs/decisions.md §6, §8)."""

from dataclasses import replace
from typing import Any

import pytest

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.course import Reject, Selection
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.rules.judge import require_known
from gpb_pipeline_tests.passback.courses import (
    DUE,
    POLICY,
    School,
    assignment,
    category,
    group,
    mapped,
    override,
    period,
    scored,
    section,
    two_sections,
    unscored,
)
from gpb_pipeline_tests.passback.syncs import Said, assignments_of, codes, planned, synced, the_assignment

GOES: Said = ("create", None)
LONG = "Comparing Mitosis and Meiosis in Plant and Animal Cells"


def one(**changed: Any) -> School:
    return School(assignments=[assignment(**changed)])


ALONE = {
    "usual": (School(), GOES),
    "empty name": (one(assignment_name=" "), ("skipped", "name_empty")),
    "name of 50 characters": (one(assignment_name="é" * 50), GOES),
    "name of 51 characters": (one(assignment_name="é" * 51), ("skipped", "name_too_long")),
    "name of 50 characters, and spaces": (one(assignment_name=f" {'x' * 50} "), GOES),
    "percent": (one(grading_type="percent"), GOES),
    "letter grade": (one(grading_type="letter_grade"), GOES),
    "GPA scale": (one(grading_type="gpa_scale"), GOES),
    "complete/incomplete": (one(grading_type="pass_fail"), GOES),
    "complete/incomplete on 0 points": (
        one(grading_type="pass_fail", points_possible=0),
        ("skipped", "no_points"),
    ),
    "not graded": (one(grading_type="not_graded", points_possible=None), ("skipped", "not_graded")),
    "0 points": (one(points_possible=0), ("skipped", "no_points")),
    "no points at all": (one(points_possible=None), ("skipped", "no_points")),
    "no due date": (one(due_at=None), ("skipped", "no_due_date")),
    "omitted from the final grade": (one(omit_from_final_grade=True), GOES),
    "given to single students": (
        one(only_visible_to_overrides=True).with_(overrides=[override("student", "a")]),
        ("skipped", "assigned_to_students_only"),
    ),
    "given to a group": (
        one(only_visible_to_overrides=True, due_at=None).with_(overrides=[override("group", "5")]),
        ("skipped", "assigned_to_students_only"),
    ),
    "a student's own date": (School(overrides=[override("student", "a", due_at=None)]), GOES),
    "a date of the section": (one(due_at=None).with_(overrides=[override("section", "1")]), GOES),
    "a null date of the section": (
        School(overrides=[override("section", "1", due_at=None)]),
        ("skipped", "no_due_date"),
    ),
    "the section named without a date": (
        School(overrides=[override("section", "1", due_at=None, due_at_overridden=False)]),
        GOES,
    ),
    "a date of the course": (one(due_at=None).with_(overrides=[override("course", "7")]), GOES),
    "a mastery path": (School(overrides=[override("noop", "1", due_at=None)]), GOES),
    "no category of the name": (School(groups=[group(name="Labs")]), ("skipped", "category_not_found")),
    "name of other case": (School(groups=[group(name="homework")]), ("skipped", "category_not_found")),
    "inactive category": (School(categories=[category(active=False)]), ("skipped", "category_not_found")),
    "category of another class": (
        School(categories=[category(class_id="C9")]),
        ("skipped", "category_not_found"),
    ),
    "two categories of the name": (
        School(categories=[category(), category("HW2")]),
        ("skipped", "category_ambiguous"),
    ),
    "the class's own category before a global one": (
        School(categories=[category(), category("OWN", class_id="C1")]),
        GOES,
    ),
    "class unknown": (School(unknown_classes=frozenset({"C1"})), ("failed", "class_unknown")),
    "no grading periods": (School(periods=[]), GOES),
    "in an open period": (School(periods=[period("MP2", "2026-11-10", "2026-12-01")]), GOES),
    "in no period": (
        School(periods=[period("MP2", "2026-11-17", "2026-12-01")]),
        ("failed", "grading_period_missing"),
    ),
    "on a period's last day, at 23:59:59": (
        School(periods=[period("MP1", "2026-09-05", "2026-11-16")]),
        GOES,
    ),
    "in a closed period": (
        School(periods=[period("MP1", "2026-09-05", "2026-11-16", closed=True)]),
        ("failed", "grading_period_closed"),
    ),
    "no grade": (School(submissions=[]), ("skipped", "no_grades_yet")),
    "only hidden grades": (School(submissions=[scored(posted_at=None)]), ("skipped", "no_grades_yet")),
    "only missing work": (School(submissions=[unscored(missing=True)]), ("skipped", "no_grades_yet")),
    "only an excused student": (
        School(submissions=[unscored(excused=True, posted_at="2026-11-18T15:00:00Z")]),
        GOES,
    ),
}


@pytest.mark.parametrize(("school", "said"), ALONE.values(), ids=ALONE)
def test_an_assignment_ends_in_one_state_with_its_cause(school: School, said: Said) -> None:
    assert the_assignment(planned(school)) == said


OUT_OF_SCOPE = {
    "unpublished": one(workflow_state="unpublished"),
    "Sync to SIS off": one(post_to_sis=False),
    "unassigned from the section": School(overrides=[override("section", "1", unassign_item=True)]),
    "for other sections alone": one(only_visible_to_overrides=True),
    "section without SIS id": School(sections=[section(sis_section_id=None)]),
    "nothing at all": School(sections=[], students=[], assignments=[], submissions=[], groups=[]),
}


@pytest.mark.parametrize("school", OUT_OF_SCOPE.values(), ids=OUT_OF_SCOPE)
def test_what_is_out_of_scope_has_no_row(school: School) -> None:
    result = planned(school)
    assert assignments_of(result) == {}
    assert codes(result) == []


FIRST_OF_SEVERAL = {
    "long, 0 points, undated": (
        one(assignment_name=LONG, points_possible=0, due_at=None),
        ["name_too_long", "no_points", "no_due_date"],
    ),
    "not graded, undated; a category that is missing is asked last": (
        one(grading_type="not_graded", due_at=None).with_(categories=[]),
        ["not_graded", "no_due_date"],
    ),
    "what Canvas rules out before what the SIS cannot take": (
        one(points_possible=0).with_(unknown_classes=frozenset({"C1"})),
        ["no_points", "class_unknown"],
    ),
    "ambiguous category, no period": (
        School(categories=[category(), category("HW2")], periods=[period("MP9", "2027-01-01", "2027-02-01")]),
        ["category_ambiguous", "grading_period_missing"],
    ),
}


@pytest.mark.parametrize(("school", "causes"), FIRST_OF_SEVERAL.values(), ids=FIRST_OF_SEVERAL)
def test_a_row_carries_the_first_of_its_causes_and_the_issues_list_all(
    school: School, causes: list[str]
) -> None:
    result = planned(school)
    assert the_assignment(result)[1] == causes[0]
    assert codes(result) == sorted([*causes, "assignment_not_sent"])


def twins(first: str, second: str, **second_changed: Any) -> School:
    return School(
        assignments=[
            assignment("10", assignment_name=first),
            assignment("11", assignment_name=second, **second_changed),
        ],
        submissions=[scored(assignment_id="10"), scored(assignment_id="11")],
    )


def test_names_that_are_alike_after_trimming_keep_both_back() -> None:
    assert set(assignments_of(planned(twins("Quiz", " Quiz "))).values()) == {("skipped", "duplicate_name")}


@pytest.mark.parametrize(
    "changed", [{"points_possible": 0}, {"due_at": None}, {"grading_type": "not_graded"}], ids=str
)
def test_a_twin_counts_whatever_else_keeps_it_back(changed: dict[str, Any]) -> None:
    result = assignments_of(planned(twins("Quiz", "Quiz", **changed)))
    assert result["1", "10"] == ("skipped", "duplicate_name")
    assert result["1", "11"][0] == "skipped"


@pytest.mark.parametrize(
    "changed",
    [{"post_to_sis": False}, {"workflow_state": "unpublished"}, {"only_visible_to_overrides": True}],
    ids=str,
)
def test_a_namesake_that_is_not_of_the_sections_synced_assignments_does_not_count(
    changed: dict[str, Any],
) -> None:
    assert assignments_of(planned(twins("Quiz", "Quiz", **changed))) == {("1", "10"): GOES}


def test_namesakes_of_different_sections_are_no_twins() -> None:
    school = two_sections(
        assignments=[
            assignment("10", assignment_name="Quiz", only_visible_to_overrides=True),
            assignment("11", assignment_name="Quiz", only_visible_to_overrides=True),
        ],
        overrides=[override("section", "1", "10"), override("section", "2", "11")],
        submissions=[scored(8, "a", "10"), scored(9, "b", "11")],
    )
    assert assignments_of(planned(school)) == {("1", "10"): GOES, ("2", "11"): GOES}


def test_names_that_differ_only_in_case_go_with_a_warning_each() -> None:
    result = planned(twins("Reading Guide", "reading guide"))
    assert set(assignments_of(result).values()) == {GOES}
    assert codes(result) == ["names_differ_in_case"] * 2


def shortened(*names: str) -> dict[str, tuple[str, str | None]]:
    """Title and code by assignment id."""
    school = School(
        assignments=[assignment(str(10 + number), assignment_name=name) for number, name in enumerate(names)],
        submissions=[scored(assignment_id=str(10 + number)) for number in range(len(names))],
    )
    rows = planned(school, policy=replace(POLICY, long_names="shorten")).assignments
    return {
        name: (title, code)
        for name, title, code in zip(rows["assignment_id"], rows["title"], rows["code"], strict=True)
    }


def test_long_names_are_shortened_where_the_district_says_so_and_stay_apart() -> None:
    titles = shortened(f"{LONG}, part 1", f"{LONG}, part 2", "Quiz")
    assert [code for _, code in titles.values()] == [None, None, None]
    first, second, short = (title for title, _ in titles.values())
    assert len(first) <= 50
    assert len(second) <= 50
    assert first != second
    assert first[:40] == LONG[:40]
    assert short == "Quiz"
    assert shortened(f"{LONG}, part 1", f"{LONG}, part 2", "Quiz") == titles


def test_a_shortened_title_is_the_same_whatever_else_the_course_has() -> None:
    alone = shortened(LONG)["10"]
    assert shortened(LONG, f"{LONG} again")["10"] == alone


def test_long_twins_are_twins_even_where_their_titles_would_differ() -> None:
    assert [code for _, code in shortened(LONG, LONG).values()] == ["duplicate_name"] * 2


def test_everyone_else_stays_back_where_a_section_has_a_date_of_its_own() -> None:
    school = two_sections(overrides=[override("section", "1")])
    assert assignments_of(planned(school)) == {
        ("1", "10"): GOES,
        ("2", "10"): ("skipped", "everyone_else"),
    }
    send = replace(POLICY, everyone_else="send")
    assert set(assignments_of(planned(school, policy=send)).values()) == {GOES}


def test_everyone_else_goes_where_the_named_section_has_no_date_of_its_own() -> None:
    inherits = override("section", "1", due_at_overridden=False, due_at=None)
    assert set(assignments_of(planned(two_sections(overrides=[inherits]))).values()) == {GOES}


def test_everyone_else_without_a_date_is_told_where_canvas_would_refuse_it() -> None:
    undated = two_sections(assignments=[assignment(due_at=None)], overrides=[override("section", "1")])
    result = planned(undated)
    assert assignments_of(result) == {("1", "10"): GOES, ("2", "10"): ("skipped", "no_due_date")}
    assert codes(result).count("everyone_else_undated") == 1
    lax = undated.with_(assignments=[assignment(due_at=None, due_date_required=False)])
    assert "everyone_else_undated" not in codes(planned(lax))


def test_the_shortest_period_of_the_local_day_is_taken() -> None:
    periods = [
        period("YEAR", "2026-09-01", "2027-06-30"),
        period("MP2", "2026-11-10", "2027-01-29"),
        period("PROGRESS", "2026-11-10", "2026-11-16"),
    ]
    assert DUE.startswith("2026-11-17"), "the day in UTC is the next one"
    assert planned(School(periods=periods)).assignments["period_id"].to_list() == ["PROGRESS"]


def test_each_section_has_its_own_period_and_date_on_the_wire() -> None:
    school = two_sections(
        overrides=[
            override("section", "1", due_at="2026-11-07T04:59:59Z"),
            override("section", "2", due_at="2026-11-21T04:59:59Z"),
        ],
        periods=[
            period("MP1", "2026-09-01", "2026-11-06", "1"),
            period("MP2", "2026-11-07", "2027-01-29", "2"),
        ],
    )
    rows = planned(school).assignments
    assert rows["period_id"].to_list() == ["MP1", "MP2"]
    assert [each.isoformat() for each in rows["due_on_wire"]] == [
        "2026-11-06T12:00:00+00:00",
        "2026-11-20T12:00:00+00:00",
    ]
    instant = planned(school, policy=replace(POLICY, due_date="instant")).assignments["due_on_wire"]
    assert instant.iloc[0].isoformat() == "2026-11-07T04:59:59+00:00"


MAPPINGS = {
    "to a category of another name": (mapped("QUIZ"), GOES, "Quizzes"),
    "Unassociated, though the name matches": (mapped(None), ("skipped", "category_unassociated"), None),
    "to a category that is gone": (mapped("OLD"), ("skipped", "category_gone"), None),
    "to one of another class": (mapped("OTHER"), ("skipped", "category_gone"), None),
    "of another group": (mapped(None, group_id="g2"), GOES, "Homework"),
    "of another section": (mapped(None, section_id="2"), GOES, "Homework"),
}


@pytest.mark.parametrize(("row", "said", "title"), MAPPINGS.values(), ids=MAPPINGS)
def test_a_mapping_wins_over_the_name(row: dict[str, Any], said: Said, title: str | None) -> None:
    school = School(
        categories=[
            category(),
            category("QUIZ", "Quizzes"),
            category("OLD", "Old", active=False),
            category("OTHER", "Other", class_id="C9"),
        ]
    )
    result = planned(school.with_(mapping=[row]))
    assert the_assignment(result) == said
    assert result.assignments["category"].to_list() == [title]


def test_two_sections_may_send_one_group_to_different_categories() -> None:
    school = two_sections(categories=[category("LAB", "Labs"), category("PART", "Participation")])
    mapping = [mapped("LAB"), mapped("PART", section_id="2")]
    rows = planned(school.with_(mapping=mapping)).assignments
    assert rows["category_id"].to_list() == ["LAB", "PART"]


def test_near_matches_are_offered() -> None:
    school = School(groups=[group(name="Home work")], periods=[period("MP9", "2027-01-01", "2027-02-01")])
    issues = planned(school).issues.set_index("code")
    assert issues.loc[Code.CATEGORY_NOT_FOUND.value, "detail"] == "Home work; near: Homework"


def test_a_section_and_an_assignment_that_were_laid_aside_may_be_selected() -> None:
    aside = (
        Reject(kind="section", item_id="77", code=Code.UNREADABLE_SECTION, met="sis_section_id: a list"),
        Reject(kind="assignment", item_id="77", code=Code.UNREADABLE_ASSIGNMENT, met="name: a list"),
    )
    canvas = replace(School().canvas, rejects=aside)
    known = frozenset({"77"})
    require_known(canvas, Selection(sections=known, assignments=known))
    with pytest.raises(UsageError, match="no section 78"):
        require_known(canvas, Selection(sections=frozenset({"78"})))


def test_work_due_on_the_very_end_date_of_a_period_names_the_setting() -> None:
    ends = School(periods=[period("MP1", "2026-09-05", "2026-11-15")])  # stated as 11-16, and due then
    issues = planned(ends).issues.set_index("code")
    assert "SIS_PERIOD_END=inclusive" in str(issues.loc[Code.PERIOD_MISSING.value, "detail"])
    before = School(periods=[period("MP1", "2026-09-05", "2026-11-14")])
    assert planned(before).issues.set_index("code").loc[Code.PERIOD_MISSING.value, "detail"] is None
    both = ends.with_(groups=[group(name="Home work")])
    issues = planned(both).issues.set_index("code")
    assert issues.loc[Code.CATEGORY_NOT_FOUND.value, "detail"] == "Home work; near: Homework"
    assert issues.loc[Code.PERIOD_MISSING.value, "detail"] is None


def test_an_unassociated_group_is_told_even_where_the_class_is_unknown() -> None:
    school = School(unknown_classes=frozenset({"C1"}))
    result = planned(school.with_(mapping=[mapped(None)]))
    assert the_assignment(result) == ("skipped", "category_unassociated")


def test_what_waits_for_its_first_grade_is_not_failed_but_what_was_sent_stays_updatable() -> None:
    before = synced(School())
    renamed = one(assignment_name="Quiz, second try").with_(submissions=[scored(posted_at=None)])
    assert the_assignment(planned(renamed)) == ("skipped", "no_grades_yet")
    assert the_assignment(planned(renamed, before)) == ("update", None)


def test_each_section_waits_for_a_grade_of_its_own() -> None:
    school = two_sections(submissions=[scored(8, "a")])
    assert assignments_of(planned(school)) == {
        ("1", "10"): GOES,
        ("2", "10"): ("skipped", "no_grades_yet"),
    }
