"""The type of a row by its columns: what frames and queries give their rows as, made once."""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import Any


@cache
def row_type(columns: tuple[str, ...]) -> Any:
    """Make it, with the columns as attributes; itertuples makes it anew, at the price of a hundred rows."""
    return namedtuple("Row", columns)
