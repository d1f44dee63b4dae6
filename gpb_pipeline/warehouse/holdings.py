"""The holdings: what the SIS holds because of us, now; and what was ever sent, append-only.

Keyed by *section* and class, which survive cross-listing, never by course. What is to be sent, and what a
read shows, is decided in passback/holdings; here it is only kept, in the transaction that the caller opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.frames import F, build, cut
from gpb_pipeline.passback.holdings.frames import (
    ITEM_KEY,
    NOTHING_BARE,
    RESULT_KEY,
    Bare,
    Holdings,
)
from gpb_pipeline.passback.keys import NONE, positions
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rows.grades import canvas_state
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.schemas import ClassReads, SentLineItems, SentResults, Strangers
from gpb_pipeline.warehouse.table import Table, together


class Rewritten(NamedTuple):
    """The rows that go from a table, and those that come to it."""

    gone: pd.DataFrame
    new: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Change:
    """Holdings as they are on record, and as they are to be from now on: of the same sections and classes."""

    before: Holdings
    after: Holdings
    read: frozenset[str] = frozenset()  # the classes whose gradebooks were read whole
    read_at: datetime | None = None
    strangers: Mapping[str, str] = field(default_factory=dict)  # line items not ours, and their classes
    bare: Bare = NOTHING_BARE  # as they are on record

    @cached_property
    def line_items(self) -> Rewritten:
        return _differing(tables.HOLDINGS_LINE_ITEMS, ITEM_KEY, self.before.line_items, self.after.line_items)

    @cached_property
    def results(self) -> Rewritten:
        return _differing(tables.HOLDINGS_RESULTS, RESULT_KEY, self.before.results, self.after.results)

    @property
    def is_nothing(self) -> bool:
        """Whether no holding is another than before."""
        return all(rows.empty for rows in (*self.line_items, *self.results))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Writes that the SIS accepted, or what was found there and is ours (`adopted`)."""

    line_items: DataFrame[SentLineItems]
    results: DataFrame[SentResults]


def of_sections(session: Connection, section_ids: Sequence[str], class_ids: Sequence[str] = ()) -> Holdings:
    """Read what the SIS holds because of us of these sections, and in these classes of whatever section."""
    return Holdings(
        line_items=_read(session, tables.HOLDINGS_LINE_ITEMS, section_ids, class_ids),
        results=_read(session, tables.HOLDINGS_RESULTS, section_ids, class_ids),
    )


def sections_sent_from(session: Connection, course_id: str) -> list[str]:
    """List the sections of what this course sent and the SIS holds, but for those that another has now."""
    return [section_id for (section_id,) in session.execute(_SENT_FROM, [course_id]).fetchall()]


def strangers(session: Connection, class_ids: Sequence[str]) -> dict[str, str]:
    """Read which line items of these classes earlier reads showed, and are not ours, with their class."""
    rows = tables.STRANGERS.select(session, "class_id", class_ids)
    return dict(zip(rows["line_item_id"], rows["class_id"], strict=True))


def bare(session: Connection, class_ids: Sequence[str]) -> Bare:
    """Read what stands in these classes and of which we know nothing but the sourcedId."""
    rows = tables.LEFT_IN_SIS.select(session, "class_id", class_ids)
    items, results = rows[rows["kind"] == "assignment"], rows[rows["kind"] == "grade"]
    places = zip(items["section_id"], items["assignment_id"], strict=True)
    return Bare(
        line_items=dict(zip(items["sourced_id"], places, strict=True)),
        results=frozenset(results["sourced_id"]),
        class_ids=frozenset(rows.loc[rows["look"], "class_id"]),
    )


