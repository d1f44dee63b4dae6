"""Writes about to be tried for the first time where the SIS chooses the sourcedId (provider mode).

An intent is committed *before* its write and settled with what came of it. One left over says that a write's
outcome is unknown: it is never repeated blindly, but looked up in the SIS by the values kept here.
"""

from __future__ import annotations

from collections.abc import Sequence

from pandera.typing import DataFrame

from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.tables import LineItemIntents, ResultIntents


def intend_line_items(session: Connection, intents: DataFrame[LineItemIntents]) -> None:
    """Put line items on record that are about to be sent for the first time."""
    tables.LINE_ITEM_INTENTS.insert(session, intents)


def intend_results(session: Connection, intents: DataFrame[ResultIntents]) -> None:
    """Put results on record that are about to be sent for the first time."""
    tables.RESULT_INTENTS.insert(session, intents)


def line_items(session: Connection, section_ids: Sequence[str]) -> DataFrame[LineItemIntents]:
    """Read the unsettled line items of these sections."""
    return tables.LINE_ITEM_INTENTS.select(session, "section_id", section_ids)


def results(session: Connection, section_ids: Sequence[str]) -> DataFrame[ResultIntents]:
    """Read the unsettled results of these sections."""
    return tables.RESULT_INTENTS.select(session, "section_id", section_ids)


def settle(session: Connection, section_ids: Sequence[str]) -> None:
    """Forget the intents of these sections: each outcome is known, in the ledger or as a refusal."""
    for table in (tables.LINE_ITEM_INTENTS, tables.RESULT_INTENTS):
        table.delete(session, "section_id", section_ids)
