"""Cells that a spreadsheet opens as the text they are, and that read back the same.

What a spreadsheet would take for a formula, or would rewrite as a number or a date (an id of sixteen digits,
007, 9-1, 12E4), gets an apostrophe in front; so does what begins with one, so that each cell has one reading.
"""

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_NUMBER_OR_DATE = re.compile(r"\d[\d.,:/eE+-]*")
_PLAIN_NUMBER = re.compile(r"0|[1-9]\d{0,10}")


def to_cell(text: str) -> str:
    rewritten = _NUMBER_OR_DATE.fullmatch(text) and not _PLAIN_NUMBER.fullmatch(text)
    return f"'{text}" if rewritten or text.startswith(_FORMULA) else text


def from_cell(cell: str) -> str:
    return cell.removeprefix("'")
