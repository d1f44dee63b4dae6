"""Which items of a collection are wanted, in which order and with which fields: `filter`, `sort`, `fields`.

Pure functions of payloads and of what was asked; a field may be dotted (`class.sourcedId`).
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from gpb_pipeline.sandbox.sis.refusals import Refusal
from gpb_pipeline.sandbox.sis.wire import Payload

CLAUSE = re.compile(r"\s*([A-Za-z.]+)\s*(!=|>=|<=|=|>|<|~)\s*'([^']*)'\s*")
JOINED = re.compile(r"(AND|OR)\b")
Clause = Callable[[Payload], bool]
Value = tuple[int, float, str]
COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "=": lambda held, asked: held == asked,
    "!=": lambda held, asked: held != asked,
    ">": lambda held, asked: held > asked,
    ">=": lambda held, asked: held >= asked,
    "<": lambda held, asked: held < asked,
    "<=": lambda held, asked: held <= asked,
    "~": lambda held, asked: asked[2] in held[2],
}
OPTIONAL_FIELDS = frozenset(  # that an object may have although none of those at hand has it
    {
        "metadata",
        "description",
        "dueDate",
        "gradingPeriod",
        "school",
        "resultValueMin",
        "resultValueMax",
        "score",
        "comment",
        "late",
        "missing",
        "parent",
        "children",
    }
)


def filtered(items: Sequence[Payload], text: str | None) -> Sequence[Payload]:
    """Those that the filter lets through; AND binds closer than OR. Raises Refusal (400)."""
    if text is None:
        return items
    either = _clauses(text)
    return [each for each in items if any(all(clause(each) for clause in both) for both in either)]


def _clauses(text: str) -> list[list[Clause]]:
    """The filter as clauses joined by AND, in lists joined by OR. A quoted value may contain either word."""
    either: list[list[Clause]] = [[]]
    at = 0
    while True:
        clause = CLAUSE.match(text, at)
        if clause is None:
            raise Refusal(400, "invalid_filter_field", f"filter is not field='value' at character {at + 1}")
        field, comparison, asked = clause.groups()
        either[-1].append(_clause(field, COMPARISONS[comparison], asked))
        if clause.end() == len(text):
            return either
        joined = JOINED.match(text, clause.end())
        if joined is None:
            raise Refusal(
                400, "invalid_filter_field", f"filter has no AND or OR at character {clause.end() + 1}"
            )
        if joined.group() == "OR":
            either.append([])
        at = joined.end()


def _clause(field: str, compare: Callable[[Value, Value], bool], asked: str) -> Clause:
    def holds(item: Payload) -> bool:
        held = _held(item, field)
        return compare(_value(held), _value(_number(asked) if isinstance(held, float) else asked))

    return holds


def ordered(items: Sequence[Payload], field: str | None, order: str | None) -> Sequence[Payload]:
    """Sorted by a field that they have, else as they come. Raises Refusal (400)."""
    if order not in (None, "asc", "desc"):
        raise Refusal(400, "invalid_selection_field", "orderBy is asc or desc")
    if field is None or all(_held(each, field) is None for each in items):
        return items
    return sorted(items, key=lambda each: _value(_held(each, field)), reverse=order == "desc")


def with_fields(items: Sequence[Payload], asked: Sequence[str]) -> Sequence[Payload]:
    """Each with the fields asked for, with all where none is. Raises Refusal (400) for what none can have."""
    if not asked:
        return items
    fields = [each.strip() for text in asked for each in text.split(",")]
    known = OPTIONAL_FIELDS.union(*items)
    for each in fields:
        if items and each not in known:
            raise Refusal(400, "invalid_selection_field", f"fields: {each or 'a blank'} is no field of these")
    return [{key: value for key, value in each.items() if key in fields} for each in items]


def _held(item: Payload, dotted: str) -> Any:
    value: Any = item
    for name in dotted.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return float(value) if isinstance(value, int | float) else value


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _value(value: Any) -> Value:
    """Comparable with any other: numbers before texts, and what is not there as an empty text."""
    if isinstance(value, float):
        return (0, value, str(value))
    return (1, 0.0, "" if value is None else str(value))
