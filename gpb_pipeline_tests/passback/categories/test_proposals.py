"""Last term's choices as proposals: whose they are, what is proposed, what does not fit."""

from dataclasses import replace

import pytest

from gpb_pipeline.passback.categories.proposals import PastChoice, last_terms, proposals
from gpb_pipeline.passback.categories.window import Choice
from gpb_pipeline.passback.term import ListedCourse, Term
from gpb_pipeline_tests.passback.categories.category_lists import COURSE, HONORS, chosen, math

LAST_YEAR = "2025-09-01T04:00:00Z"


def listed(course_id: str, starts_at: str | None, code: str = "M9") -> ListedCourse:
    term = Term(term_id=f"t{starts_at}", name="A term", sis_term_id=None, starts_at=starts_at)
    return ListedCourse(course=replace(COURSE, course_id=course_id), code=code, term=term)


NOW = listed("7", "2026-09-01T04:00:00Z")


def test_last_terms_course_is_of_the_same_code_in_the_latest_earlier_term_with_choices() -> None:
    courses = [
        NOW,
        listed("1", "2024-09-01T04:00:00Z"),
        listed("2", LAST_YEAR),
        listed("3", LAST_YEAR),
        listed("4", "2026-02-01T05:00:00Z"),
        listed("5", LAST_YEAR, code="M10"),
        listed("6", "2027-09-01T04:00:00Z"),
        listed("8", None),
        listed("9", LAST_YEAR, code=""),
    ]
    found = last_terms(courses, {"1", "2", "3", "5", "6", "8", "9"})  # in 4 nobody chose
    assert [each.course.course_id for each in found["7"]] == ["2", "3"]
    assert "8" not in found
    assert "9" not in found


@pytest.mark.parametrize(
    ("past", "held", "proposed"),
    [
        ([("Discussions", "CAT-LAB")], None, [("CAT-LAB", None)]),
        ([(" Discussions ", "CAT-LAB"), ("Discussions", "CAT-LAB")], None, [("CAT-LAB", None)]),
        ([("Discussions", None)], None, [(None, None)]),
        ([("Homework", "CAT-HW")], None, []),  # the name says so
        ([("Homework", "CAT-LAB")], None, [("CAT-LAB", None)]),
        ([("Discussions", "CAT-LAB")], chosen("CAT-HW"), []),
        ([("Discussions", "CAT-LAB")], chosen(None), []),
        ([("discussions", "CAT-LAB"), ("Debates", "CAT-LAB")], None, []),
        ([("Discussions", "CAT-MAPS")], None, [(None, "CAT-MAPS is gone, or not active for this class")]),
        (
            [("Discussions", "CAT-LAB"), ("Discussions", None)],
            None,
            [(None, "sections of it went to several: CAT-LAB, Unassociated")],
        ),
    ],
)
def test_a_group_is_proposed_what_the_one_of_its_name_had(
    past: list[tuple[str, str | None]], held: Choice | None, proposed: list[tuple[str | None, str | None]]
) -> None:
    were = [PastChoice(course_id="2", group_name=name, category_id=id_, by="Dana") for name, id_ in past]
    course = math({("72", "702"): held} if held else {}, sections=(HONORS,))
    found = proposals(course, [listed("2", LAST_YEAR)], {"2": were})
    assert [(each.category and each.category.category_id, each.misfit) for each in found] == proposed
    assert {each.source for each in found} <= {"course 2, chosen by Dana"}
