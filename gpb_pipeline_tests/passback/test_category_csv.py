"""The district's CSV file: written and read back the same, and no slip in it taken for an edit."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.category_csv import CATEGORY, COLUMNS, TITLE, contradiction, read, written
from gpb_pipeline.passback.category_edits import Edit, changes
from gpb_pipeline.passback.sync_categories import CategoryList
from gpb_pipeline_tests.passback.category_lists import (
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
    assert rows[3][CATEGORY] == "Unassociated"
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
    assert changes(listed, [line.edit for line in lines]) == []
    assert not any(contradiction(listed, line) for line in lines)


def test_a_line_is_an_edit_and_other_columns_are_free() -> None:
    [line] = read("note," + HEAD + ",7,702,71,CAT-LAB,\n,,,,,\n")
    assert line.edit == Edit(group_id="702", section_id="71", category_id="CAT-LAB")
    assert line.number == 2
    [line] = read(HEAD + "7,702,71,Unassociated,Labs\n")
    assert line.edit.category_id is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("course id,section id\n", "no column assignment group id, SIS category id"),
        ("", "no column"),
        (HEAD + "7,702,71,,\n", "line 2.*SIS category id is empty.*Unassociated"),
        (HEAD + "7,702,71\n", "SIS category id is empty"),
        (HEAD + "7,702,71,CAT-LAB,\n7,702,71,CAT-HW,\n", "line 3.*than line 2"),
    ],
)
def test_a_file_that_leaves_a_doubt_is_refused(text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        read(text)


def test_the_same_line_twice_is_no_contradiction() -> None:
    assert len(read(HEAD + "7,702,71,CAT-LAB,\n" * 2)) == 2


@pytest.mark.parametrize("category_id", ["Unassociated", "CAT-HW"])
def test_a_title_changed_without_its_id_is_told(category_id: str) -> None:
    [line] = read(HEAD + f"7,702,71,{category_id},Labs\n")
    fault = contradiction(math(), line)
    assert fault is not None
    assert "CAT-LAB" in str(fault)


def test_every_column_that_is_written_has_a_name_of_its_own() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert TITLE in COLUMNS
