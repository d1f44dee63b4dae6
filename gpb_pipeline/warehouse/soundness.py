"""Whether the tables are what the catalogue says: no key twice, and as many rows as it counts.

It looks through every table, and mends nothing: which of two rows is the right one, nobody here can know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import METADATA, Connection, Warehouse
from gpb_pipeline.warehouse.table import Table

AT_ONCE = 500_000
"""Keys that are held against one another at once: memory does not grow with the warehouse."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What a table holds: its rows, how many of its keys are there twice, and what the catalogue counts."""

    table: str
    rows: int
    doubled: int
    counted: int

    @property
    def faults(self) -> list[str]:
        twice = f"{self.table} has {self.doubled} keys twice"
        other = f"{self.table} has {self.rows} rows, and the catalogue counts {self.counted}"
        return [twice] * bool(self.doubled) + [other] * (self.rows != self.counted)


def require_sound(warehouse: Warehouse) -> int:
    """Give how many rows there are; raises PermanentError that names the tables where something is wrong."""
    scans = warehouse.read(scan)
    if faults := [fault for each in scans for fault in each.faults]:
        raise PermanentError(
            "; ".join(faults),
            item="warehouse",
            remedy="Switch the nightly syncs off, and restore the backup (docs/operating.md); report it.",
            code="warehouse_unsound",
        )
    return sum(each.rows for each in scans)


def scan(session: Connection) -> list[Scan]:
    """Look through every table, as it is in one state of the warehouse."""
    counted = dict(session.execute(_COUNTED).fetchall())
    return [_scan(session, table, counted.get(table.name, 0)) for table in tables.ALL]


def _scan(session: Connection, table: Table[Any], counted: int) -> Scan:
    key = ", ".join(f'"{column}"' for column in _key(table))
    parts = int(counted) // AT_ONCE + 1 if key else 1
    found = [session.execute(_looked_through(table, key, part, parts)).fetchall()[0] for part in range(parts)]
    rows, doubled = (sum(int(each) for each in column) for column in zip(*found, strict=True))
    return Scan(table=table.name, rows=rows, doubled=doubled, counted=int(counted))


def _looked_through(table: Table[Any], key: str, part: int, parts: int) -> str:
    """Make the query that counts rows and doubled keys of a part, which one key is always in as a whole."""
    if not key:  # the catalogue answers a bare count(*) itself
        return f"SELECT count(*) FILTER (WHERE rowid >= 0), 0 FROM {table.qualified}"  # noqa: S608
    return f"""
    SELECT coalesce(sum(n), 0), count(*) FILTER (WHERE n > 1)
    FROM (SELECT count(*) AS n FROM {table.qualified} WHERE hash({key}) % {parts} = {part} GROUP BY {key})
    """  # noqa: S608


def _key(table: Table[Any]) -> list[str]:
    """Name the columns by which no two rows are alike, as the schema says; none where it says nothing."""
    schema = table.schema.to_schema()
    own = schema.unique or [name for name, column in schema.columns.items() if column.unique]
    within = table.keys if table in tables.LOGS else table.keys[:1]  # a course has one set of frames
    return [*within, *own] if own else []


_COUNTED = f"""
SELECT t.table_name, sum(f.record_count) - coalesce(sum(x.delete_count), 0)
FROM {METADATA}.ducklake_table t
JOIN {METADATA}.ducklake_data_file f ON f.table_id = t.table_id AND f.end_snapshot IS NULL
LEFT JOIN {METADATA}.ducklake_delete_file x ON x.data_file_id = f.data_file_id AND x.end_snapshot IS NULL
WHERE t.end_snapshot IS NULL
GROUP BY t.table_name
"""  # noqa: S608
