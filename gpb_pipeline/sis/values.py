"""Single values of a SIS's JSON, laxly: ids, texts, numbers, instants, days, flags; None for what is none.

What must be there, and what its absence costs, is reading.py's.
"""

import math
from datetime import UTC, date, datetime

from gpb_pipeline.sis.answers import fit

YEARS = range(1700, 2200)  # what a frame can hold; SISs have 0001 and 9999 for "never"
ID_MAX, TEXT_MAX = 1000, 2000  # characters; OneRoster's ids have 255
NO_IDS = ("", ".", "..")  # steps of a path are no part of it, however they are spelt in it


def id_of(value: object) -> str | None:
    """Read an id, text or a number; None for what could not be the same id again when it is written."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text not in NO_IDS and len(text) <= ID_MAX and fit(text) == text else None


def text_of(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return fit(str(value)[:TEXT_MAX]).strip() or None


def number_of(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _iso(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def moment_of(value: object) -> datetime | None:
    """Parse ISO 8601, a date or an instant; without an offset it is taken as UTC."""
    moment = _iso(value)
    if moment is None or moment.year not in YEARS:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def day_of(value: object) -> date | None:
    moment = _iso(value)
    return moment and moment.date()


def flag_of(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None
