"""What a read of its class lacks: late, not kept, never arrived, or gone.

Never by one empty list, nor by one that is late. What a read shows is see.py's.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from gpb_pipeline.passback.frames import derived
from gpb_pipeline.passback.holdings.frames import (
    ITEM_KEY,
    RESULT_KEY,
    SURE,
    Gradebook,
    Holdings,
    LineItemSight,
    ResultSight,
)
from gpb_pipeline.passback.holdings.link import HoldingKind
from gpb_pipeline.passback.keys import among

ANOTHER_NIGHT, A_THIRD_NIGHT = timedelta(hours=6), timedelta(hours=30)
"""Reads so far apart are of two nights: by then a list that is late has caught up."""


def late_classes(line_items: pd.DataFrame, book: Gradebook) -> frozenset[str]:
    """Name the classes that were read and lack a line item which was accepted and never shown yet."""
    accepted = line_items["certainty"].isin(SURE) & line_items["seen_at"].isna()
    lacked = line_items["class_id"].isin(book.class_ids) & ~line_items["line_item_id"].isin(
        book.line_items["line_item_id"]
    )
    return frozenset(line_items.loc[accepted & lacked, "class_id"])


def not_shown(rows: pd.DataFrame, there: pd.Series[bool], book: Gradebook, name: str) -> pd.Series[bool]:
    """Mark what a read of its class does not show, and not for being unreadable."""
    return rows["class_id"].isin(book.class_ids) & ~rows[name].isin(list(book.unreadable)) & ~there


def sent_since(rows: pd.DataFrame, since: datetime | None) -> pd.Series[bool]:
    """Mark what the sync that looks has written itself, and sees for the first time."""
    return pd.Series(data=False, index=rows.index) if since is None else rows["sent_at"] >= since


def when_absent(
    kind: HoldingKind,
    rows: pd.DataFrame,
    there: pd.Series[bool],
    read: pd.Series[bool],
    book: Gradebook,
    since: datetime | None,
    late: Collection[str],
    *,
    provider: bool,
) -> pd.DataFrame:
    """Settle what a `read` of its class lacks; never by one empty list, nor by one list that is late.

    What no read has shown as it was last sent is not missing, but a write that may not have been kept. Of a
    SIS that has never listed anything of ours it counts as kept after a repeat; and where it chooses the ids,
    what was never answered waits: by such lists nobody could tell that it did not arrive. What is found by
    its own id stays as it is known.
    """
    if not read.any():
        return rows
    name = kind.id_column
    sure, found = rows["certainty"].isin(SURE), rows[name].isin(book.found)
    lacking, read = read & sure, read & ~found
    lists_ours = rows["seen_at"].notna().any()
    ours = sent_since(rows, since)
    otherwise = (rows["seen_at"] < rows["sent_at"]) & ~kind.kept(rows, kind.as_seen(rows))
    never = rows["seen_at"].isna() | (otherwise & (rows["certainty"] == "known"))
    never_seen = ~ours & never & (rows["unshown"] == 0)  # nor read back when it was written
    written, unsure = read & sure & (ours | never_seen), read & (rows["certainty"] == "unknown")
    silent = unsure & provider & _is_silent_of(rows)
    told = unsure & ~_may_be_unreadable(rows, book, name)
    never_arrived = told & ~silent & _settled_by(rows, there, lacking, ours, book, late)
    by_its_id = unsure & (not provider)  # a repeat does no harm, and no other id may come beside this one
    listed = rows["class_id"].isin((book.line_items if name == "line_item_id" else book.results)["class_id"])
    once_shown = read & sure & ~(ours | never_seen) & rows["seen_at"].notna() & listed  # others of the class
    missed = _missed_for(rows, ANOTHER_NIGHT, book)
    gone = (read & sure & rows[name].isin(book.not_found)) | (once_shown & missed)
    accepted = written & (rows["certainty"] == "known")  # what a repeat without an answer leaves is not
    again = accepted & (rows["unshown"] > 0)
    finding = rows["finding"].mask(written, "unshown")
    finding = finding.mask(again, "not_taken" if lists_ours else "never_shown").mask(once_shown, "unshown")
    finding = finding.mask(once_shown & (rows["unshown"] == 0), "missing").mask(gone, "gone")
    waits = unsure & (finding != "ambiguous")
    finding = finding.mask(waits, "unsettled").mask(waits & silent, "never_shown")
    certainty = rows["certainty"].mask(written | once_shown, "unconfirmed")
    certainty = certainty if lists_ours else certainty.mask(again, "known")
    settled = rows.assign(
        finding=finding,
        certainty=certainty.mask(by_its_id, "unconfirmed").mask(gone, "gone"),
        unshown=rows["unshown"].mask(accepted, rows["unshown"] + 1),
        missed_at=rows["missed_at"]
        .mask((written | once_shown | told) & rows["missed_at"].isna(), book.at)
        .where(~found),
    )
    return settled[~(never_arrived & (finding != "ambiguous"))]


def unanswered(holdings: Holdings) -> Holdings:
    """Choose what was never answered, and what a read lacked: someone may have looked, and know better."""

    def waiting(rows: pd.DataFrame) -> Any:
        lacked = rows["finding"].isin(["unsettled", "never_shown"])
        return rows[(rows["certainty"] == "unknown") & lacked].reset_index(drop=True)

    return Holdings(line_items=waiting(holdings.line_items), results=waiting(holdings.results))


def without(holdings: Holdings, those: Holdings) -> Holdings:
    """Take those for not arrived."""
    items = ~among(holdings.line_items, those.line_items, ITEM_KEY)
    results = ~among(holdings.results, those.results, RESULT_KEY)
    return Holdings(
        line_items=derived(LineItemSight, holdings.line_items[items].reset_index(drop=True)),
        results=derived(ResultSight, holdings.results[results].reset_index(drop=True)),
    )


def with_these(holdings: Holdings, those: Holdings) -> Holdings:
    """Put those back."""
    items, results = (
        pd.concat([rows, others], ignore_index=True) if len(others) else rows
        for rows, others in ((holdings.line_items, those.line_items), (holdings.results, those.results))
    )
    return Holdings(line_items=derived(LineItemSight, items), results=derived(ResultSight, results))


def _is_silent_of(rows: pd.DataFrame) -> pd.Series[bool]:
    """Mark where something was accepted and nothing was ever shown: in the section, or in all of them."""
    section = rows["section_id"]
    accepted, shown = rows["certainty"].isin(SURE), rows["seen_at"].notna()
    in_section = section.isin(section[accepted]) & ~section.isin(section[shown])
    return in_section | bool(accepted.any() and not shown.any())


def _settled_by(
    rows: pd.DataFrame,
    there: pd.Series[bool],
    lacking: pd.Series[bool],
    ours: pd.Series[bool],
    book: Gradebook,
    late: Collection[str],
) -> pd.Series[bool]:
    """Mark whose class a read shows so that what was never answered, and is not shown, did not arrive.

    At once, by a list that shows others of ours, has caught up, and is `lacking` nothing that was accepted.
    Else by another night's; by a third's where what was only just accepted is lacking too, or where the
    class is `late`.
    """
    of_class = rows["class_id"].isin
    caught_up = ~of_class(rows.loc[lacking, "class_id"]) & ~(rows["sent_at"] > _caught_up(rows, there, book))
    at_once = of_class(rows.loc[there, "class_id"]) & caught_up
    just_accepted = lacking & (ours | (rows["certainty"] == "unconfirmed"))
    doubtful_lists = {*rows.loc[just_accepted, "class_id"], *late}
    believed = ~of_class(doubtful_lists) | _missed_for(rows, A_THIRD_NIGHT, book)
    return at_once | (_missed_for(rows, ANOTHER_NIGHT, book) & believed)


def _may_be_unreadable(rows: pd.DataFrame, book: Gradebook, name: str) -> pd.Series[bool]:
    """Mark whose class's list has a row that could not be read, and that we do not know: it may be theirs."""
    known = set(rows[name])
    return rows["class_id"].isin([where for each, where in book.unreadable.items() if each not in known])


