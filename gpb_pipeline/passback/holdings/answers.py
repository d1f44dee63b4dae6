"""What the SIS holds after it answered: accepted writes are known, those without an answer unknown.

What a read then shows is see.py's; how a row ends is rows/settle.py's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from gpb_pipeline.passback.frames import build, or_else, typed
from gpb_pipeline.passback.holdings import link
from gpb_pipeline.passback.holdings.frames import SURE, Holdings
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT, HoldingKind
from gpb_pipeline.passback.keys import NONE, among
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rows.settle import Answers
from gpb_pipeline.passback.rules.issues import Code

UNANSWERED = (Code.ASSIGNMENT_UNKNOWN_OUTCOME.value, Code.SIS_UNKNOWN_OUTCOME.value)


def intended(holdings: Holdings, rows: Rows, *, job_id: str, at: datetime, grades: bool) -> Holdings:
    """Put first writes among the holdings, as unknown: before they are made, where the SIS chooses the ids.

    `grades`: the results that are created, else the line items. The same holdings where there are none.
    """
    frame = rows.grades if grades else rows.assignments
    new = frame[frame["state"] == "create"]
    if new.empty:
        return holdings
    if grades:
        return replace(holdings, results=_put(RESULT, holdings.results, new, "unknown", job_id, at))
    return replace(holdings, line_items=_put(LINE_ITEM, holdings.line_items, new, "unknown", job_id, at))


def answered_items(
    holdings: Holdings, rows: Rows, answers: Answers, *, job_id: str, at: datetime
) -> Holdings:
    """Bring the line items to what the SIS answered for these planned rows."""
    after = _answered(LINE_ITEM, holdings.line_items, rows.assignments, answers, job_id, at)
    taken = [row for row, answer in answers.items() if answer.code is None]
    leaves = rows.assignments.loc[taken]
    ids = leaves.loc[leaves["state"] == "withdraw", "line_item_id"]
    results = holdings.results[~holdings.results["line_item_id"].isin(ids)].reset_index(drop=True)
    after = after[~after["line_item_id"].isin(ids)].reset_index(drop=True)
    return Holdings(line_items=after, results=results)


def answered_results(
    holdings: Holdings, rows: Rows, answers: Answers, *, job_id: str, at: datetime
) -> Holdings:
    """Bring the results to what the SIS answered for these planned rows."""
    return replace(holdings, results=_answered(RESULT, holdings.results, rows.grades, answers, job_id, at))


def without_unwanted(holdings: Holdings, rows: Rows, out_of_scope: Collection[str]) -> Holdings:
    """Leave out what is gone and no row asks for: there is nothing left to know of it.

    Canvas has changed what it wants then, and what it wants again is made again, whoever deleted it before.
    Whether that of sections `out_of_scope` is wanted, the rows do not say.
    """
    return Holdings(
        line_items=_still_wanted(LINE_ITEM, holdings.line_items, rows.assignments, out_of_scope),
        results=_still_wanted(RESULT, holdings.results, rows.grades, out_of_scope),
    )


def _still_wanted(
    kind: HoldingKind, held: pd.DataFrame, rows: pd.DataFrame, out_of_scope: Collection[str]
) -> Any:
    gone = held["certainty"] == "gone"
    if not gone.any():
        return held
    wanted = held.index.isin(kind.link(rows, held)) | held["section_id"].isin(list(out_of_scope))
    return held[wanted | ~gone].reset_index(drop=True)


def _answered(
    kind: HoldingKind, held: pd.DataFrame, rows: pd.DataFrame, answers: Answers, job_id: str, at: datetime
) -> Any:
    tried = rows.loc[list(answers)]
    said = [answers[row] for row in tried.index]
    code = pd.Series([each.code and each.code.value for each in said], tried.index, object)
    ids = pd.Series([each.sourced_id for each in said], tried.index, object)
    tried = tried.assign(**{kind.id_column: or_else(ids, tried[kind.id_column])})
    accepted, lost = tried[code.isna()], tried[code.isin(UNANSWERED)]
    held = _put(kind, held, accepted, "known", job_id, at)
    held = _put(kind, held, lost, "unknown", job_id, at)
    answered = rows.index.isin([*accepted.index, *lost.index])
    return _never_made(kind, held, rows[(rows["state"] == "create") & ~answered])


def _never_made(kind: HoldingKind, held: pd.DataFrame, rows: pd.DataFrame) -> Any:
    """Forget the intents of first writes that were refused or never tried: they were not made."""
    if rows.empty:
        return held
    return held[~(among(held, rows, kind.key) & (held["certainty"] == "unknown"))].reset_index(drop=True)


def _may_stand_unseen(kind: HoldingKind, before: pd.DataFrame, rows: pd.DataFrame) -> pd.Series[bool]:
    """Mark where what was sent before may stand too, which neither a read has shown nor these rows say.

    Whatever is shown there next may be ours, then, and is no edit: what was seen before tells nothing.
    """
    unseen = (before["sent_at"] > before["seen_at"]) & ~kind.kept(before, kind.as_seen(before))
    return unseen & ~kind.kept(before, rows)


def _put(
    kind: HoldingKind, held: pd.DataFrame, rows: pd.DataFrame, certainty: str, job_id: str, at: datetime
) -> Any:
    """Put rows in the place of their holdings, or beside them; what was seen of them stays if they stood.

    An update without an answer leaves no doubt that the thing is there: it is unconfirmed, not unknown. So is
    what was taken back, whatever was answered: it is held until a read shows that it is gone.
    """
    if rows.empty:
        return held
    positions = kind.link(rows, held)
    before = link.beside(rows, held, positions)
    same = (before[kind.id_column] == rows[kind.id_column]) & (before["certainty"] != "gone")
    shown = same & ~_may_stand_unseen(kind, before, rows)
    still_there = (certainty == "unknown") & (rows["state"] == "update") & before["certainty"].isin(SURE)
    names = list(kind.schema.to_schema().columns)
    seen = [name for name in names if name.startswith("seen_")]
    written = rows[[*kind.key, kind.id_column, *kind.values]].assign(
        **{name: before[name].where(shown) for name in seen},
        missed_at=before["missed_at"].where(same),
        unshown=before["unshown"].where(same).fillna(0),
        certainty=pd.Series(certainty, rows.index, object).mask(still_there, "unconfirmed"),
        sent_at=at,
        job_id=job_id,
        finding=None,
    )
    if kind is RESULT:
        leaves = rows["state"] == "withdraw"
        written["certainty"] = written["certainty"].mask(leaves, "unconfirmed")
        written["missed_at"] = written["missed_at"].mask(leaves)
        written["score"] = written["score"].mask(leaves)
        written["exempt"] = written["exempt"].mask(leaves, other=False)
        written["seen_exempt"] = written["seen_exempt"].eq(True)  # noqa: FBT003
    kept = held.drop(index=[each for each in positions if each != NONE])
    return build(kind.schema, pd.concat([kept[names], typed(kind.schema, written)], ignore_index=True))
