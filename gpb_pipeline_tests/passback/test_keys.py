"""Rows told by several columns: held against what pandas says of them (docs/decisions.md §10)."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.passback.keys import NONE, among, matched, positions

KEY = ["section_id", "student_id"]
CELLS = st.tuples(st.sampled_from(["1", "2"]), st.sampled_from(["a", "b", None, float("nan")]))


def frame(cells: list[tuple[object, object]]) -> pd.DataFrame:
    return pd.DataFrame(cells, columns=KEY, dtype=object)


@given(st.lists(CELLS), st.lists(CELLS))
def test_a_key_is_among_others_where_an_index_of_pandas_says_so(
    cells: list[tuple[object, object]], others: list[tuple[object, object]]
) -> None:
    rows, there = frame(cells), frame(others)
    inside = pd.MultiIndex.from_frame(rows).isin(pd.MultiIndex.from_frame(there))
    assert among(rows, there, KEY).to_list() == list(inside)


@given(st.lists(CELLS), st.lists(CELLS))
def test_a_key_is_where_an_index_of_pandas_says_it_is(
    cells: list[tuple[object, object]], others: list[tuple[object, object]]
) -> None:
    rows, there = frame(cells), frame(others).drop_duplicates(ignore_index=True)
    where = pd.MultiIndex.from_frame(there).get_indexer(pd.MultiIndex.from_frame(rows))
    assert list(positions(rows, there, KEY)) == list(where)
    names = pd.Series([f"row {number}" for number in there.index], dtype=object)
    assert matched(rows, there, KEY, names).to_list() == [
        None if each == NONE else f"row {each}" for each in where
    ]
