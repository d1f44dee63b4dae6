"""Writes whose outcome is not known, or not yet.

Those about to be tried for the first time where the SIS chooses the sourcedId (provider mode), and those that
were answered by silence (either mode). An intent is committed *before* its write and settled with what came
of it. One left over is never repeated blindly, but looked up in the SIS by the values kept here
(passback/adoption.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.course import Outcome, Plan
from gpb_pipeline.passback.frames import F, cut, empty
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.tables import LineItemIntents, ResultIntents


@dataclass(frozen=True, kw_only=True)
class Intents:
    """Writes by the values that find them in the SIS again."""

    line_items: DataFrame[LineItemIntents]
    results: DataFrame[ResultIntents]

    @property
    def empty(self) -> bool:
        return self.line_items.empty and self.results.empty


def for_line_items(plan: Plan, job_id: str) -> Intents:
    """Take the line items that the plan creates."""
    rows = plan.assignments[plan.assignments["state"] == "create"]
    return Intents(line_items=_rows(LineItemIntents, rows, job_id), results=empty(ResultIntents))


def for_results(plan: Plan, job_id: str) -> Intents:
    """Take the results that the plan creates."""
    rows = plan.grades[plan.grades["state"] == "create"]
    return Intents(line_items=empty(LineItemIntents), results=_rows(ResultIntents, rows, job_id))


def of_unknown_outcomes(outcome: Outcome, job_id: str) -> Intents:
    """Take the rows that the SIS may or may not have taken."""
    lost = (Code.ASSIGNMENT_UNKNOWN_OUTCOME.value, Code.SIS_UNKNOWN_OUTCOME.value)
    items, grades = outcome.assignments, outcome.grades
    return Intents(
        line_items=_rows(LineItemIntents, items[items["code"].isin(lost)], job_id),
        results=_rows(
            ResultIntents, grades[grades["code"].isin(lost) & grades["student_id"].notna()], job_id
        ),
    )


def intend(session: Connection, writes: Sequence[Intents]) -> None:
    """Put writes on record."""
    tables.LINE_ITEM_INTENTS.insert(session, *(each.line_items for each in writes))
    tables.RESULT_INTENTS.insert(session, *(each.results for each in writes))


def are_open(session: Connection) -> bool:
    """Say whether any writes are on record, of whatever section; mostly none are."""
    held = (tables.LINE_ITEM_INTENTS, tables.RESULT_INTENTS)
    exist = " OR ".join(f"EXISTS (FROM {table.qualified})" for table in held)
    return session.execute(f"SELECT {exist}").fetchall() == [(True,)]


def unsettled(session: Connection, section_ids: Sequence[str]) -> Intents:
    """Read what is on record of these sections."""
    return Intents(
        line_items=tables.LINE_ITEM_INTENTS.select(session, "section_id", section_ids),
        results=tables.RESULT_INTENTS.select(session, "section_id", section_ids),
    )


def settle(session: Connection, section_ids: Sequence[str], unknown: Sequence[Intents]) -> None:
    """Forget the intents of these sections, whose outcome is known, but for those still `unknown`."""
    for table in (tables.LINE_ITEM_INTENTS, tables.RESULT_INTENTS):
        table.delete(session, "section_id", section_ids)
    intend(session, unknown)


def _rows(schema: type[F], rows: pd.DataFrame, job_id: str) -> DataFrame[F]:
    return cut(schema, rows.assign(job_id=job_id)) if len(rows) else empty(schema)
