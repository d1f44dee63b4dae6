"""What is ours in a gradebook and not known as such: writes without an answer, and a dead sync's first ones.

They are found by sourcedId, or, where the SIS chose it, by class and description, or title and due day, or by
line item and student; never a line item that stood there before. Two candidates are never guessed between.
What is shown of known holdings is see.py's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gpb_pipeline.passback.course import CanvasRead, SisRead
from gpb_pipeline.passback.frames import build, or_else, typed
from gpb_pipeline.passback.holdings.frames import (
    ITEM_KEY,
    RESULT_KEY,
    Bare,
    Gradebook,
    Holdings,
)
from gpb_pipeline.passback.holdings.identity import DESCRIBED, description_of, line_item_id, result_id
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT, HoldingKind
from gpb_pipeline.passback.holdings.same import kept_day, kept_result, spelling
from gpb_pipeline.passback.keys import NONE, among, matched, positions

MOST = 0.5
"""Of the results on a line item known by its values alone, so many must be ours, for it to be."""


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


def places_of(canvas: CanvasRead, sis: SisRead, tenant: str, deleted: Collection[str] = ()) -> Places:
    """Say where a course's gradebooks are, whatever of it is synced or enrolled now.

    `deleted`: sections that it had, and that have no class now where Canvas no longer has them.
    """
    there = canvas.sections["section_id"].to_list()
    gone = sorted(set(deleted) - set(there))
    sections = pd.DataFrame({"section_id": [*there, *gone]}, dtype=object)
    students = sis.roster.merge(canvas.enrollments[["sis_user_id", "user_id"]].dropna(), on="sis_user_id")
    return Places(
        tenant=tenant,
        sections=sections.merge(sis.classes[["section_id", "class_id"]], how="left", on="section_id"),
        assignment_ids=tuple(canvas.assignments["assignment_id"]),
        students=students[["student_id", "user_id"]].drop_duplicates(),
    )


def adopted(holdings: Holdings, book: Gradebook, places: Places, job_id: str, *, by_values: bool) -> Holdings:
    """Bring in what is ours among what the SIS shows, as found by the job that looks.

    `by_values`: the SIS chooses the ids. Where we do, what has another id is somebody else's.
    """
    if _all_known(holdings, book):
        return holdings
    line_items = _line_items(holdings, book, places, job_id, by_values=by_values)
    results = _under(holdings.results, line_items)
    return Holdings(
        line_items=line_items,
        results=_results(results, line_items, book, places, job_id, by_values=by_values),
    )


def _all_known(holdings: Holdings, book: Gradebook) -> bool:
    """Whether all that is shown is held by its sourcedId, and nothing unanswered is looked for."""
    return not any(
        (rows["certainty"] == "unknown").any() or (~shown[name].isin(rows[name])).any()
        for name, rows, shown in (
            ("line_item_id", holdings.line_items, book.line_items),
            ("result_id", holdings.results, book.results),
        )
    )


def _line_items(holdings: Holdings, book: Gradebook, places: Places, job_id: str, *, by_values: bool) -> Any:
    rows = holdings.line_items
    foreign = book.line_items[~book.line_items["line_item_id"].isin(rows["line_item_id"])]
    ours = _not_yet(_ours_by_id(foreign, places, book.bare), rows, ITEM_KEY)
    rest = foreign[~foreign["line_item_id"].isin([*ours["line_item_id"], *book.strangers])]
    rows = _named(LINE_ITEM, rows, _candidates(holdings, rest if by_values else rest[:0], book), rest)
    seen = {name: ours[shown] for shown, name in LINE_ITEM.seen.items()}
    return _joined(LINE_ITEM, rows, ours.assign(**seen, **_as_found(book, job_id)))


def _ours_by_id(shown: pd.DataFrame, places: Places, bare: Bare) -> pd.DataFrame:
    """Find the line items whose sourcedId is the one that we would choose, or that we know to be ours."""
    classes = places.sections.dropna(subset=["class_id"])
    known = {
        line_item_id(places.tenant, class_id, section_id, assignment_id): (section_id, assignment_id)
        for section_id, class_id in zip(classes["section_id"], classes["class_id"], strict=True)
        for assignment_id in (places.assignment_ids if len(shown) else ())
    } | dict(bare.line_items)
    ours = shown[shown["line_item_id"].isin(known)]
    keys = [known[each] for each in ours["line_item_id"]]
    return ours.assign(
        section_id=pd.Series([key[0] for key in keys], ours.index, object),
        assignment_id=pd.Series([key[1] for key in keys], ours.index, object),
    )


def _candidates(holdings: Holdings, shown: pd.DataFrame, book: Gradebook) -> pd.DataFrame:
    """Pair unknown line items (`row`) with those shown of their class that may be theirs (`shown`).

    By the description that we gave, whatever people made of the rest; else by title and due day. One that is
    described as another assignment's is not taken by its values.
    """
    unknown = _not_shown(holdings.line_items, "line_item_id", book.line_items)
    asked = unknown[[*ITEM_KEY, "due_on_wire"]].assign(
        row=unknown.index,
        spelt=spelling(unknown["title"]),
        description=unknown["assignment_id"].map(description_of).astype(object),
    )
    found = shown[["class_id", "line_item_id", "due_on_wire", "description"]].assign(
        shown=shown.index, spelt=spelling(shown["title"])
    )
    described = asked.merge(found, on=["class_id", "description"], suffixes=("", "_shown"))
    told = found["description"].str.startswith(DESCRIBED, na=False)
    pairs = asked[~asked["row"].isin(described["row"])].merge(
        found[~told], on=["class_id", "spelt"], suffixes=("", "_shown")
    )
    pairs = pairs[kept_day(pairs["due_on_wire"], pairs["due_on_wire_shown"])]
    standing = _standing(pairs, holdings, book)
    pairs = pairs[~pairs["shown"].isin(standing.index[~standing["known"]])]
    both = pd.concat([described, pairs], ignore_index=True)
    return both.assign(unlike=both["shown"].isin(standing.index[~standing["alike"]]))


def _not_shown(rows: pd.DataFrame, name: str, shown: pd.DataFrame) -> pd.DataFrame:
    """Keep the unknown rows that are not shown by their own sourcedId, which settles them by itself."""
    return rows[(rows["certainty"] == "unknown") & ~rows[name].isin(shown[name])]


def _standing(pairs: pd.DataFrame, holdings: Holdings, book: Gradebook) -> pd.DataFrame:
    """Say of the candidates by values on which the SIS shows results whether we know any, and most as ours.

    By `shown`: a line item is somebody else's that has results, and none that we may have sent; and nobody's
    for certain where most have another score than ours.
    """
    there = pairs.merge(book.results[["line_item_id", "student_id", "score", "exempt"]], on="line_item_id")
    at = positions(there, holdings.results, RESULT_KEY)
    ours = holdings.results[["score", "exempt"]].reindex(at).set_axis(there.index)
    alike = kept_result(ours.assign(exempt=ours["exempt"].eq(True)), there)  # noqa: FBT003
    shares = there.assign(known=at != NONE, alike=alike).groupby("shown")[["known", "alike"]].mean()
    return pd.DataFrame({"known": shares["known"] > 0, "alike": shares["alike"] > MOST})


def _under(results: pd.DataFrame, line_items: pd.DataFrame) -> Any:
    """Put unknown results under the line items that were found for them."""
    there = matched(results, line_items, ITEM_KEY, line_items["line_item_id"])
    unknown = (results["certainty"] == "unknown") & there.notna()
    return results.assign(line_item_id=results["line_item_id"].mask(unknown, there))


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
    known = _have_our_id(here, places) | here["result_id"].isin(list(book.bare.results))
    ours = _not_yet(here[known], rows, RESULT_KEY)
    rest = here[~here["result_id"].isin(ours["result_id"]) & by_values]
    unknown = _not_shown(rows, "result_id", book.results)[RESULT_KEY]
    pairs = unknown.assign(row=unknown.index).merge(rest.assign(shown=rest.index), on=RESULT_KEY)
    rows = _named(RESULT, rows, pairs.assign(unlike=False), rest)
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
    return found[~among(found, held, key)]


def _named(kind: HoldingKind, rows: pd.DataFrame, pairs: pd.DataFrame, shown: pd.DataFrame) -> Any:
    """Give unknown rows the sourcedId of their one candidate, which has no other partner, nor is `unlike`."""
    doubled = pairs.duplicated("row", keep=False) | pairs.duplicated("shown", keep=False)
    alone = pairs[~doubled & ~pairs["unlike"]]
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
    both = pd.concat([rows[names], typed(kind.schema, found)], ignore_index=True)
    return build(kind.schema, both.drop_duplicates(kind.key, keep="last", ignore_index=True))
