"""What stands in another class than it was sent to, or whose class is another section's now.

Nothing moves in the SIS: the holdings follow it there. What a read says of them is see.py's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from gpb_pipeline.passback.frames import or_else
from gpb_pipeline.passback.holdings.adopt import Places
from gpb_pipeline.passback.holdings.frames import ITEM_KEY, RESULT_KEY, Gradebook, Holdings
from gpb_pipeline.passback.keys import among

PLACE = ["section_id", "class_id"]


def left_unanswered(rows: pd.DataFrame, book: Gradebook, places: Places) -> dict[str, str]:
    """Say for classes that are no section's now, and in which nothing was answered, where their section went.

    By nothing else could it be told whether the class has a new id, and all that was written there with it.
    """
    sure = rows.loc[rows["certainty"] != "unknown", "class_id"]
    left = rows[~rows["class_id"].isin([*places.class_ids, *sure])]
    now = dict(zip(places.sections["section_id"], places.sections["class_id"], strict=True))
    went = zip(left["class_id"], left["section_id"].map(now), strict=True)
    return {was: is_now for was, is_now in went if is_now in book.class_ids}


def relocated(holdings: Holdings, book: Gradebook, went: dict[str, str]) -> Holdings:
    """Follow what stands in another class than it was sent to, readable or not: the class has a new id.

    What was never answered, and has no sourcedId to be found by, goes where all else of its class `went`; how
    long a read has lacked it is counted anew there.
    """
    moved: dict[str, Any] = {}
    for name, key, rows, shown in (
        ("line_item_id", ITEM_KEY, holdings.line_items, book.line_items),
        ("result_id", RESULT_KEY, holdings.results, book.results),
    ):
        classes = dict(book.unreadable) | dict(zip(shown[name], shown["class_id"], strict=True))
        now = rows[name].map(classes).astype(object)
        went = went | _where_all_went(rows["class_id"], now)
        without_id = now.isna() & (rows["certainty"] == "unknown")
        now = now.mask(without_id, rows["class_id"].map(went).astype(object))
        there = rows.assign(class_id=or_else(now, rows["class_id"]))
        doubled = there.duplicated(key, keep=False)  # two classes that became one: the keys stay apart
        class_id = there["class_id"].mask(doubled, rows["class_id"])
        counted = ~(without_id & (class_id != rows["class_id"]))
        moved[name] = rows.assign(class_id=class_id, missed_at=rows["missed_at"].where(counted))
    return Holdings(line_items=moved["line_item_id"], results=moved["result_id"])


def _where_all_went(before: pd.Series[str], now: pd.Series[Any]) -> dict[str, str]:
    """Find for each class the other one in which everything that was sent to it, and is shown, stands now."""
    shown = pd.DataFrame({"before": before, "now": now}).dropna().drop_duplicates()
    alone = shown[~shown.duplicated("before", keep=False)]
    return {was: is_now for was, is_now in alone.to_numpy().tolist() if was != is_now}


def taken_over(holdings: Holdings, places: Places) -> Holdings:
    """Follow a class to the section that has it now, with all that stands in it, where there is just one."""
    now = places.sections.dropna(subset=["class_id"])
    alone = now[~now.duplicated("class_id", keep=False)].set_index("class_id")["section_id"]
    return replace(
        holdings,
        line_items=_followed(holdings.line_items, alone, now, ITEM_KEY),
        results=_followed(holdings.results, alone, now, RESULT_KEY),
    )


def _followed(rows: pd.DataFrame, alone: pd.Series[str], now: pd.DataFrame, key: list[str]) -> Any:
    left = ~among(rows, now, PLACE)
    if not left.any():
        return rows
    heir = pd.Series(alone.reindex(rows["class_id"]).to_numpy(), rows.index)
    moved = rows.assign(section_id=rows["section_id"].mask(left & heir.notna(), heir))
    doubled = moved.duplicated(key, keep=False) & left  # the heir has one of its own: this one stays behind
    return moved.assign(section_id=moved["section_id"].mask(doubled, rows["section_id"]))