def _missed_for(rows: pd.DataFrame, nights: timedelta, book: Gradebook) -> pd.Series[bool]:
    return rows["missed_at"].notna() & ((book.at - rows["missed_at"]) >= nights)


def _caught_up(rows: pd.DataFrame, there: pd.Series[bool], book: Gradebook) -> pd.Series[pd.Timestamp]:
    """Say up to when each row's class is shown for certain: the latest write there that the read shows.

    What was sent again as it was is no sign: a list of before shows it just so. What this read is the first
    to show is one, whatever the clock says: it may have been set back since it was sent.
    """
    shown = rows[there]
    first_shown = shown["seen_at"] == book.at
    certain = shown[["sent_at", "seen_at"]].min(axis=1).mask(first_shown, shown["sent_at"])
    latest = certain.groupby(shown["class_id"]).max()
    return pd.Series(latest.reindex(rows["class_id"]).to_numpy(), rows.index, dtype=rows["sent_at"].dtype)


def when_taken_back(rows: pd.DataFrame, away: pd.Series[bool], book: Gradebook) -> pd.DataFrame:
    """Forget what was taken back and is not shown; never by one list that is empty or not whole."""
    read = away[rows.index] & rows["class_id"].isin(book.class_ids)
    whole = read & ~rows["class_id"].isin(list(book.unreadable_results))
    listed = rows["class_id"].isin(book.results["class_id"])
    gone = (rows["certainty"] == "gone") | rows["result_id"].isin(list(book.not_found))
    told = gone | listed | _missed_for(rows, ANOTHER_NIGHT, book)
    settled = rows.assign(
        missed_at=rows["missed_at"].mask(whole & rows["missed_at"].isna(), book.at),
        finding=rows["finding"].mask(read, "unshown"),
    )
    return settled[~(whole & told)]
