"""A OneRoster collection's answer: the page by `limit` and `offset`, the count in X-Total-Count, and Link.

Which items are in it, and how much of each, is selection.py's.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from gpb_pipeline.sandbox.sis.mood import Mood
from gpb_pipeline.sandbox.sis.refusals import Json, Refusal, unknown
from gpb_pipeline.sandbox.sis.selection import filtered, ordered, with_fields
from gpb_pipeline.sandbox.sis.wire import Payload

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
FAILURE = {
    "imsx_codeMajor": "failure",
    "imsx_severity": "error",
    "imsx_description": "The gradebook is being built",
}


def collection(request: Request, name: str, items: Sequence[Payload], mood: Mood) -> Response:
    """`{name: [...]}`: the page asked for of the items that are wanted. Raises Refusal."""
    query = request.query_params
    kept = filtered(items, query.get("filter"))
    kept = ordered(kept, query.get("sort"), query.get("orderBy"))
    kept = with_fields(kept, query.getlist("fields"))
    asked = _number(request, "limit", DEFAULT_LIMIT, least=1)
    if asked > (mood.switches.limit_most or asked):
        raise Refusal(400, "invalid_selection_field", f"limit is at most {mood.switches.limit_most}")
    limit = min(asked, mood.switches.page_size or MAX_LIMIT)
    offset = _number(request, "offset", 0, least=0)
    emptied = mood.empties(request)
    if emptied:
        kept = []
    if mood.switches.past_end_404 and offset and offset >= len(kept):
        raise unknown("page at offset", str(offset))
    total = mood.counted(request, len(kept))
    headers = {} if mood.switches.no_counts else _counted(request, total, limit, offset)
    if not kept:
        return _empty(name, mood, headers, emptied=emptied)
    return Json({name: mood.shifted(kept, offset)[offset : offset + limit]}, headers=headers)


def _counted(request: Request, total: int, limit: int, offset: int) -> dict[str, str]:
    """The count, and where the other pages are."""
    offsets = {
        "next": offset + limit if offset + limit < total else None,
        "last": max(total - 1, 0) // limit * limit,
        "first": 0,
        "prev": max(offset - limit, 0) if offset else None,
    }
    links = [
        f'<{request.url.include_query_params(limit=limit, offset=at)}>; rel="{rel}"'
        for rel, at in offsets.items()
        if at is not None
    ]
    return {"X-Total-Count": str(total), "Link": ", ".join(links)}


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


def _number(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < least:
        raise Refusal(400, "invalid_selection_field", f"{name} is a whole number of at least {least}")
    return int(text)
