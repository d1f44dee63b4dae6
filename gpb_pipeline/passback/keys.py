"""Rows told by several columns at once: whether another frame has such a row, where, and what it says there.

By Python's own hash of tuples: for a course's frames a pandas MultiIndex costs ten times as much. A missing
value is like any other missing one. What the keys of a kind are, its frame says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

NONE = -1


def among(rows: pd.DataFrame, others: pd.DataFrame, key: Sequence[str]) -> pd.Series[bool]:
    """Mark the rows whose key one of the others has."""
    there = set(_keys(others, key))
    return pd.Series([each in there for each in _keys(rows, key)], rows.index, bool)


def positions(rows: pd.DataFrame, others: pd.DataFrame, key: Sequence[str]) -> Any:
    """Give for each row the number of the other one with its key, or NONE; no two of those have one alike."""
    there = {each: number for number, each in enumerate(_keys(others, key))}
    return np.fromiter((there.get(each, NONE) for each in _keys(rows, key)), int, len(rows))


def matched(
    rows: pd.DataFrame, others: pd.DataFrame, key: Sequence[str], values: pd.Series[Any]
) -> pd.Series[Any]:
    """Give for each row what `values` says of the other one with its key, or None."""
    there = dict(zip(_keys(others, key), values, strict=True))
    return pd.Series([there.get(each) for each in _keys(rows, key)], rows.index, object)


def _keys(rows: pd.DataFrame, key: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    columns = ([None if each != each else each for each in rows[name].to_list()] for name in key)  # noqa: PLR0124
    return zip(*columns, strict=True)
