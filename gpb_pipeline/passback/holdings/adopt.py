"""What is ours in a gradebook and not known as such: writes without an answer, and a dead sync's first ones.

They are found by sourcedId, or, where the SIS chose it, by class, title and due day, or by line item and
student; never a line item that stood there before. Two candidates are never guessed between. What is shown of
known holdings is see.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from gpb_pipeline.passback.frames import derived, or_else
from gpb_pipeline.passback.holdings.frames import (
    ITEM_KEY,
    RESULT_KEY,
    Gradebook,
    Holdings,
)
from gpb_pipeline.passback.holdings.identity import line_item_id, result_id
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT, HoldingKind
from gpb_pipeline.passback.holdings.same import kept_day, spelling


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a course's gradebooks are now, and by what its ids are known again.

    `sections`: section_id, class_id (None: the SIS has no such class). `assignment_ids`: all of the course,
    whatever is synced of them now. `students`: student_id, user_id, whoever is enrolled in whatever state.
    """

    tenant: str
    sections: pd.DataFrame
    assignment_ids: tuple[str, ...]
    students: pd.DataFrame

    @property
    def class_ids(self) -> frozenset[str]:
        return frozenset(self.sections["class_id"].dropna())


def adopted(holdings: Holdings, book: Gradebook, places: Places, job_id: str, *, by_values: bool) -> Holdings:
    """Bring in what is ours among what the SIS shows, as found by the job that looks.

    `by_values`: the SIS chooses the ids. Where we do, what has another id is somebody else's.
    """
    line_items = _line_items(holdings, book, places, job_id, by_values=by_values)
    results = _under(holdings.results, line_items)
    return Holdings(
        line_items=line_items,
        results=_results(results, line_items, book, places, job_id, by_values=by_values),
    )


def _line_items(holdings: Holdings, book: Gradebook, places: Places, job_id: str, *, by_values: bool) -> Any:
    rows = holdings.line_items
    foreign = book.line_items[~book.line_items["line_item_id"].isin(rows["line_item_id"])]
    ours = _not_yet(_ours_by_id(foreign, places), rows, ITEM_KEY)
    rest = foreign[~foreign["line_item_id"].isin([*ours["line_item_id"], *book.strangers])]
    rows = _named(LINE_ITEM, rows, _candidates(holdings, rest if by_values else rest[:0], book), rest)
    seen = {name: ours[shown] for shown, name in LINE_ITEM.seen.items()}
    return _joined(LINE_ITEM, rows, ours.assign(**seen, **_as_found(book, job_id)))


