"""The ledger: what the SIS holds because of us, now (current) and ever (the append-only sent tables).

It is keyed by *section*, which survives cross-listing, never by course. What is to be sent is decided in
passback; here it is only remembered, in the transaction that the caller opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.course import Outcome, Remembered
from gpb_pipeline.passback.frames import F, cut
from gpb_pipeline.passback.holdings.adoption import Adopted
from gpb_pipeline.warehouse import choices, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.tables import SentLineItems, SentResults, Table, together


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Writes that the SIS accepted, or what was found there and is ours (`adopted`)."""

    line_items: DataFrame[SentLineItems]
    results: DataFrame[SentResults]


def remembered(session: Connection, section_ids: Sequence[str]) -> Remembered:
    """Read what we know of these sections from before."""
    return Remembered(
        category_mapping=choices.category_mapping(session, section_ids),
        line_items=tables.LEDGER_LINE_ITEMS.select(session, "section_id", section_ids),
        results=tables.LEDGER_RESULTS.select(session, "section_id", section_ids),
    )


def accepted(outcome: Outcome, *, job_id: str, at: datetime) -> Accepted:
    """Take from an outcome the rows that the SIS accepted; `at` (with its zone) is when they were sent."""
    return Accepted(
        line_items=_rows(SentLineItems, outcome.assignments, ["created", "updated"], job_id, at),
        results=_rows(SentResults, outcome.grades, ["created", "updated", "withdrawn"], job_id, at),
    )


def found(adopted: Adopted) -> Accepted:
    """Take what was found in the SIS and is ours; what is no longer there counts as withdrawn."""
    items = adopted.line_items.assign(action="adopted")
    results = [(adopted.gone, "withdrawn"), (adopted.results, "adopted")]  # gone by one id, there by another
    told = [rows.assign(action=action, canvas_state="") for rows, action in results]
    return Accepted(line_items=cut(SentLineItems, items), results=cut(SentResults, pd.concat(told)))


def record(session: Connection, writes: Sequence[Accepted]) -> None:
    """Append the writes to what was ever sent, and bring the current ledger to what the SIS now holds.

    Of a key that is there several times, as found and then sent, the last holds.
    """
    line_items = together(each.line_items for each in writes)
    results = together(each.results for each in writes)
    tables.SENT_LINE_ITEMS.insert(session, line_items)
    tables.SENT_RESULTS.insert(session, results)
    _replace(session, tables.LEDGER_LINE_ITEMS, line_items, ["section_id", "assignment_id"])
    _replace(session, tables.LEDGER_RESULTS, results, ["section_id", "assignment_id", "user_id"])


def _rows(schema: type[F], rows: pd.DataFrame, states: list[str], job_id: str, at: datetime) -> DataFrame[F]:
    written = rows[rows["state"].isin(states)]
    return cut(schema, written.assign(action=written["state"], job_id=job_id, sent_at=at))


def _replace(session: Connection, table: Table[F], sent: pd.DataFrame, key: list[str]) -> None:
    if sent.empty:
        return
    session.register("sent", sent[key])
    try:
        match = " AND ".join(f"held.{column} = sent.{column}" for column in key)
        session.execute(f"DELETE FROM {table.qualified} AS held USING sent WHERE {match}")  # noqa: S608
    finally:
        session.unregister("sent")
    last = sent.drop_duplicates(key, keep="last")
    held = last[last["action"] != "withdrawn"]
    table.insert(session, held[list(table.schema.to_schema().columns)])
