"""Which items of a collection are wanted, in which order and with which fields: `filter`, `sort`, `fields`.

Pure functions of payloads and of what was asked; a field may be dotted (`class.sourcedId`), and lead through
lists (`terms.sourcedId`): what one of them has, the object has. A field that no object at hand can have is
refused wherever it is named, as invalid_filter_field or invalid_selection_field (docs/oneroster.md §1).
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from gpb_pipeline.sandbox.sis.refusals import CodeMinor, Refusal
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
OPTIONAL = """
    academicSession agents beginDate children class classCode comment courseCode description dueDate email
    endDate gradingPeriod grades identifier inProgress incomplete late learningObjectiveSet location metadata
    middleName missing orgs parent periods phone preferredFirstName preferredLastName preferredMiddleName
    primary primaryOrg pronouns resources resultValueMax resultValueMin schoolYear school score scoreScale sms
    subjectCodes subjects terms textScore userIds userMasterIdentifier userProfiles username weight
"""
OPTIONAL_FIELDS = frozenset(OPTIONAL.split())
"""What either version lets an object have although none of those at hand has it."""


def filtered(items: Sequence[Payload], text: str | None) -> Sequence[Payload]:
    """Those that the filter lets through; AND binds closer than OR. Raises Refusal (400)."""
    if text is None:
        return items
    either = _clauses(text)
    for field in (field for both in either for field, _ in both):
        _require_field(items, field, "filter", "invalid_filter_field")
    return [each for each in items if any(all(holds(each) for _, holds in both) for both in either)]


def _clauses(text: str) -> list[list[tuple[str, Clause]]]:
    """The filter as clauses joined by AND, in lists joined by OR. A quoted value may contain either word."""
    either: list[list[tuple[str, Clause]]] = [[]]
    at = 0
    while True:
        clause = CLAUSE.match(text, at)
        if clause is None:
            raise Refusal(400, "invalid_filter_field", f"filter is not field='value' at character {at + 1}")
        field, comparison, asked = clause.groups()
        either[-1].append((field, _clause(field, comparison, asked)))
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


def _clause(field: str, comparison: str, asked: str) -> Clause:
    compare, whichever = COMPARISONS[comparison], all if comparison == "!=" else any

    def holds(item: Payload) -> bool:
        return whichever(
            compare(_value(held), _value(_number(asked) if isinstance(held, float) else asked))
            for held in _held(item, field) or [None]
        )

    return holds


def ordered(items: Sequence[Payload], field: str | None, order: str | None) -> Sequence[Payload]:
    """Sorted by a field that they have, else as they come. Raises Refusal (400)."""
    if order not in (None, "asc", "desc"):
        raise Refusal(400, "invalid_selection_field", "orderBy is asc or desc")
    if field is None:
        return items
    _require_field(items, field, "sort", "invalid_selection_field")
    return sorted(
        items, key=lambda each: [_value(held) for held in _held(each, field)], reverse=order == "desc"
    )


def with_fields(items: Sequence[Payload], asked: Sequence[str]) -> Sequence[Payload]:
    """Each with the fields asked for, with all where none is. Raises Refusal (400) for what none can have."""
    if not asked:
        return items
    fields = [each.strip() for text in asked for each in text.split(",")]
    for each in fields:
        _require_field(items, each, "fields", "invalid_selection_field")
    return [{key: value for key, value in each.items() if key in fields} for each in items]


def _require_field(items: Sequence[Payload], dotted: str, where: str, code: CodeMinor) -> None:
    head = dotted.split(".", maxsplit=1)[0]
    untold = head == "metadata" or (head in OPTIONAL_FIELDS and not any(head in each for each in items))
    if items and not untold and not any(_held(each, dotted) for each in items):
        raise Refusal(400, code, f"{where}: {dotted or 'a blank'} is no field of these")


def _held(item: Payload, dotted: str) -> list[Any]:
    """What stands under that name, each where the way leads through lists; nothing where there is nothing."""
    values: list[Any] = [item]
    for name in dotted.split("."):
        within = [each[name] for each in values if isinstance(each, dict) and name in each]
        values = [one for each in within for one in (each if isinstance(each, list) else [each])]
    return [float(each) if isinstance(each, int | float) else each for each in values]


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
