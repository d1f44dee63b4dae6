"""How a SIS may keep otherwise what it took: scores rounded, dates cut, titles respelt.

Pure functions of a temperament and a record; whether a write is taken at all is decided before.
"""

import re
import sys
from dataclasses import replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from zoneinfo import ZoneInfo

from gpb_pipeline.sandbox.sis.records import LineItem, Result
from gpb_pipeline.sandbox.sis.temperaments import Temperaments

EPSILON = sys.float_info.epsilon


def kept_result(result: Result, switches: Temperaments) -> Result:
    if switches.decimals is None or result.score is None:
        return result
    return replace(result, score=_rounded(result.score, switches.decimals))


def kept_line_item(item: LineItem, switches: Temperaments, zone: ZoneInfo) -> LineItem:
    return replace(
        item,
        title=_respelt(item.title, switches),
        assign_date=_cut(item.assign_date, switches, zone),
        due_date=None if item.due_date is None else _cut(item.due_date, switches, zone),
    )


def _rounded(score: float, decimals: int) -> float:
    """Half up, by the decimals that the score is written with; a huge one has none that count."""
    if abs(score) >= 1 / EPSILON:
        return score
    return float(Decimal(repr(score)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def _respelt(title: str, switches: Temperaments) -> str:
    match switches.titles:
        case "squeeze":
            return re.sub(r"\s+", " ", title).strip()
        case "escape":
            return escape(title, quote=False)
        case _:
            return title


def _cut(text: str, switches: Temperaments, zone: ZoneInfo) -> str:
    """A time in the first or last year that there is stays, since it may have no local day."""
    at = datetime.fromisoformat(text)
    at = at.replace(tzinfo=at.tzinfo or UTC)
    if at.year in (MINYEAR, MAXYEAR):
        return text
    match switches.dates:
        case "midnight":
            return f"{at.astimezone(UTC):%Y-%m-%d}T00:00:00.000Z"
        case "local":
            local = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
            return local.isoformat(timespec="milliseconds")
        case "date":
            return f"{at.astimezone(UTC):%Y-%m-%d}"
        case _:
            return text
