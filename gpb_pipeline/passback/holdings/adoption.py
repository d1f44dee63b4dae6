"""After a sync that died: the ledger brought to what the SIS holds of ours, before the next delta.

Rows are found by the sourcedIds that we would choose, or by an intent's values where the SIS chose them
(design.md §6, Ids and Delta). What is held is given in (sis/held.py reads it); nothing is read here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import pandera.pandas as pa
from pandera.typing import DataFrame, Series

from gpb_pipeline.passback.course import CanvasRead, Remembered, Selection
from gpb_pipeline.passback.frames import F, Frame, LedgerLineItems, LedgerResults, UtcTime, cut, rows_of
from gpb_pipeline.passback.holdings.identity import line_item_hash, line_item_id, result_hash, result_id
from gpb_pipeline.passback.rows.assignments import in_scope, synced
from gpb_pipeline.passback.rows.grades import KEY, students_of
from gpb_pipeline.passback.rules.judge import ITEM


class HeldLineItems(Frame):
    """The active line items that the SIS holds for the course's classes, whoever wrote them."""

    line_item_id: Series[str] = pa.Field(unique=True)
    class_id: Series[str]
    title: Series[str]
    category_id: Series[str] = pa.Field(nullable=True)
    period_id: Series[str] = pa.Field(nullable=True)
    points_possible: Series[float] = pa.Field(nullable=True)
    assigned_at: Series[UtcTime] = pa.Field(nullable=True)
    due_on_wire: Series[UtcTime] = pa.Field(nullable=True)


class HeldResults(Frame):
    """The active results that the SIS holds for the course's classes, whoever wrote them."""

    result_id: Series[str] = pa.Field(unique=True)
    line_item_id: Series[str]
    student_id: Series[str] = pa.Field(description="private")
    score: Series[float] = pa.Field(nullable=True, description="private")
    exempt: Series[bool]


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the SIS holds for the course's classes now."""

    line_items: DataFrame[HeldLineItems]
    results: DataFrame[HeldResults]


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """Ledger rows found in the SIS, and those that the ledger has and the SIS no longer holds."""

    line_items: DataFrame[LedgerLineItems]
    results: DataFrame[LedgerResults]
    gone: DataFrame[LedgerResults]
    gone_line_items: DataFrame[LedgerLineItems]


def adopt(
    canvas: CanvasRead,
    remembered: Remembered,
    held: Held,
    line_item_intents: pd.DataFrame,
    result_intents: pd.DataFrame,
    *,
    sections: Collection[str],
    tenant: str,
    job_id: str,
    at: datetime,
) -> Adopted:
    """Find what is ours among what the SIS holds; `at` (UTC) and `job_id` are of the sync that looks.

    `sections`: those whose classes were read; of others, nothing is taken for gone.

    `line_item_intents`: section_id, assignment_id, class_id, title, due_on_wire; `result_intents`:
    section_id, assignment_id, user_id, student_id (text, times in UTC): writes whose outcome is unknown.
    """
    line_items = _line_items(canvas, remembered, held, line_item_intents, tenant)
    results = _results(canvas, remembered, held, line_items, result_intents, tenant)
    return Adopted(
        line_items=cut(LedgerLineItems, line_items.assign(job_id=job_id, sent_at=at)),
        results=cut(LedgerResults, results.assign(job_id=job_id, sent_at=at)),
        gone=_gone(LedgerResults, remembered.results, held.results, "result_id", sections),
        gone_line_items=_gone(
            LedgerLineItems, remembered.line_items, held.line_items, "line_item_id", sections
        ),
    )


def brought_up(remembered: Remembered, adopted: Adopted) -> Remembered:
    """Put what was adopted in the place of what the ledger had."""
    return Remembered(
        category_mapping=remembered.category_mapping,
        line_items=_replaced(
            LedgerLineItems,
            _without(remembered.line_items, adopted.gone_line_items, ITEM),
            adopted.line_items,
            ITEM,
        ),
        results=_replaced(
            LedgerResults, _without(remembered.results, adopted.gone, KEY), adopted.results, KEY
        ),
    )


def _line_items(
    canvas: CanvasRead, remembered: Remembered, held: Held, intents: pd.DataFrame, tenant: str
) -> pd.DataFrame:
    """Match held line items to sections and assignments, by id, by ledger or by an intent's values."""
    sections = in_scope(canvas.sections, Selection())["section_id"]
    ours = pd.DataFrame(
        [
            (section, assignment, line_item_id(tenant, section, assignment))
            for section in sections
            for assignment in synced(canvas.assignments)["assignment_id"]
        ],
        columns=[*ITEM, "line_item_id"],
    )
    known = pd.concat([remembered.line_items[[*ITEM, "line_item_id"]], ours]).drop_duplicates(
        [*ITEM, "line_item_id"]
    )
    by_id = held.line_items.merge(known, on="line_item_id")
    values = ["class_id", "title", "due_on_wire"]
    by_intent = held.line_items.merge(intents[[*ITEM, *values]], on=values)
    found = pd.concat([by_id, by_intent], ignore_index=True).drop_duplicates(ITEM)
    hashes = [
        line_item_hash(
            title=each.title,
            category_id=each.category_id,
            class_id=each.class_id,
            period_id=each.period_id,
            points_possible=each.points_possible,
            assigned_at=each.assigned_at,
            due_on_wire=each.due_on_wire,
        )
        for each in rows_of(found)
    ]
    return found[[*ITEM, "line_item_id", "class_id"]].assign(payload_hash=hashes)


def _results(
    canvas: CanvasRead,
    remembered: Remembered,
    held: Held,
    line_items: pd.DataFrame,
    intents: pd.DataFrame,
    tenant: str,
) -> pd.DataFrame:
    """Match held results to students: by id, by ledger, or by line item and student of an intent."""
    here = held.results.merge(line_items.drop(columns="payload_hash"), on="line_item_id")
    students = students_of(canvas, Selection())[["section_id", "user_id", "sis_user_id"]].dropna()
    ours = here.merge(students, on="section_id")
    ours = ours[
        [
            each.result_id == result_id(tenant, each.section_id, each.assignment_id, each.sis_user_id)
            for each in rows_of(ours)
        ]
    ]
    by_ledger = here.merge(remembered.results[[*KEY, "result_id"]], on=[*ITEM, "result_id"])
    by_intent = here.merge(intents[[*KEY, "student_id"]], on=[*ITEM, "student_id"])
    found = pd.concat([by_ledger, ours, by_intent], ignore_index=True).drop_duplicates(KEY)
    hashes = [
        result_hash(class_id=each.class_id, student_id=each.student_id, score=each.score, exempt=each.exempt)
        for each in rows_of(found)
    ]
    return found.assign(payload_hash=hashes, score=found["score"].fillna(0.0))


def _gone(
    schema: type[F], ledger: pd.DataFrame, held: pd.DataFrame, id_column: str, sections: Collection[str]
) -> DataFrame[F]:
    read = ledger["section_id"].isin(list(sections))
    return cut(schema, ledger[read & ~ledger[id_column].isin(held[id_column])])


def _without(rows: pd.DataFrame, others: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return rows[~pd.MultiIndex.from_frame(rows[key]).isin(pd.MultiIndex.from_frame(others[key]))]


def _replaced(schema: type[F], rows: pd.DataFrame, others: pd.DataFrame, key: list[str]) -> DataFrame[F]:
    return cut(schema, pd.concat([_without(rows, others, key).astype(object), others.astype(object)]))
