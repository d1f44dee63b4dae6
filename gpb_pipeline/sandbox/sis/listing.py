"""A OneRoster collection's answer: `filter`, `limit` and `offset`, and the count in X-Total-Count.

The filter covers what clients of a gradebook ask: comparisons of a field with a quoted value, joined by AND.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gpb_pipeline.sandbox.sis.mood import Mood
from gpb_pipeline.sandbox.sis.refusals import Json, Refusal, unknown
from gpb_pipeline.sandbox.sis.wire import Payload

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
FAILURE = {
    "imsx_codeMajor": "failure",
    "imsx_severity": "error",
    "imsx_description": "The gradebook is being built",
}
CLAUSE = re.compile(r"\s*([A-Za-z.]+)\s*(!=|>=|<=|=|>|<)\s*'([^']*)'\s*")
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda held, asked: held == asked,
    "!=": lambda held, asked: held != asked,
    ">": lambda held, asked: held > asked,
    ">=": lambda held, asked: held >= asked,
    "<": lambda held, asked: held < asked,
    "<=": lambda held, asked: held <= asked,
}


def collection(request: Request, name: str, items: Sequence[Payload], mood: Mood) -> Response:
    """`{name: [...]}`: the page asked for of the items that the filter lets through. Raises Refusal."""
    kept = _filtered(items, request.query_params.get("filter"))
    limit = min(_number(request, "limit", DEFAULT_LIMIT, least=1), mood.switches.page_size or MAX_LIMIT)
    offset = _number(request, "offset", 0, least=0)
    emptied = mood.empties(request)
    if emptied:
        kept = []
    if mood.switches.past_end_404 and offset and offset >= len(kept):
        raise unknown("page at offset", str(offset))
    headers = {} if mood.switches.no_counts else {"X-Total-Count": str(len(kept))}
    if not kept:
        return _empty(name, mood, headers, emptied=emptied)
    return Json({name: mood.ordered(kept, offset)[offset : offset + limit]}, headers=headers)


def _empty(name: str, mood: Mood, headers: dict[str, str], *, emptied: bool) -> Response:
    match mood.switches.empty_as:
        case "204":
            return Response(status_code=204, headers=headers)
        case "404":
            raise unknown("list of", name)
        case "null":
            return Json({name: None}, headers=headers)
        case "failure" if emptied:
            return Json({name: [], "statusInfoSet": [FAILURE]}, headers=headers)
        case _:
            return Json({name: []}, headers=headers)


def _filtered(items: Sequence[Payload], text: str | None) -> Sequence[Payload]:
    if text is None:
        return items
    clauses = [CLAUSE.fullmatch(each) for each in re.split(r"\bAND\b", text)]
    kept = items
    for clause in clauses:
        if clause is None:
            raise Refusal(400, "invalid_filter_field", "filter is not field='value' joined by AND")
        field, comparison, asked = clause.groups()
        compare = COMPARISONS[comparison]
        kept = [each for each in kept if compare(_value(each, field), asked)]
    return kept


def _value(item: Payload, dotted: str) -> str:
    value: Any = item
    for name in dotted.split("."):
        value = value.get(name, "") if isinstance(value, dict) else ""
    return str(value)


def _number(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < least:
        raise Refusal(400, "invalid_selection_field", f"{name} is a whole number of at least {least}")
    return int(text)
