"""The district's CSV file: written and read back the same, and no slip in it taken for an edit."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.categories.csv_file import CATEGORY, COLUMNS, TITLE, asked, read, written
from gpb_pipeline.passback.categories.edits import Edit
from gpb_pipeline.passback.categories.window import CategoryList
from gpb_pipeline_tests.passback.categories.category_lists import (
    ACTIVE,
    HONORS,
    MATH,
    UNKNOWN,
    ZONE,
    chosen,
    math,
)

HEAD = "course id,assignment group id,section id,SIS category id,SIS category\n"


def table(listed: CategoryList) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written([listed], ZONE).removeprefix("\ufeff"), newline="")))


def test_a_file_shows_what_the_list_does() -> None:
    rows = table(math({("71", "702"): chosen("CAT-PART")}))
    assert len(rows) == 6
    assert tuple(rows[2].values()) == (
        "7",
        "Math 9",
        "702",
        "Discussions",
        "71",
        "Math 9",
        "M9-1",
        "CAT-PART",
        "Class Participation",
        "Synchronized",
        "chosen",
        "",
        "",
        "A. Admin",
        "2026-11-24T12:00:00-05:00",
    )
    assert rows[3][CATEGORY] == ""
    assert rows[3]["cause"] == "category_not_found"


def test_near_categories_stand_beside_what_is_unassociated() -> None:
    [row] = table(math(groups={"704": "Participation"}, sections=(MATH,)))
    assert row["near categories"] == "Class Participation (CAT-PART)"


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
choice = st.none() | st.sampled_from([None, *(each.category_id for each in ACTIVE), "=CAT"]).map(chosen)


@given(
    st.dictionaries(names.filter(str.strip), names, min_size=1, max_size=4),
    st.lists(choice, min_size=12, max_size=12),
)
def test_a_file_that_nobody_edited_asks_for_no_change(groups: dict[str, str], choices: list[object]) -> None:
    sections = (MATH, HONORS, UNKNOWN)
    places = [(each.section_id, group_id) for each in sections for group_id in groups]
    held = {place: each for place, each in zip(places, choices, strict=False) if each is not None}
    listed = math(held, sections=sections, groups=groups)  # type: ignore[arg-type]
    lines = read(written([listed, listed], ZONE))
    assert len(lines) == 2 * 3 * len(groups)
    assert {line.course_id for line in lines} == {"7"}
    assert [asked(listed, line) for line in lines] == [None] * len(lines)


def test_a_line_is_an_edit_and_other_columns_are_free() -> None:
    [line] = read("note," + HEAD + ",7,702,71,CAT-LAB,\n,,,,,\n")
    assert asked(math(), line) == Edit(group_id="702", section_id="71", category_id="CAT-LAB")
    assert line.number == 2


def test_unassociated_removes_what_holds_by_name_and_an_empty_cell_does_not() -> None:
    removed, left = read(HEAD + "7,701,71,Unassociated,\n7,701,72,,\n")
    assert asked(math(), removed) == Edit(group_id="701", section_id="71", category_id=None)
    assert asked(math(), left) is None


def test_unassociated_can_be_chosen_where_nothing_holds_yet() -> None:
    [line] = read(HEAD + "7,702,71,Unassociated,\n")
    assert asked(math(), line) is not None
    assert asked(math({("71", "702"): chosen(None)}), line) is None


def test_an_old_file_does_not_remove_what_matches_by_name_since() -> None:
    old = written([math(groups={"701": "Labz"})], ZONE)
    now = math(groups={"701": "Labs"})
    assert [asked(now, line) for line in read(old)] == [None, None]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("course id,section id\n", "no column assignment group id, SIS category id"),
        ("", "no column"),
        (HEAD + "7,,71,CAT-LAB,\n", "line 2.*no assignment group id"),
        (HEAD + "7\n", "line 2.*no assignment group id, section id"),
        (HEAD + '"7\n",702,71,CAT-LAB,\n', "its course id has characters that are no text"),
        (HEAD + f"{'9' * 2_000},702,71,CAT-LAB,\n", "line 2.*its course id is far too long"),
        (HEAD + "7,702,71,CAT-LAB,\n7,702,71,CAT-HW,\n", "line 3.*than line 2"),
    ],
)
def test_a_file_that_leaves_a_doubt_is_refused(text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        read(text)


@given(st.text())
@example("7,702,71,CAT-LAB," + "x" * 140_000)
def test_whatever_is_in_a_file_it_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert all(line.group_id for line in read(HEAD + text))


def test_the_same_line_twice_is_no_contradiction() -> None:
    assert len(read(HEAD + "7,702,71,CAT-LAB,\n" * 2)) == 2


@pytest.mark.parametrize("category", ["", "Unassociated", "CAT-HW"])
def test_a_title_changed_without_its_id_is_told(category: str) -> None:
    [line] = read(HEAD + f"7,702,71,{category},Labs\n")
    with pytest.raises(UsageError, match="for that title, CAT-LAB"):
        asked(math(), line)


def test_a_choice_that_was_wiped_out_is_told() -> None:
    [line] = read(HEAD + "7,702,71,,\n")
    with pytest.raises(UsageError, match="write Unassociated"):
        asked(math({("71", "702"): chosen("CAT-LAB")}), line)


def test_what_is_not_there_is_refused_and_what_is_near_offered() -> None:
    for line, near in zip(
        read(HEAD + "7,702,71,CAT-LABS,\n7,Discussion,71,,\n7,702,99,,\n"),
        ("CAT-LAB", "702", "no such section"),
        strict=True,
    ):
        with pytest.raises(UsageError, match=near):
            asked(math(), line)


def test_every_column_that_is_written_has_a_name_of_its_own() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert TITLE in COLUMNS
