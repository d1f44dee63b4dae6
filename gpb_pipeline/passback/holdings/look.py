"""What is to be read of a gradebook, and asked for by its id; and which lists without rows are believed.

What a read then says of the holdings is see.py's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from gpb_pipeline.passback.holdings.adopt import Places
from gpb_pipeline.passback.holdings.frames import SURE, Gradebook, Holdings
from gpb_pipeline.passback.holdings.moved import PLACE
from gpb_pipeline.passback.keys import among


def to_look_up(holdings: Holdings, places: Places) -> frozenset[str]:
    """Name the classes to be read before anything is judged: where we are not sure, or come anew."""
    unsure: set[str] = set()
    for rows in (holdings.line_items, holdings.results):
        unsure |= set(rows.loc[rows["certainty"] != "known", "class_id"])
    now = places.sections.dropna(subset=["class_id"])
    held = holdings.line_items
    has_any = now["section_id"].isin(held["section_id"])
    there = among(now, held, PLACE)
    return (frozenset(unsure) & places.class_ids) | frozenset(now.loc[has_any & ~there, "class_id"])


def classes_left(holdings: Holdings, places: Places) -> frozenset[str]:
    """Name the classes in which something of ours stands, and which none of the course's sections has now."""
    held = (holdings.line_items["class_id"], holdings.results["class_id"])
    return frozenset(each for class_ids in held for each in class_ids) - places.class_ids


def short_classes(holdings: Holdings, book: Gradebook) -> frozenset[str]:
    """Name the classes that a read shows empty although it showed something of ours there before."""
    items = _emptied(holdings.line_items, book, book.line_items)
    return frozenset(items["class_id"]) | frozenset(
        _emptied(holdings.results, book, book.results)["class_id"]
    )


def believed(holdings: Holdings, book: Gradebook) -> Gradebook:
    """Take what empty lists lack for looked for by its id and not found: someone has looked, and says so."""
    items = _emptied(holdings.line_items, book, book.line_items)["line_item_id"]
    results = _emptied(holdings.results, book, book.results)["result_id"]
    return replace(book, not_found=book.not_found | frozenset(items) | frozenset(results))


def _emptied(rows: pd.DataFrame, book: Gradebook, shown: pd.DataFrame) -> pd.DataFrame:
    here = rows["class_id"].isin(book.class_ids) & ~rows["class_id"].isin(shown["class_id"])
    return rows[here & (rows["certainty"] == "known") & rows["seen_at"].notna()]


def strangers(holdings: Holdings, book: Gradebook) -> dict[str, str]:
    """Name the line items shown that are not ours, with their class; none where something is unsettled."""
    rows, shown = holdings.line_items, book.line_items
    unsettled = rows.loc[rows["certainty"] == "unknown", "class_id"]
    others = shown[~shown["line_item_id"].isin(rows["line_item_id"]) & ~shown["class_id"].isin(unsettled)]
    return dict(zip(others["line_item_id"], others["class_id"], strict=True))


def doubtful(holdings: Holdings, book: Gradebook) -> Holdings:
    """Choose what is worth asking for by its own id: once shown, and not in a read that shows others of ours.

    The first of each frame, if there are any, is one that is shown: the address must answer for it. Results
    of a doubted line item are not asked for: they fall with it.
    """
    line_items = _doubted(holdings.line_items, book, book.line_items, "line_item_id")
    asked = ~holdings.results["line_item_id"].isin(line_items["line_item_id"].iloc[1:])
    return Holdings(
        line_items=line_items,
        results=_doubted(holdings.results[asked], book, book.results, "result_id"),
    )


def _doubted(rows: pd.DataFrame, book: Gradebook, shown: pd.DataFrame, name: str) -> Any:
    here = rows[rows["class_id"].isin(book.class_ids) & rows["certainty"].isin(SURE)]
    there = here[name].isin(shown[name])
    credible = here["class_id"].isin(here.loc[there, "class_id"])
    absent = here[~there & credible & here["seen_at"].notna() & ~here[name].isin(list(book.unreadable))]
    return pd.concat([here[there].iloc[:1], absent]) if len(absent) else absent
