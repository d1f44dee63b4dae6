"""What a read of a gradebook says of our holdings: one function for look-up, verification and reconcile.

A read is believed of what it shows; of what it lacks only where it shows others of ours. Nothing is written
and nothing is wanted here: what follows from it is plan.py's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from gpb_pipeline.passback.frames import derived, or_else
from gpb_pipeline.passback.holdings.adopt import Places, adopted
from gpb_pipeline.passback.holdings.frames import (
    ITEM_KEY,
    RESULT_KEY,
    SURE,
    Gradebook,
    Holdings,
    LineItemSight,
    ResultSight,
)
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT, HoldingKind
from gpb_pipeline.passback.holdings.same import alike, decimals, rounded
from gpb_pipeline.passback.keys import among

PLACE = ["section_id", "class_id"]
ANOTHER_NIGHT, A_THIRD_NIGHT = timedelta(hours=6), timedelta(hours=30)
"""Reads so far apart are of two nights: by then a list that is late has caught up."""


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
    followed = _relocated(fresh, book, _left_unanswered(fresh.line_items, book, places) if provider else {})
    found = adopted(followed, book, places, job_id, by_values=provider)
    line_items = _seen_line_items(found.line_items, book, since, provider=provider)
    late = _late(line_items, book)
    results = _seen_results(_fallen_with(found.results, line_items), book, since, late, provider=provider)
    return Holdings(line_items=line_items, results=results)


def _late(line_items: pd.DataFrame, book: Gradebook) -> frozenset[str]:
    """Name the classes that were read and lack a line item which was accepted and never shown yet."""
    accepted = line_items["certainty"].isin(SURE) & line_items["seen_at"].isna()
    lacked = line_items["class_id"].isin(book.class_ids) & ~line_items["line_item_id"].isin(
        book.line_items["line_item_id"]
    )
    return frozenset(line_items.loc[accepted & lacked, "class_id"])


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


def _left_unanswered(rows: pd.DataFrame, book: Gradebook, places: Places) -> dict[str, str]:
    """Say for classes that are no section's now, and in which nothing was answered, where their section went.

    By nothing else could it be told whether the class has a new id, and all that was written there with it.
    """
    sure = rows.loc[rows["certainty"] != "unknown", "class_id"]
    left = rows[~rows["class_id"].isin([*places.class_ids, *sure])]
    now = dict(zip(places.sections["section_id"], places.sections["class_id"], strict=True))
    went = zip(left["class_id"], left["section_id"].map(now), strict=True)
    return {was: is_now for was, is_now in went if is_now in book.class_ids}


def _relocated(holdings: Holdings, book: Gradebook, went: dict[str, str]) -> Holdings:
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


def _fallen_with(results: pd.DataFrame, line_items: pd.DataFrame) -> Any:
    """Take the results of a line item that is gone for gone with it."""
    gone = line_items.loc[line_items["certainty"] == "gone", "line_item_id"]
    fallen = results["line_item_id"].isin(gone)
    return results.assign(
        certainty=results["certainty"].mask(fallen, "gone"), finding=results["finding"].mask(fallen, "gone")
    )


def _written(rows: pd.DataFrame, since: datetime | None) -> pd.Series[bool]:
    """Mark what the sync that looks has written itself, and sees for the first time."""
    return pd.Series(data=False, index=rows.index) if since is None else rows["sent_at"] >= since


def _shown(rows: pd.DataFrame, shown: pd.DataFrame, name: str) -> pd.DataFrame:
    """Lay what the read shows beside the rows, by sourcedId; what is not shown is empty."""
    beside = shown.set_index(name).reindex(rows[name])
    beside.index = rows.index
    return beside


def _seen_line_items(rows: pd.DataFrame, book: Gradebook, since: datetime | None, *, provider: bool) -> Any:
    shown = _shown(rows, book.line_items, "line_item_id")
    there = rows["line_item_id"].isin(book.line_items["line_item_id"])
    rows = _when_shown(LINE_ITEM, rows, shown, there, book, since)
    lacked = _lacked(rows, there, book, "line_item_id")
    rows = _when_absent(LINE_ITEM, rows, there, lacked, book, since, (), provider=provider)
    return derived(LineItemSight, rows.reset_index(drop=True))


def _seen_results(
    rows: pd.DataFrame,
    book: Gradebook,
    since: datetime | None,
    late: Collection[str],
    *,
    provider: bool,
) -> Any:
    """Bring the results to what is shown; `late`: the classes that `_late` names."""
    shown = _shown(rows, book.results, "result_id")
    shown["exempt"] = shown["exempt"].eq(True)  # noqa: FBT003
    there = rows["result_id"].isin(book.results["result_id"]) & (rows["finding"] != "gone")
    taken_back = rows["score"].isna() & ~rows["exempt"]
    rows = _when_shown(RESULT, rows, shown, there & ~taken_back, book, since)
    rows = _when_still_shown(rows, shown, there & taken_back, since)
    lacked = _lacked(rows, there, book, "result_id") & ~taken_back
    rows = _when_absent(RESULT, rows, there, lacked, book, since, late, provider=provider)
    rows = _when_taken_back(rows, taken_back & ~there, book)
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
    ours, unsure = _written(rows, since), rows["certainty"] == "unknown"
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
    ours = there & _written(rows, since)
    again = ours & (rows["unshown"] > 0)
    back = there & ~ours | again
    return rows.assign(
        score=rows["score"].mask(back, shown["score"]),
        exempt=rows["exempt"].mask(back, shown["exempt"]),
        certainty=rows["certainty"].mask(ours & ~again, "unconfirmed").mask(back, "known"),
        unshown=rows["unshown"].mask(ours, rows["unshown"] + 1),
        finding=rows["finding"].mask(ours & ~again, "still_shown").mask(again, "not_taken"),
    )


def _when_taken_back(rows: pd.DataFrame, away: pd.Series[bool], book: Gradebook) -> pd.DataFrame:
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


def _lacked(rows: pd.DataFrame, there: pd.Series[bool], book: Gradebook, name: str) -> pd.Series[bool]:
    """Mark what a read of its class does not show, and not for being unreadable."""
    return rows["class_id"].isin(book.class_ids) & ~rows[name].isin(list(book.unreadable)) & ~there


def _when_absent(
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
    what was never answered waits: by such lists nobody could tell that it did not arrive.
    """
    if not read.any():
        return rows
    name = kind.id_column
    lists_ours = rows["seen_at"].notna().any()
    ours = _written(rows, since)
    sure = rows["certainty"].isin(SURE)
    otherwise = (rows["seen_at"] < rows["sent_at"]) & ~kind.kept(rows, kind.as_seen(rows))
    never = rows["seen_at"].isna() | (otherwise & (rows["certainty"] == "known"))
    never_seen = ~ours & never & (rows["unshown"] == 0)  # nor read back when it was written
    written, unsure = read & sure & (ours | never_seen), read & (rows["certainty"] == "unknown")
    silent = unsure & provider & _is_silent_of(rows)
    told = unsure & ~_may_be_unreadable(rows, book, name)
    never_arrived = told & ~silent & _settled_by(rows, there, read & sure, ours, book, late)
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
        missed_at=rows["missed_at"].mask((written | once_shown | told) & rows["missed_at"].isna(), book.at),
    )
    return settled[~(never_arrived & (finding != "ambiguous"))]


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
    heir = pd.Series(alone.reindex(rows["class_id"]).to_numpy(), rows.index)
    moved = rows.assign(section_id=rows["section_id"].mask(left & heir.notna(), heir))
    doubled = moved.duplicated(key, keep=False) & left  # the heir has one of its own: this one stays behind
    return moved.assign(section_id=moved["section_id"].mask(doubled, rows["section_id"]))
