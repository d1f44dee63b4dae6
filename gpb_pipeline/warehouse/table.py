"""One table: its columns from its Pandera schema, and how rows go in and out. All there are: tables.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.frames import F, build
from gpb_pipeline.warehouse.ducklake import METADATA, Connection
from gpb_pipeline.warehouse.plain_rows import marks


@dataclass(frozen=True)
class Table(Generic[F]):
    """A table of the warehouse: the columns `keys` (text), then those of `schema`."""

    name: str
    schema: type[F]
    keys: tuple[str, ...] = ()

    @property
    def qualified(self) -> str:
        return f"warehouse.main.{self.name}"

    @property
    def columns(self) -> dict[str, str]:
        """Name → DuckDB type, in order."""
        declared = self.schema.to_schema().columns
        return dict.fromkeys(self.keys, "VARCHAR") | {
            name: _sql_type(column.dtype.type) for name, column in declared.items()
        }

    def create(self, session: Connection, present: Collection[str]) -> None:
        """Create the table, or add the columns that a newer version of its schema has to those `present`."""
        if not present:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in self.columns.items())
            session.execute(f"CREATE TABLE {self.qualified} ({columns})")
            return
        for name, kind in self.columns.items():
            if name not in present:
                session.execute(f'ALTER TABLE {self.qualified} ADD COLUMN "{name}" {kind}')

    def insert(self, session: Connection, *parts: pd.DataFrame) -> None:
        """Append the rows of these frames, which have the keys as columns too, in one statement.

        DuckDB finds `incoming` among our names; to register it as a view costs more than the statement does.
        """
        incoming = together(parts)
        if not incoming.empty:
            session.execute(f"INSERT INTO {self.qualified} BY NAME SELECT * FROM incoming")  # noqa: S608

    def is_new(self, session: Connection) -> bool:
        """Whether no row was ever committed to it, by the catalogue's statistics.

        To plan a query of such a table DuckLake asks the catalogue once a column: 30 ms of CPU for nothing.
        A row that the session itself has put there does not count: who changes such a table looks before.
        """
        found = session.execute(
            f"SELECT 1 FROM {METADATA}.ducklake_table_stats JOIN {METADATA}.ducklake_table USING (table_id)"  # noqa: S608
            " WHERE table_name = $1 AND end_snapshot IS NULL",
            [self.name],
        )
        return found.fetchone() is None

    def delete(self, session: Connection, column: str, values: Sequence[str]) -> None:
        """Delete the rows whose `column` is one of `values`."""
        if values and not self.is_new(session):
            session.execute(f'DELETE FROM {self.qualified} WHERE "{column}" IN {marks(values)}', values)  # noqa: S608

    def delete_where(self, session: Connection, where: str, values: Sequence[object]) -> None:
        """Delete the rows of a condition; where there are none, nothing: it would be a commit for nothing."""
        rows = f"FROM {self.qualified} WHERE {where}"
        if session.execute(f"SELECT 1 {rows} LIMIT 1", list(values)).fetchall():
            session.execute(f"DELETE {rows}", list(values))

    def select(self, session: Connection, column: str, values: Sequence[str]) -> DataFrame[F]:
        """Read the rows whose `column` is one of `values`, as the schema has them (the keys left out)."""
        if not values or self.is_new(session):
            return frames.empty(self.schema)
        wanted = ", ".join(f'"{name}"' for name in self.schema.to_schema().columns)
        query = f'SELECT {wanted} FROM {self.qualified} WHERE "{column}" IN {marks(values)}'  # noqa: S608
        rows = session.execute(query, values).df()
        return build(self.schema, {name: rows[name] for name in rows.columns})


def together(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put frames of the same columns under one another; without columns if none has rows."""
    filled = [rows for rows in parts if not rows.empty]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def keyed(rows: pd.DataFrame, **keys: str) -> pd.DataFrame:
    """Put constant key columns in front of a frame."""
    return pd.DataFrame(
        {key: pd.Series(value, index=rows.index, dtype=object) for key, value in keys.items()}
    ).join(rows)


def _sql_type(dtype: Any) -> str:
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "TIMESTAMPTZ"
    return {"f": "DOUBLE", "b": "BOOLEAN", "i": "BIGINT"}.get(dtype.kind, "VARCHAR")
