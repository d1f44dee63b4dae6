"""The list as the manual shows it: labels, counts, how each association came about; what Canvas is told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.passback.categories.window import GroupCategories, Label, alignment
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline_tests.passback.categories.category_lists import (
    ACTIVE,
    HOMEWORK,
    HONORS,
    LABS,
    MATH,
    OF_OTHERS,
    PARTICIPATION,
    UNKNOWN,
    chosen,
    math,
)


def test_each_group_has_a_label_and_the_number_of_its_unassociated_sections() -> None:
    labels = [(each.group_name, each.label, each.unassociated) for each in math().groups]
    assert labels == [
        ("Homework", Label.SYNCHRONIZED, 0),
        ("Discussions", Label.UNASSOCIATED, 2),
        ("Proofs", Label.UNASSOCIATED, 1),  # a category of the honors class alone
    ]


def test_what_holds_by_name_is_told_from_what_was_chosen() -> None:
    homework, discussions, _ = math({("72", "701"): chosen("CAT-LAB"), ("71", "702"): chosen(None)}).groups
    assert [(row.category, row.association) for row in homework.sections] == [
        (HOMEWORK, "by name"),
        (LABS, "chosen"),
    ]
    assert [(row.code, row.association) for row in discussions.sections] == [
        (Code.CATEGORY_UNASSOCIATED, "chosen"),
        (Code.CATEGORY_NOT_FOUND, None),
    ]


def test_two_sections_may_map_the_same_group_differently() -> None:
    """The manual's own example."""
    choices = {("72", "702"): chosen("CAT-LAB"), ("71", "702"): chosen("CAT-PART")}
    discussions = math(choices).groups[1]
    assert [row.category for row in discussions.sections] == [PARTICIPATION, LABS]
    assert discussions.label is Label.SYNCHRONIZED


def test_a_chosen_category_survives_the_renaming_of_its_group() -> None:
    choices = {("71", "701"): chosen("CAT-HW"), ("72", "701"): chosen("CAT-LAB")}
    renamed = math(choices, groups={"701": "Übungen"}).groups[0]
    assert [row.category for row in renamed.sections] == [HOMEWORK, LABS]


def test_a_section_that_the_sis_does_not_know_has_no_category_but_keeps_its_choice() -> None:
    listed = math({("73", "702"): chosen("CAT-LAB"), ("73", "703"): chosen(None)}, sections=(UNKNOWN,))
    rows = [group.sections[0] for group in listed.groups]
    assert [(row.code, row.held) for row in rows] == [
        (Code.CLASS_UNKNOWN, None),
        (Code.CLASS_UNKNOWN, "CAT-LAB"),
        (Code.CATEGORY_UNASSOCIATED, None),
    ]


def test_a_category_that_is_gone_leaves_its_sections_unassociated() -> None:
    row = math({("71", "701"): chosen("CAT-OLD")}).groups[0].sections[0]
    assert (row.code, row.held, row.label) == (Code.CATEGORY_GONE, "CAT-OLD", Label.UNASSOCIATED)


def test_only_categories_that_the_courses_classes_may_use_are_listed() -> None:
    assert set(math().categories) == set(ACTIVE) - {OF_OTHERS}


def test_a_group_of_a_course_without_sections_in_the_sis_is_not_synchronized() -> None:
    assert {each.label for each in math(sections=()).groups} == {Label.UNASSOCIATED}


def group(data: object, *choices: str | None) -> GroupCategories:
    held = {
        (each.section_id, "702"): chosen(choice)
        for each, choice in zip((MATH, HONORS), choices, strict=False)
    }
    [_, found, _] = math(held, integration_data=data).groups  # type: ignore[arg-type]  # Canvas may hold anything
    return found


@pytest.mark.parametrize(
    ("before", "choices", "after"),
    [
        ({}, ["CAT-LAB", "CAT-PART"], {"CAT-LAB": "Labs", "CAT-PART": "Class Participation"}),
        ({"CAT-LAB": "Labs"}, ["CAT-PART", None], {"CAT-LAB": None, "CAT-PART": "Class Participation"}),
        ({"CAT-LAB": "Labs"}, [None, None], None),
        ({"CAT-LAB": "Old name"}, ["CAT-LAB"], {"CAT-LAB": "Labs"}),
    ],
)
def test_canvas_is_told_what_holds_and_what_no_longer_does(
    before: dict[str, str], choices: list[str | None], after: dict[str, str | None] | None
) -> None:
    data = {"sistemic": {"categoryMapping": before, "other": 1}, "vendor": 2}
    assert alignment(group(data, *choices)) == {"sistemic": {"categoryMapping": after, "other": 1}}


@pytest.mark.parametrize("data", [{}, [], {"sistemic": None}, {"sistemic": {"categoryMapping": None}}])
def test_canvas_is_told_nothing_that_it_knows_already(data: object) -> None:
    assert alignment(group(data, None, None)) is None
    aligned: dict[str, Any] = {"sistemic": {"categoryMapping": {"CAT-LAB": "Labs"}}}
    assert alignment(group(aligned, "CAT-LAB")) is None


choice_of_a_row = st.none() | st.sampled_from([None, *(each.category_id for each in ACTIVE), "CAT-OLD"]).map(
    chosen
)


@given(st.lists(choice_of_a_row, min_size=9, max_size=9))
def test_labels_and_counts_agree_with_the_rows(choices: list[Any]) -> None:
    sections = (MATH, HONORS, UNKNOWN)
    places = [(each.section_id, group_id) for each in sections for group_id in ("701", "702", "703")]
    held = {place: choice for place, choice in zip(places, choices, strict=True) if choice is not None}
    for each in math(held, sections=sections).groups:
        assert each.unassociated == sum(row.label is Label.UNASSOCIATED for row in each.sections)
        assert (each.label is Label.SYNCHRONIZED) == (each.unassociated == 0)
        assert all((row.category is None) != (row.code is None) for row in each.sections)