def bring(session: Connection, changes: Sequence[Change]) -> None:
    """Bring what is on record to what is to be: the rows that differ, and no other."""
    read = [(class_id, each.read_at) for each in changes for class_id in sorted(each.read)]
    columns: dict[str, list[Any]] = {
        "class_id": [each[0] for each in read],
        "read_at": [each[1] for each in read],
    }
    tables.CLASS_READS.insert(session, build(ClassReads, columns))
    _remember(session, {key: value for each in changes for key, value in each.strangers.items()})
    for each in changes:
        _settle_bare(session, each)
    _bring(session, tables.HOLDINGS_LINE_ITEMS, ITEM_KEY, [each.line_items for each in changes])
    _bring(session, tables.HOLDINGS_RESULTS, RESULT_KEY, [each.results for each in changes])


def sent(rows: Rows, holdings: Holdings, *, job_id: str, at: datetime) -> Sent:
    """Take from final rows the writes that the SIS accepted, and from the holdings what this job found."""
    items = rows.assignments[rows.assignments["state"].isin(["created", "updated", "withdrawn"])]
    grades = rows.grades[rows.grades["state"].isin(["created", "updated", "withdrawn"])]
    written: dict[str, Any] = {"job_id": job_id, "sent_at": at}
    return Sent(
        line_items=_both(
            SentLineItems, items.assign(action=items["state"], **written), _found(holdings.line_items)
        ),
        results=_both(
            SentResults,
            grades.assign(action=grades["state"], canvas_state=canvas_state(grades), **written),
            _found(holdings.results),
        ),
    )


def append(session: Connection, writes: Sequence[Sent]) -> None:
    """Append to what was ever sent."""
    tables.SENT_LINE_ITEMS.insert(session, together(each.line_items for each in writes))
    tables.SENT_RESULTS.insert(session, together(each.results for each in writes))


def _read(
    session: Connection, table: Table[Any], section_ids: Sequence[str], class_ids: Sequence[str]
) -> Any:
    ours = table.select(session, "section_id", section_ids)
    there = table.select(session, "class_id", class_ids)
    others = there[~there["section_id"].isin(list(section_ids))]
    rows = pd.concat([ours, others], ignore_index=True) if len(others) else ours
    return rows.assign(finding=pd.Series(None, rows.index, object))


def _bring(session: Connection, table: Table[Any], key: list[str], rewritten: Sequence[Rewritten]) -> None:
    _delete(session, table, together(each.gone for each in rewritten), key)
    table.insert(session, *(each.new for each in rewritten))


def _differing(table: Table[Any], key: list[str], before: pd.DataFrame, after: pd.DataFrame) -> Rewritten:
    """Find the rows of each that the other does not have alike, in the columns of the table."""
    names = list(table.columns)
    one, other = (rows[names].reset_index(drop=True) for rows in (before, after))
    there = positions(one, other, key)
    beside = other.reindex(there).set_axis(one.index)
    alike = ((one == beside) | (one.isna() & beside.isna())).all(axis=1) & (there != NONE)
    new = other.drop(index=there[alike])
    return Rewritten(one[~alike], new.reset_index(drop=True))


def _delete(session: Connection, table: Table[Any], rows: pd.DataFrame, key: list[str]) -> None:
    gone = rows[key] if len(rows) else rows  # DuckDB finds it by its name
    if not gone.empty:
        match = " AND ".join(f"held.{column} = gone.{column}" for column in key)
        session.execute(f"DELETE FROM {table.qualified} AS held USING gone WHERE {match}")  # noqa: S608


def _settle_bare(session: Connection, change: Change) -> None:
    """Drop what was found again, and look no more for what a whole read of its class did not bring."""
    there = change.bare.sourced_ids
    found = there & {*change.after.line_items["line_item_id"], *change.after.results["result_id"]}
    tables.LEFT_IN_SIS.delete(session, "sourced_id", sorted(found))
    if looked := sorted(change.bare.class_ids & change.read):
        name = tables.LEFT_IN_SIS.qualified
        session.execute(f"UPDATE {name} SET look = false WHERE list_contains($1, class_id)", [looked])  # noqa: S608