def _ours_by_id(shown: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Find the line items whose sourcedId is the one that we would choose."""
    classes = places.sections.dropna(subset=["class_id"])
    known = {
        line_item_id(places.tenant, class_id, section_id, assignment_id): (section_id, assignment_id)
        for section_id, class_id in zip(classes["section_id"], classes["class_id"], strict=True)
        for assignment_id in (places.assignment_ids if len(shown) else ())
    }
    ours = shown[shown["line_item_id"].isin(known)]
    keys = [known[each] for each in ours["line_item_id"]]
    return ours.assign(
        section_id=pd.Series([key[0] for key in keys], ours.index, object),
        assignment_id=pd.Series([key[1] for key in keys], ours.index, object),
    )


def _candidates(holdings: Holdings, shown: pd.DataFrame, book: Gradebook) -> pd.DataFrame:
    """Pair unknown line items (`row`) with those shown of their class, title and due day (`shown`)."""
    rows = holdings.line_items
    unknown = _not_shown(rows, "line_item_id", book.line_items)
    pairs = (
        unknown[[*ITEM_KEY, "due_on_wire"]]
        .assign(row=unknown.index, spelt=spelling(unknown["title"]))
        .merge(
            shown[["class_id", "line_item_id", "due_on_wire"]].assign(
                shown=shown.index, spelt=spelling(shown["title"])
            ),
            on=["class_id", "spelt"],
            suffixes=("", "_shown"),
        )
    )
    pairs = pairs[kept_day(pairs["due_on_wire"], pairs["due_on_wire_shown"])]
    return pairs[~pairs["shown"].isin(_with_results_of_others(pairs, holdings, book))]


def _not_shown(rows: pd.DataFrame, name: str, shown: pd.DataFrame) -> pd.DataFrame:
    """Keep the unknown rows that are not shown by their own sourcedId, which settles them by itself."""
    return rows[(rows["certainty"] == "unknown") & ~rows[name].isin(shown[name])]


def _with_results_of_others(pairs: pd.DataFrame, holdings: Holdings, book: Gradebook) -> pd.Series[int]:
    """Name the candidates on which the SIS shows a result that we never sent."""
    standing = pairs.merge(book.results[["line_item_id", "student_id"]], on="line_item_id")
    sent = pd.MultiIndex.from_frame(holdings.results[RESULT_KEY])
    return standing.loc[~pd.MultiIndex.from_frame(standing[RESULT_KEY]).isin(sent), "shown"]


def _under(results: pd.DataFrame, line_items: pd.DataFrame) -> Any:
    """Put unknown results under the line items that were found for them."""
    ids = line_items.set_index(ITEM_KEY)["line_item_id"]
    found = pd.Series(ids.reindex(pd.MultiIndex.from_frame(results[ITEM_KEY])).to_numpy(), results.index)
    unknown = (results["certainty"] == "unknown") & found.notna()
    return results.assign(line_item_id=results["line_item_id"].mask(unknown, found))


def _results(
    rows: pd.DataFrame,
    line_items: pd.DataFrame,
    book: Gradebook,
    places: Places,
    job_id: str,
    *,
    by_values: bool,
) -> Any:
    foreign = book.results[~book.results["result_id"].isin(rows["result_id"])]
    here = foreign.drop(columns="class_id").merge(line_items[[*ITEM_KEY, "line_item_id"]], on="line_item_id")
    ours = _not_yet(here[_have_our_id(here, places)], rows, RESULT_KEY)
    rest = here[~here["result_id"].isin(ours["result_id"]) & by_values]
    unknown = _not_shown(rows, "result_id", book.results)[RESULT_KEY]
    pairs = unknown.assign(row=unknown.index).merge(rest.assign(shown=rest.index), on=RESULT_KEY)
    rows = _named(RESULT, rows, pairs, rest)
    people = places.students.drop_duplicates("student_id").set_index("student_id")["user_id"]
    users = people.reindex(ours["student_id"]).to_numpy()
    seen = {name: ours[shown] for shown, name in RESULT.seen.items()}
    return _joined(RESULT, rows, ours.assign(user_id=users, **seen, **_as_found(book, job_id)))


def _have_our_id(shown: pd.DataFrame, places: Places) -> pd.Series[bool]:
    """Say which results have the sourcedId that we would choose; each is reckoned once."""
    columns = (shown[name] for name in ("class_id", "section_id", "assignment_id", "student_id", "result_id"))
    ours = [
        result_id(places.tenant, class_id, section_id, assignment_id, student_id) == shown_id
        for class_id, section_id, assignment_id, student_id, shown_id in zip(*columns, strict=True)
    ]
    return pd.Series(ours, shown.index, bool)


def _not_yet(found: pd.DataFrame, rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    held = rows[rows["certainty"] != "unknown"]
    return found[~pd.MultiIndex.from_frame(found[key]).isin(pd.MultiIndex.from_frame(held[key]))]


def _named(kind: HoldingKind, rows: pd.DataFrame, pairs: pd.DataFrame, shown: pd.DataFrame) -> Any:
    """Give unknown rows the sourcedId of their one candidate, which has no other partner either."""
    alone = pairs[~pairs.duplicated("row", keep=False) & ~pairs.duplicated("shown", keep=False)]
    ids = pd.Series(shown.loc[alone["shown"], kind.id_column].to_numpy(), alone["row"], object)
    unclear = rows.index.isin(set(pairs["row"]) - set(alone["row"]))
    return rows.assign(
        **{kind.id_column: or_else(ids.reindex(rows.index), rows[kind.id_column])},
        finding=rows["finding"].mask(unclear, "ambiguous"),
    )


def _as_found(book: Gradebook, job_id: str) -> dict[str, Any]:
    return {
        "certainty": "known",
        "seen_at": book.at,
        "missed_at": pd.NaT,
        "unshown": 0,
        "sent_at": book.at,
        "job_id": job_id,
        "finding": "adopted",
    }


def _joined(kind: HoldingKind, rows: pd.DataFrame, found: pd.DataFrame) -> Any:
    """Put what was found below the others; a row that was unknown and found by its id gives way."""
    if found.empty:
        return rows.reset_index(drop=True)
    names = list(kind.schema.to_schema().columns)
    both = pd.concat([rows[names].astype(object), found[names].astype(object)], ignore_index=True)
    both = both.drop_duplicates(kind.key, keep="last", ignore_index=True)
    return derived(kind.schema, both, **{name: both[name] for name in names})
