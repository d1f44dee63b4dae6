"""Cells that a spreadsheet opens as the text they are, and that read back the same.

What a spreadsheet would take for a formula, or would rewrite as a number or a date (an id of sixteen digits,
007, 9-1, 12E4), gets an apostrophe in front; so does what begins with one, so that each cell has one reading.
A spreadsheet that splits at semicolons would begin a cell in the middle of a text: it gets one there too.
"""

import re

_SIGNS = "=+@＝＋－＠-"
_FORMULA = (*_SIGNS, "\t", "\r", "\n")
_SPLIT = r"([;\t\r\n][\s\"]*)"
_FORMULA_INSIDE = re.compile(rf"{_SPLIT}(?='*[{_SIGNS}])")
_TEXT_INSIDE = re.compile(rf"{_SPLIT}'(?='*[{_SIGNS}])")
_NUMBER_OR_DATE = re.compile(r"\d[\d.,:/eE+-]*")
_PLAIN_NUMBER = re.compile(r"0|[1-9]\d{0,10}")


def inert(text: str) -> str:
    """Give it so that no spreadsheet runs it."""
    return _marked(text, first=text.startswith(_FORMULA))


def to_cell(text: str) -> str:
    rewritten = _NUMBER_OR_DATE.fullmatch(text) and not _PLAIN_NUMBER.fullmatch(text)
    return _marked(text, first=bool(rewritten) or text.startswith((*_FORMULA, "'")))


def from_cell(cell: str) -> str:
    return _TEXT_INSIDE.sub(r"\1", cell.removeprefix("'"))


def _marked(text: str, *, first: bool) -> str:
    inside = _FORMULA_INSIDE.sub(r"\1'", text)
    return f"'{inside}" if first else inside
