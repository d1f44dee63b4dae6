"""After posting: what a read back says of the rows that were written, and which are worth writing once more.

What the read says of the holdings is see.py's; nothing is read here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.frames import build, derived
from gpb_pipeline.passback.holdings import link
from gpb_pipeline.passback.holdings.frames import Holdings
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT
from gpb_pipeline.passback.holdings.plan import TO_WRITE, Planned
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Issues, Rows
from gpb_pipeline.passback.rules.causes import course_issue, joined, of_rows, with_more
from gpb_pipeline.passback.rules.issues import Code

AT_ONCE = ["gone", "missing", "edited"]
"""Findings of a read back that are mended in the same sync, as far as SIS_ON_EDIT and the guard let them."""


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """Rows planned anew after a read back: those to be written again, and those that wait for a word."""

    rows: Rows  # to be written; their numbers are those of the rows before
    asks: Rows  # failed: they wait for someone's word

    @property
    def empty(self) -> bool:
        return self.rows.assignments.empty and self.rows.grades.empty


def as_taken(held: Holdings, seen: Holdings) -> bool:
    """Whether a read back bears out all that was held before it, so that nothing is to be planned or told.

    A plan made anew would write what was refused or never tried, and tell what was told: no more than that.
    """
    for kind, before, now in (
        (LINE_ITEM, held.line_items, seen.line_items),
        (RESULT, held.results, seen.results),
    ):
        names = [*kind.key, kind.id_column, *kind.values]
        borne_out = (now["certainty"] == "known") & (now["finding"].isna() | (now["finding"] == "same"))
        if not borne_out.all() or kind.edited(now).any() or not now[names].equals(before[names]):
            return False
    # else a column has another id of the SIS's now, and the grades on it are to follow
    return bool(seen.results["line_item_id"].isin(seen.line_items["line_item_id"]).all())


def to_repeat(again: Planned) -> Repeat:
    """Choose what the read back asks to be written once more in this sync: what is gone, or was edited."""
    items, grades, held = again.rows.assignments, again.rows.grades, again.holdings
    item = link.beside(items, held.line_items, link.of_assignments(items, held.line_items))["finding"]
    result = link.beside(grades, held.results, link.of_grades(grades, held.results))["finding"]
    now = (item.isin(AT_ONCE), result.isin(AT_ONCE))
    return Repeat(
        rows=replace(
            again.rows,
            assignments=items[now[0] & items["state"].isin(TO_WRITE)],
            grades=grades[now[1] & grades["state"].isin(TO_WRITE)],
        ),
        asks=replace(
            again.rows,
            assignments=items[now[0] & (items["state"] == "failed")],
            grades=grades[now[1] & (grades["state"] == "failed")],
        ),
    )


def with_rows(rows: Rows, others: Rows) -> Rows:
    """Put the rows of others in the place of those of the same number."""
    return replace(
        rows,
        assignments=_replaced(AssignmentRows, rows.assignments, others.assignments),
        grades=_replaced(GradeRows, rows.grades, others.grades),
        issues=with_more(rows.issues, others.issues),
    )


def verified(rows: Rows, held: Holdings, *, repeated: bool = False) -> Rows:
    """Fail the final rows that the SIS took and does not hold, and tell of those that it does not list.

    What was `repeated` and is gone by the SIS's own word is not held: nothing is written a third time.
    """
    items, grades = rows.assignments, rows.grades
    item = link.beside(items, held.line_items, link.of_assignments(items, held.line_items))["finding"]
    result = link.beside(grades, held.results, link.of_grades(grades, held.results))["finding"]
    written = (
        items["state"].isin(["created", "updated"]),
        grades["state"].isin(["created", "updated", "withdrawn"]),
    )
    late, lost = ["unshown", "still_shown"], ["not_taken", *(["gone"] if repeated else [])]
    stands = grades["state"] != "withdrawn"
    items_failed = written[0] & item.isin(lost)
    grades_failed = written[1] & result.isin(lost) & (stands | (result == "not_taken"))
    told = [
        of_rows(items[items_failed], Code.ASSIGNMENT_NOT_HELD.value),
        of_rows(grades[grades_failed], Code.NOT_HELD.value),
        of_rows(items[written[0] & item.isin(late)], Code.ASSIGNMENT_NOT_SHOWN.value),
        of_rows(grades[written[1] & result.isin(late)], Code.NOT_SHOWN.value),
    ]
    never = int((written[0] & (item == "never_shown")).sum() + (written[1] & (result == "never_shown")).sum())
    if never:
        told.append(pd.DataFrame([course_issue(Code.NEVER_SHOWN, f"{never} items")]))
    return replace(
        rows,
        assignments=_failed(AssignmentRows, items, items_failed, Code.ASSIGNMENT_NOT_HELD),
        grades=_failed(GradeRows, grades, grades_failed, Code.NOT_HELD),
        issues=with_more(rows.issues, *told),
    )


def not_verified(why: str) -> DataFrame[Issues]:
    """Tell that the SIS could not be read back; `why` is the failure's code."""
    return joined(pd.DataFrame([course_issue(Code.NOT_VERIFIED, why)]))


def _replaced(schema: type[AssignmentRows | GradeRows], rows: pd.DataFrame, others: pd.DataFrame) -> Any:
    if others.empty:
        return rows
    return build(schema, pd.concat([rows.drop(index=others.index), others]).sort_index())


def _failed(
    schema: type[AssignmentRows | GradeRows], rows: pd.DataFrame, which: pd.Series[bool], code: Code
) -> Any:
    if not which.any():
        return rows
    return derived(
        schema, rows, state=rows["state"].mask(which, "failed"), code=rows["code"].mask(which, code.value)
    )
