"""The JSON of an answer of Canvas: whole, cut off, or none at all; an object, or a list of objects.

What an object says is not looked at here.
"""

import json
from typing import Any

import orjson
import requests

from gpb_pipeline.canvas.errors import UnavailableError, unreadable
from gpb_pipeline.outages import Outage

Json = dict[str, Any]

_DIGITS = 20  # a whole number of more is no id and no count; Python reads none of more than 4,300


def body_of(answer: requests.Response, item: str, *, is_canvas: bool) -> object:
    """Parse an answer's JSON; bytes that are no UTF-8 cost their character alone.

    Raises UnavailableError for JSON that breaks off, as where no Content-Length says how much should come,
    and for a web page where `is_canvas`, which has answered in JSON before: it is one of maintenance.
    PermanentError for what else is no JSON.
    """
    try:
        return orjson.loads(answer.content)
    except orjson.JSONDecodeError:  # it refuses half a surrogate and bytes that are no UTF-8, too
        text = answer.content.decode("utf-8", "replace")
    try:
        return _parsed(text)
    except (ValueError, RecursionError) as broken:
        if isinstance(broken, ValueError) and text.lstrip()[:1] in {"", "[", "{"}:
            raise UnavailableError(
                f"Canvas did not answer in full: {Outage.CUT.value}",
                item=item,
                remedy="Try again; if it stays, see whether a proxy cuts answers.",
            ) from None
        if is_canvas and text.lstrip()[:1] == "<":
            raise UnavailableError(
                "Canvas answered with a web page",
                item=item,
                remedy="Try again; if it stays, see whether Canvas is being maintained.",
            ) from None
        raise unreadable("Canvas answered with something that is not JSON", item) from None


def object_in(body: object, item: str) -> Json:
    """Give the object; raises PermanentError for anything else."""
    if not isinstance(body, dict):
        raise unreadable("Canvas answered with something that is not a JSON object", item)
    return body


def objects_in(body: object, item: str) -> list[Json]:
    """Give a list's objects, null being none; what is no object is one without anything.

    Raises PermanentError for what is no list.
    """
    if body is not None and not isinstance(body, list):
        raise unreadable("Canvas answered with something that is not a JSON list", item)
    return [each if isinstance(each, dict) else {} for each in body or []]


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a whole number of thousands of digits, which costs its own item alone
        return json.loads(text, parse_int=_whole)


def _whole(digits: str) -> Any:
    return int(digits) if len(digits) <= _DIGITS else float(digits)
