"""Cells: no formula, no id rewritten, and each read back as it was."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gpb_pipeline.passback.spreadsheet import from_cell, inert, to_cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t1", "\r1", "'=1", "＝1", "＋1", "－1", "＠A"]
)
def test_a_formula_is_opened_as_text(text: str) -> None:
    assert to_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Doe;=1+1", "Doe;'=1+1"),
        ('Doe; "=1+1;', """Doe; "'=1+1;"""),
        ("Doe\t@A1\n-2", "Doe\t'@A1\n'-2"),
        ("=1;=2", "'=1;'=2"),
        ("Doe; Jane-Ann", "Doe; Jane-Ann"),
    ],
)
def test_nor_is_one_where_a_spreadsheet_splits_at_semicolons_or_tabs(text: str, cell: str) -> None:
    assert (to_cell(text), inert(text)) == (cell, cell)


@pytest.mark.parametrize("text", ["007", "10000000000000123", "9-1", "12E4", "1.50", "3/4", "12:30"])
def test_what_would_be_rewritten_as_a_number_or_a_date_is_opened_as_text(text: str) -> None:
    assert to_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "1004", "0", "Homework", "3rd quarter", "ALG1-1", "2x"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert to_cell(text) == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
@example("'")
@example("''=1")
@example("';'=1\t''-1")
@example('a\r\nb,"c"\u2028')
def test_a_cell_reads_back_the_same_through_a_file(text: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([to_cell(text), "end"])
    [[cell, _]] = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert from_cell(cell) == text
