"""The bodies that are put to the SIS: held against the project's schemas, with words that name what is wrong.

The words name properties and rules and quote no value, since values are scores and comments.
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from gpb_pipeline.sandbox.sis.refusals import Refusal, invalid
from gpb_pipeline.sandbox.sis.wire import Payload

TIMES = ("dateLastModified", "assignDate", "dueDate", "scoreDate")


def json_object(raw: bytes) -> dict[str, Any]:
    """Raises Refusal (400)."""
    try:
        body = json.loads(raw, parse_constant=_no_number, parse_int=_whole)
    except ValueError:
        raise Refusal(400, "invaliddata", "The body is no JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "invaliddata", "The body is no JSON object")
    return body


def _no_number(name: str) -> None:
    """NaN and Infinity are Python's JSON and nobody else's."""
    raise ValueError(name)


def _whole(digits: str) -> int:
    """A whole number as far as a float can be as large."""
    if len(digits) > sys.float_info.max_10_exp:
        raise ValueError(digits[:9])
    return int(digits)


def valid(body: dict[str, Any], name: str, validator: Draft202012Validator) -> Payload:
    """The object of that name, which the schema allows. Raises Refusal (422)."""
    error = next(validator.iter_errors(body), None)
    if error is not None:
        raise invalid(_words(error))
    payload: Payload = body[name]
    for each in TIMES:
        if each in payload and not _is_time(payload[each]):
            raise invalid(f"{name}.{each} is no day or time that there is")
    return payload


def _words(error: ValidationError) -> str:
    where = ".".join(str(each) for each in error.absolute_path) or "the body"
    held, rule, schema = (cast("Any", each) for each in (error.instance, error.validator_value, error.schema))
    match error.validator:
        case "required":
            wrong = f"lacks {', '.join(each for each in rule if each not in held)}"
        case "additionalProperties":
            wrong = f"has what is not known here: {', '.join(sorted({*held} - {*schema['properties']}))}"
        case "enum":
            wrong = f"is none of: {', '.join(str(each) for each in rule)}"
        case "type":
            wrong = f"is not of type {rule}"
        case "pattern":
            wrong = f"is not written like {rule}"
        case _:
            wrong = f"breaks the schema's rule {error.validator} {rule}"
    return f"{where} {wrong}"


def _is_time(text: str) -> bool:
    """Also in UTC: the last hours of the year 9999 are beyond what can be told."""
    try:
        at = datetime.fromisoformat(text)
        (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True
