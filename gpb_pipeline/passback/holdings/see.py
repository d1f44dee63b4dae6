"""What a read of a gradebook says of our holdings: one function for look-up, verification and reconcile.

A read is believed of what it shows; of what it lacks (absent.py) only where it shows others of ours. Nothing
is written and nothing is wanted here: what follows from it is plan.py's.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import pandas as pd

from gpb_pipeline.passback.frames import derived
from gpb_pipeline.passback.holdings.absent import (
    late_classes,
    not_shown,
    sent_since,
    when_absent,
    when_taken_back,
)
from gpb_pipeline.passback.holdings.adopt import Places, adopted
from gpb_pipeline.passback.holdings.frames import Gradebook, Holdings, LineItemSight, ResultSight
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT, HoldingKind
from gpb_pipeline.passback.holdings.moved import left_unanswered, relocated
from gpb_pipeline.passback.holdings.same import alike, decimals, rounded


def see(
    holdings: Holdings,
    book: Gradebook,
    places: Places,
    *,
    job_id: str,
    since: datetime | None,
    provider: bool,
) -> Holdings:
    """Bring the holdings to what a read shows, each of a class that was read with its `finding`.

    `job_id` looks; what was sent `since` then it wrote itself, and no read has shown yet (None: nothing).
    `provider`: the SIS chooses the ids, so that what was never answered must not be sent again before it is
    settled.
    """
    fresh = Holdings(
        line_items=holdings.line_items.assign(finding=None), results=holdings.results.assign(finding=None)
    )
    followed = relocated(fresh, book, left_unanswered(fresh.line_items, book, places) if provider else {})
    found = adopted(followed, book, places, job_id, by_values=provider)
    line_items = _seen_line_items(found.line_items, book, since, provider=provider)
    late = late_classes(line_items, book)
    results = _seen_results(_fallen_with(found.results, line_items), book, since, late, provider=provider)
    return Holdings(line_items=line_items, results=results)


def _fallen_with(results: pd.DataFrame, line_items: pd.DataFrame) -> Any:
    """Take the results of a line item that is gone for gone with it."""
    gone = line_items.loc[line_items["certainty"] == "gone", "line_item_id"]
    fallen = results["line_item_id"].isin(gone)
    return results.assign(
        certainty=results["certainty"].mask(fallen, "gone"), finding=results["finding"].mask(fallen, "gone")
    )


def _shown(rows: pd.DataFrame, shown: pd.DataFrame, name: str) -> pd.DataFrame:
    """Lay what the read shows beside the rows, by sourcedId; what is not shown is empty."""
    beside = shown.set_index(name).reindex(rows[name])
    beside.index = rows.index
    return beside


def _seen_line_items(rows: pd.DataFrame, book: Gradebook, since: datetime | None, *, provider: bool) -> Any:
    shown = _shown(rows, book.line_items, "line_item_id")
    there = rows["line_item_id"].isin(book.line_items["line_item_id"])
    rows = _when_shown(LINE_ITEM, rows, shown, there, book, since)
    lacked = not_shown(rows, there, book, "line_item_id")
    rows = when_absent(LINE_ITEM, rows, there, lacked, book, since, (), provider=provider)
    return derived(LineItemSight, rows.reset_index(drop=True))


def _seen_results(
    rows: pd.DataFrame,
    book: Gradebook,
    since: datetime | None,
    late: Collection[str],
    *,
    provider: bool,
) -> Any:
    """Bring the results to what is shown; `late`: the classes that `late_classes` names."""
    shown = _shown(rows, book.results, "result_id")
    shown["exempt"] = shown["exempt"].eq(True)  # noqa: FBT003
    there = rows["result_id"].isin(book.results["result_id"]) & (rows["finding"] != "gone")
    taken_back = rows["score"].isna() & ~rows["exempt"]
    rows = _when_shown(RESULT, rows, shown, there & ~taken_back, book, since)
    rows = _when_still_shown(rows, shown, there & taken_back, since)
    lacked = not_shown(rows, there, book, "result_id") & ~taken_back
    rows = when_absent(RESULT, rows, there, lacked, book, since, late, provider=provider)
    rows = when_taken_back(rows, taken_back & ~there, book)
    return derived(ResultSight, rows.reset_index(drop=True))


def _when_shown(
    kind: HoldingKind,
    rows: pd.DataFrame,
    shown: pd.DataFrame,
    there: pd.Series[bool],
    book: Gradebook,
    since: datetime | None,
) -> pd.DataFrame:
    """Settle what the read shows: as taken, as the SIS keeps it, edited, or as it was before a write.

    The last is late at first, then not taken; either way what the SIS holds is not sure, and it is written
    again until a read shows it. An edit is a difference from what was seen: of a write that no read has
    shown yet, it did not take. An unknown write whose value was neither asked for nor seen is an edit.
    """
    kept, exact = kind.kept(rows, shown), kind.exact(rows, shown)
    before = rows["seen_at"].notna() & alike(kind.as_seen(rows), shown)
    ours, unsure = sent_since(rows, since), rows["certainty"] == "unknown"
    unconfirmed = rows["certainty"] == "unconfirmed"  # and not written again since: nothing else says so
    newer = rows["sent_at"] > rows["seen_at"]
    if kind is RESULT:
        as_before = there & before & newer
        kept &= ~_too_coarse(rows, shown, (there & kept) | as_before, kept & as_before & ~exact)
    never_seen, pending = rows["seen_at"].isna(), newer | unsure | unconfirmed | (rows["unshown"] > 0)
    not_yet = there & ~kept & (((ours | never_seen) & ~unsure) | (before & pending))
    late = not_yet & ours & before & (rows["unshown"] == 0)
    finding = pd.Series("same", rows.index, object)
    finding = finding.mask(kept & ~exact & (~before | (ours & newer)), "kept_otherwise")
    finding = finding.mask(unsure | (rows["finding"] == "adopted"), "adopted")
    finding = finding.mask(~kept & ~before & ~not_yet & (~ours | unsure), "edited")
    finding = finding.mask(not_yet, "not_taken").mask(late, "still_shown")
    unshown = rows["unshown"].mask(not_yet & ours, rows["unshown"] + 1)
    return rows.assign(
        **{seen: rows[seen].mask(there, shown[name]) for name, seen in kind.seen.items()},
        finding=rows["finding"].mask(there, finding),
        certainty=rows["certainty"].mask(there, "known").mask(not_yet, "unconfirmed"),
        seen_at=rows["seen_at"].mask(there & ~before, book.at),
        missed_at=rows["missed_at"].where(~there),
        unshown=unshown.mask(there & ~not_yet, 0),
    )


def _too_coarse(
    rows: pd.DataFrame, shown: pd.DataFrame, ours: pd.Series[bool], doubted: pd.Series[bool]
) -> pd.Series[bool]:
    """Mark what is shown as before a write, and no rounding of its class explains: it did not take.

    A class that shows what else it took (`ours`, late or not) with two decimals does not round to one.
    """
    if not doubted.any():
        return doubted
    others = ours & ~doubted & shown["score"].notna() & ~shown["exempt"]
    shows = decimals(shown["score"])[others].groupby(rows["class_id"]).max()
    finest = pd.Series(shows.reindex(rows["class_id"]).fillna(0).to_numpy(), rows.index)
    return doubted & ~rounded(rows["score"], shown["score"], finest)


def _when_still_shown(
    rows: pd.DataFrame, shown: pd.DataFrame, there: pd.Series[bool], since: datetime | None
) -> pd.DataFrame:
    """Settle what was taken back and is shown all the same: late at first, then not taken back."""
    if not there.any():
        return rows
    ours = there & sent_since(rows, since)
    again = ours & (rows["unshown"] > 0)
    back = there & ~ours | again
    return rows.assign(
        score=rows["score"].mask(back, shown["score"]),
        exempt=rows["exempt"].mask(back, shown["exempt"]),
        certainty=rows["certainty"].mask(ours & ~again, "unconfirmed").mask(back, "known"),
        unshown=rows["unshown"].mask(ours, rows["unshown"] + 1),
        finding=rows["finding"].mask(ours & ~again, "still_shown").mask(again, "not_taken"),
    )
