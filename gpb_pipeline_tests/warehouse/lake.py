"""What a lake says itself of its commits: which rows went in, and which came out, since a snapshot."""

from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse


def snapshot(warehouse: Warehouse) -> int:
    """Name the last commit."""
    return warehouse.read(_snapshot)


def changed_rows(warehouse: Warehouse, since: int) -> dict[str, tuple[int, int]]:
    """Count rows inserted and deleted since then, by table of the holdings; untouched tables are left out."""
    counts = {
        table.name: warehouse.read(_changed, table.name, since)
        for table in (tables.HOLDINGS_LINE_ITEMS, tables.HOLDINGS_RESULTS)
    }
    return {name: count for name, count in counts.items() if any(count)}


def _snapshot(session: Connection) -> int:
    [(number,)] = session.execute("SELECT max(snapshot_id) FROM ducklake_snapshots('warehouse')").fetchall()
    return int(number)


def _changed(session: Connection, table: str, since: int) -> tuple[int, int]:
    last = _snapshot(session)
    if last == since:
        return 0, 0
    inserted, deleted = (
        session.execute(
            f"SELECT count(*) FROM ducklake_table_{what}('warehouse', 'main', '{table}', {since + 1}, {last})"  # noqa: S608
        ).fetchall()[0][0]
        for what in ("insertions", "deletions")
    )
    return inserted, deleted