def _remember(session: Connection, met: Mapping[str, str]) -> None:
    new = {*met} - strangers(session, sorted(set(met.values()))).keys()
    columns = {"line_item_id": sorted(new), "class_id": [met[each] for each in sorted(new)]}
    tables.STRANGERS.insert(session, build(Strangers, columns))


def _found(holdings: pd.DataFrame) -> pd.DataFrame:
    found = holdings[holdings["finding"] == "adopted"]
    return found.assign(action="adopted", canvas_state=None)


def _both(schema: type[F], written: pd.DataFrame, found: pd.DataFrame) -> DataFrame[F]:
    names = list(schema.to_schema().columns)
    parts = [rows[names].astype(object) for rows in (found, written) if len(rows)]
    return cut(schema, pd.concat(parts) if parts else written)


def longest_unread(session: Connection) -> list[str]:
    """List the courses of which the SIS holds something, the one read back longest ago first.

    A reading that could not read all its classes, or none, was one all the same: nobody waits for it.
    """
    rows = session.execute(_LONGEST_UNREAD).fetchall()
    return [course_id for (course_id,) in rows]


def unread_since(session: Connection, before: datetime) -> list[str]:
    """List the courses with a class that was not read back since then, and was sent something before."""
    return [course_id for (course_id,) in session.execute(_UNREAD_SINCE, [before]).fetchall()]


_SENDING = """
SELECT DISTINCT course_id, section_id FROM (
    SELECT section_id, job_id FROM warehouse.main.holdings_line_items
    UNION ALL SELECT section_id, job_id FROM warehouse.main.holdings_results
) JOIN (
    SELECT job_id, course_id FROM warehouse.main.jobs
    UNION ALL SELECT job_id, course_id FROM warehouse.main.past_jobs
) USING (job_id)
"""
COURSE_OF_SECTION = f"""
SELECT course_id, section_id FROM warehouse.main.canvas_sections UNION SELECT course_id, section_id
FROM ({_SENDING}) WHERE section_id NOT IN (SELECT section_id FROM warehouse.main.canvas_sections)
"""  # noqa: S608
"""The course that each section is of, or was when Canvas had it still."""
_SENT_FROM = f"""
SELECT section_id FROM ({_SENDING}) WHERE course_id = $1
AND section_id NOT IN (SELECT section_id FROM warehouse.main.canvas_sections WHERE course_id <> $1)
ORDER BY section_id
"""  # noqa: S608
_CLASSES = """
WITH last_read AS (
    SELECT class_id, max(read_at) AS read_at FROM warehouse.main.class_reads GROUP BY class_id
),
class AS (
    SELECT section_id, class_id, any_value(read_at) AS read_at, min(sent_at) AS sent_at
    FROM warehouse.main.holdings_line_items LEFT JOIN last_read USING (class_id) GROUP BY section_id, class_id
),
course AS (SELECT DISTINCT course_id, section_id FROM warehouse.main.canvas_sections)
"""
_LONGEST_UNREAD = f"""{_CLASSES},
reading AS (
    SELECT course_id, max(started_at) AS tried_at FROM warehouse.main.jobs
    WHERE type IN ('reconcile', 'retract') GROUP BY course_id
),
place AS (  -- what Canvas has deleted since is read back with the course that sent it
    FROM course UNION
    FROM ({_SENDING}) WHERE section_id NOT IN (SELECT section_id FROM course)
),
need AS (
    SELECT course_id, min(coalesce(read_at, TIMESTAMPTZ '1970-01-01')) AS read_at
    FROM class JOIN place USING (section_id) GROUP BY course_id
)
SELECT course_id FROM need LEFT JOIN reading USING (course_id)
ORDER BY greatest(read_at, coalesce(tried_at, read_at)), course_id
"""  # noqa: S608
_UNREAD_SINCE = f"""{_CLASSES}
SELECT DISTINCT course_id FROM class JOIN course USING (section_id)
WHERE coalesce(read_at, sent_at) < $1 ORDER BY course_id
"""  # noqa: S608
