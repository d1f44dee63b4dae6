"""One value that Canvas sent, read as what it should be: what does not fit is UNFIT, never an exception.

What each key should be is course_frames.py's and overrides.py's; what becomes of an item with a value that
does not fit, sieve.py's. Readings for what only people read never refuse: they give what there is.
"""

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

Reading = Callable[[object], Any]
UNFIT: Final = object()  # what a reading gives for a value that cannot be carried
ABSENT: Final = object()  # what a reading is given where the key is not there at all

_ID = re.compile(r"[0-9]{1,20}(~[0-9]{1,20})?")  # 64 bits, after another shard's number where Canvas has many
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_FIRST_YEAR, _LAST_YEAR = 1678, 2261  # whole years of pandas's nanoseconds; a frame holds no others
_SIS_ID_MOST = 255  # characters; Canvas keeps no more
_STEPS = (".", "..")  # of a path, and no part of it
_POSITIONS = 2**31


def ident(value: object) -> Any:
    """Read an id, as text: Canvas sends text where it is asked to, else a number."""
    if isinstance(value, str):
        return value if _ID.fullmatch(value) else UNFIT
    return str(value) if type(value) is int and 0 <= value < 2**64 else UNFIT


def ident_if_any(value: object) -> str | None:
    """Give the id; None for anything else."""
    found = ident(value)
    return None if found is UNFIT else str(found)


def text(value: object) -> Any:
    """Read a text that goes on as it is: half a surrogate or a NUL in it cannot be carried."""
    return value if isinstance(value, str) and _is_clean(value) else UNFIT


def name(value: object) -> Any:
    """Read a text as `text` does; null is an empty one."""
    return "" if value is None else text(value)


def text_or_none(value: object) -> Any:
    """Read a text as `text` does; null and an empty one are none."""
    return None if value is None else text(value) or None


def sis_id_or_none(value: object) -> Any:
    """Read a SIS id, which is asked for by its letters in a path; null and an empty one are none."""
    found = text_or_none(value)
    return UNFIT if isinstance(found, str) and (found in _STEPS or len(found) > _SIS_ID_MOST) else found


def shown(value: object) -> str:
    """Give what a person reads of it, what cannot be carried taken out; nothing where it is no text."""
    if not isinstance(value, str):
        return ""
    return value if _is_clean(value) else value.encode("utf-8", "ignore").decode().replace("\0", "")


def shown_or_none(value: object) -> str | None:
    return shown(value) or None


def trimmed(value: object) -> str:
    """Give what `shown` does without what is blank at its ends, U+00A0 too."""
    return shown(value).strip()


def number_or_none(value: object) -> Any:
    """Read a number that a float holds; null is none."""
    if value is None:
        return None
    if type(value) not in (int, float):
        return UNFIT
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        return UNFIT
    return number if math.isfinite(number) else UNFIT


def number_if_any(value: object) -> float | None:
    """Give the number; None for anything else."""
    found = number_or_none(value)
    return None if found is UNFIT else found


def position(value: object) -> int:
    """Give the place in an order; 0 for what is none."""
    found = number_or_none(value)
    return int(found) if isinstance(found, float) and abs(found) < _POSITIONS else 0


def required_flag(value: object) -> Any:
    """Read a flag whose key must be there; null is False."""
    return value if isinstance(value, bool) else False if value is None else UNFIT


def flag(value: object) -> Any:
    """Read a flag; null, and a key that is not there, is False."""
    return False if value is ABSENT else required_flag(value)


def is_true(value: object) -> bool:
    return value is True


def is_not_false(value: object) -> bool:
    return value is not False


def moment_or_none(value: object) -> Any:
    """Read a time as ISO 8601 text in UTC, so that such times sort as text; null is none."""
    if value is None:
        return None
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return UNFIT
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return UNFIT
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return UNFIT
    return value if value.endswith("Z") else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_if_any(value: object) -> str | None:
    """Give the time; None for anything else."""
    found = moment_or_none(value)
    return None if found is UNFIT else found


def json_object(value: object) -> str:
    """Give an object as JSON text that may be sent back; an empty one for anything else."""
    try:
        return json.dumps(value, allow_nan=False) if isinstance(value, dict) else "{}"
    except (ValueError, RecursionError):  # a number of hundreds of digits in it, or too deep
        return "{}"


def shape(value: object) -> str:
    """Tell of what kind a value is and how large, for a log; never what it says."""
    if value is ABSENT:
        return "absent"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a flag"
    if isinstance(value, str):
        return f"text of {len(value)} characters" + ("" if _is_clean(value) else ", not all valid")
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    return "a number" if number_or_none(value) is not UNFIT else "a number that is not finite"


def _is_clean(value: str) -> bool:
    if "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
