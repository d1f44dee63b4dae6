"""The warehouse that the settings name, opened, with all in it that this version needs.

What it needs is told by Pandera's schemas (schemas.py), whose import takes longer than what most commands do:
so the warehouse keeps which version made it complete, and only another one looks at what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.sources import digest
from gpb_pipeline.warehouse.ducklake import METADATA, Connection, Warehouse, connect

MADE_OF = (
    "warehouse/tables.py",
    "warehouse/table.py",
    "warehouse/schemas.py",
    "warehouse/views.py",
    "passback",
)
"""Where the tables, their columns and the views are declared."""
_COMPLETE = f"SELECT value FROM {METADATA}.ducklake_tag WHERE key = 'comment' AND end_snapshot IS NULL"  # noqa: S608
"""Comments on tables, of which ours is the one, from the catalogue itself: DuckDB would read every table."""


@contextmanager
def open_warehouse() -> Iterator[Warehouse]:
    """Open the warehouse that the settings name, with every table in it; raises what `connect` does."""
    with connect(WarehouseSettings.load(), complete) as warehouse:
        yield warehouse


def complete(session: Connection) -> None:
    """Create whatever is missing, unless this very version has done so before."""
    version = f"complete as of {digest(*MADE_OF)}"
    if (version,) in session.execute(_COMPLETE).fetchall():
        return
    from gpb_pipeline.warehouse import tables  # noqa: PLC0415  once a version

    tables.create(session)
    session.execute(f"COMMENT ON TABLE warehouse.main.jobs IS '{version}'")
