"""Rows as plain values, in and out of tables: for what is a few rows, and no frame of a course.

A history is read and written this way, so that looking at it needs neither pandas nor Pandera. What the
tables are stands in tables.py, how frames go in and out of them in table.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gpb_pipeline.row_type import row_type
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.s3 import quoted


def append(session: Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Append rows, all of the same columns, to the table of this name, in one statement."""
    if not rows:
        return
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    names, values = ", ".join(columns), ", ".join(["unnest(?)"] * len(columns))
    session.execute(f"INSERT INTO warehouse.main.{table} ({names}) SELECT {values}", list(columns.values()))


def read(session: Connection, query: str) -> list[Any]:
    """Read rows, each with the columns as attributes."""
    found = session.execute(query)
    row = row_type(tuple(column[0] for column in found.description or []))
    return [row._make(each) for each in found.fetchall()]


def literal(value: str | datetime) -> str:
    """Write a value as SQL does, for queries that take no parameter: for the first, DuckDB imports pandas."""
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    return quoted(value).replace("\0", "' || chr(0) || '")


def marks(values: Sequence[str]) -> str:
    """Make what stands behind IN for so many values; of a list of its own every file would be read."""
    return f"({', '.join('?' * len(values))})"
