"""Edits: what they change, what is refused and what is offered instead; no row beside them changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.categories.edits import Edit, changes, edited, saved
from gpb_pipeline.passback.categories.window import Label
from gpb_pipeline_tests.passback.categories.category_lists import (
    HONORS,
    LABS,
    MATH,
    NOON,
    UNKNOWN,
    chosen,
    math,
)


def edit(category_id: str | None, group_id: str = "702", section_id: str = "71") -> Edit:
    return Edit(group_id=group_id, section_id=section_id, category_id=category_id)


def test_an_edit_is_changed_until_it_is_saved() -> None:
    changed = edited(math(), [edit("CAT-LAB"), edit("CAT-LAB", section_id="72")])
    assert [each.label for each in changed.groups] == [
        Label.SYNCHRONIZED,
        Label.CHANGED,
        Label.UNASSOCIATED,
    ]
    kept = saved(changed, by="A. Admin", at=NOON)
    assert kept.groups[1].label is Label.SYNCHRONIZED
    assert [row.choice for row in kept.groups[1].sections] == [chosen("CAT-LAB")] * 2
    assert kept == math({("71", "702"): chosen("CAT-LAB"), ("72", "702"): chosen("CAT-LAB")})


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        (edit("CAT-LABS"), "Near it: .*Labs \\(CAT-LAB\\)"),
        (edit("labs"), "Near it: Labs \\(CAT-LAB\\)"),
        (edit("participation"), "Near it: Class Participation \\(CAT-PART\\)"),
        (edit("CAT-PROOFS"), "section 71 may use"),  # the honors class's own
        (edit("CAT-MAPS", section_id="72"), "section 72 may use"),  # of a class elsewhere
        (edit("zzz"), "gpb categories show 7"),
        (edit("CAT-LAB", group_id="Discussion"), "Near it: Discussions \\(702\\)"),
        (edit(None, group_id="999"), "no such assignment group"),
        (edit("CAT-LAB", section_id="M9-2"), "Near it: Math 9 Honors \\(72\\)"),
        (edit(None, section_id="999"), "no such section"),
    ],
)
def test_what_is_not_there_is_refused_and_what_is_near_offered(asked: Edit, near: str) -> None:
    with pytest.raises(UsageError, match=near):
        edited(math(), [asked])


def test_a_classs_own_category_is_for_that_class() -> None:
    changed = edited(math(), [edit("CAT-PROOFS", section_id="72")])
    assert [row.label for row in changed.groups[1].sections] == [Label.UNASSOCIATED, Label.CHANGED]


def test_what_is_held_already_is_no_change() -> None:
    listed = math({("71", "702"): chosen("CAT-OLD")})
    same = [edit("CAT-HW", group_id="701"), edit("CAT-OLD")]
    assert changes(listed, same) == []
    other = [edit(None, group_id="701"), edit("CAT-LAB"), edit(None, section_id="72")]
    assert changes(listed, other) == other


edits = st.builds(
    edit,
    st.sampled_from([None, "CAT-HW", "CAT-LAB", "CAT-PART"]),
    group_id=st.sampled_from(["701", "702", "703"]),
    section_id=st.sampled_from(["71", "72", "73"]),
)


@given(st.lists(edits, unique_by=lambda each: (each.group_id, each.section_id)))
def test_edits_change_their_rows_and_no_other(asked: list[Edit]) -> None:
    before = math(sections=(MATH, HONORS, UNKNOWN))
    after = edited(before, asked)
    by_place = {(each.group_id, each.section_id): each for each in asked}
    for old, new in zip(before.groups, after.groups, strict=True):
        for was, row in zip(old.sections, new.sections, strict=True):
            wanted = by_place.get((new.group_id, row.section.section_id))
            assert row.changed == (wanted is not None)
            assert row == was if wanted is None else row.held == wanted.category_id
    assert changes(after, asked) == []
    assert edited(before, reversed(asked)) == after


def test_a_changed_row_shows_the_category_that_it_will_have() -> None:
    [row, _] = edited(math(), [edit("CAT-LAB")]).groups[1].sections
    assert (row.category, row.association) == (LABS, "chosen")
