"""The one notion of *same*, of domain values: what a SIS took, shows, and what is wanted. By columns.

Scores within 0.005; dates by day unless the district sends instants; titles as a SIS trims them. What
rounding, cutting or respelling explains is *kept otherwise*: the SIS's own way of keeping what it took.
"""

from __future__ import annotations

import html
from typing import Literal

import pandas as pd

TOLERANCE = 0.005
DueStyle = Literal["day", "instant"]


def same_result(one: pd.DataFrame, other: pd.DataFrame) -> pd.Series[bool]:
    """Compare results: an exempt one by its mark alone, a withdrawn one (no score) is like nothing."""
    close = (one["score"] - other["score"]).abs() < TOLERANCE
    return (one["exempt"] & other["exempt"]) | (~one["exempt"] & ~other["exempt"] & close)


def rounded(
    score: pd.Series[float], kept: pd.Series[float], finest: pd.Series[int] | int = 0
) -> pd.Series[bool]:
    """Say where `kept` is `score` with fewer decimals: two, one, or none, and no fewer than `finest`."""
    explained = pd.Series(data=False, index=score.index)
    for digits, step in ((2, 0.01), (1, 0.1), (0, 1.0)):
        explained |= (finest <= digits) & _has(digits, kept) & ((score - kept).abs() <= step / 2 + 1e-9)
    return explained


def decimals(score: pd.Series[float]) -> pd.Series[int]:
    """Count the decimals of scores; more than two are two."""
    return 2 - _has(1, score).astype(int) - _has(0, score).astype(int)


def _has(digits: int, score: pd.Series[float]) -> pd.Series[bool]:
    return (score - score.round(digits)).abs() < 1e-9  # noqa: PLR2004  a float's own noise


def kept_result(took: pd.DataFrame, shown: pd.DataFrame) -> pd.Series[bool]:
    """Say where a result is shown as taken, or as rounding explains it."""
    marked = took["exempt"] | shown["exempt"]
    return same_result(took, shown) | (~marked & rounded(took["score"], shown["score"]))


def same_text(one: pd.Series[str], other: pd.Series[str]) -> pd.Series[bool]:
    return (one == other) | (one.isna() & other.isna())


def spelling(title: pd.Series[str]) -> pd.Series[str]:
    """Put titles as any SIS would still know them: blanks squeezed, markup's own escapes undone."""
    return title.map(lambda text: " ".join(html.unescape(text).split()), na_action="ignore")


def same_day(
    one: pd.Series[pd.Timestamp], other: pd.Series[pd.Timestamp], style: DueStyle
) -> pd.Series[bool]:
    """Compare dates of the wire (UTC); two that are not there are the same."""
    if style == "day":
        one, other = one.dt.floor("D"), other.dt.floor("D")
    return (one == other) | (one.isna() & other.isna())


def same_points(one: pd.Series[float], other: pd.Series[float]) -> pd.Series[bool]:
    return (one.isna() & other.isna()) | ((one - other).abs() < TOLERANCE)


def same_line_item(wanted: pd.DataFrame, took: pd.DataFrame, style: DueStyle) -> pd.Series[bool]:
    """Compare what is wanted with what was taken, row by row; both have the columns of a line item.

    A category or a period that is not known now is no difference: what bars a write is asked elsewhere.
    """
    return (
        (wanted["title"] == took["title"])
        & (same_text(wanted["category_id"], took["category_id"]) | wanted["category_id"].isna())
        & (same_text(wanted["period_id"], took["period_id"]) | wanted["period_id"].isna())
        & same_points(wanted["points_possible"], took["points_possible"])
        & same_day(wanted["assigned_at"], took["assigned_at"], "day")
        & same_day(wanted["due_on_wire"], took["due_on_wire"], style)
    )


def kept_day(due: pd.Series[pd.Timestamp], kept: pd.Series[pd.Timestamp]) -> pd.Series[bool]:
    """Say where `kept` is the day of `due`: in UTC, or in a zone of the Americas that it was cut in."""
    behind = due - kept
    at_midnight = kept.dt.floor("D") == kept  # of a local day: an evening's instant is the next day in UTC
    local = (behind < pd.Timedelta(hours=24)) | (at_midnight & (behind < pd.Timedelta(hours=35)))
    return (due.dt.floor("D") == kept.dt.floor("D")) | ((behind >= pd.Timedelta(0)) & local)


def kept_line_item(took: pd.DataFrame, shown: pd.DataFrame) -> pd.Series[bool]:
    """Say where a line item is shown as taken, or as cutting, rounding and respelling explain it.

    What the SIS does not say is no difference.
    """
    day = kept_day(took["due_on_wire"], shown["due_on_wire"])
    return (
        (spelling(took["title"]) == spelling(shown["title"]))
        & (shown["category_id"].isna() | same_text(took["category_id"], shown["category_id"]))
        & (
            shown["points_possible"].isna()
            | same_points(took["points_possible"], shown["points_possible"])
            | rounded(took["points_possible"], shown["points_possible"])
        )
        & (day | shown["due_on_wire"].isna())
    )


def exact_line_item(took: pd.DataFrame, shown: pd.DataFrame) -> pd.Series[bool]:
    """Say where a line item is shown to the letter, so that there is nothing to tell."""
    same_due = shown["due_on_wire"].isna() | (took["due_on_wire"] == shown["due_on_wire"])
    return (took["title"] == shown["title"]) & same_due


def alike(one: pd.DataFrame, other: pd.DataFrame) -> pd.Series[bool]:
    """Say where all columns are equal, as two reads of a SIS are; what neither says is equal."""
    equal = pd.Series(data=True, index=one.index)
    for name in one.columns:
        close = one[name].dtype.kind == "f" and (one[name] - other[name]).abs() < TOLERANCE
        equal &= (one[name] == other[name]) | (one[name].isna() & other[name].isna()) | close
    return equal
