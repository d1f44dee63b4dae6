"""Getting what was removed off the disk, and proving that it is: Parquet files, the catalogue, its own file.

A deleted row stays in its file until that is rewritten, in snapshots until they expire, in the minima and
maxima of the catalogue, and in the pages that a database has freed. Readers of an older state are cut off.
"""

from __future__ import annotations

import mmap
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from gpb_pipeline.errors import PermanentError, TransientError
from gpb_pipeline.passback.forgotten import ID_KINDS
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import forget, tables
from gpb_pipeline.warehouse.attachment import data_address
from gpb_pipeline.warehouse.ducklake import METADATA, Connection, Warehouse
from gpb_pipeline.warehouse.locks import commit_turn
from gpb_pipeline.warehouse.postgres import connected
from gpb_pipeline.warehouse.student_list import NAME, KnownStudent

SHORTEST = 6
"""Characters that an id has at least, to be looked for in text: shorter ones are numbers of all kinds."""
NAMED = 5
"""Files with a hit that are named: an id of digits alone may be a number of something else there."""
PATIENCE = 60.0  # seconds that tidying the catalogue's own file waits for its readers
_STEPS = (
    "CALL ducklake_rewrite_data_files('warehouse', delete_threshold => 0)",
    "CALL ducklake_merge_adjacent_files('warehouse')",
    "CALL ducklake_expire_snapshots('warehouse', older_than => now() + INTERVAL 1 DAY)",
    "CALL ducklake_cleanup_old_files('warehouse', cleanup_all => true)",
    "CALL ducklake_delete_orphaned_files('warehouse', cleanup_all => true)",  # in our turn nobody else writes
)
_STATISTICS = ("ducklake_table_column_stats", "ducklake_file_column_stats")


@dataclass(frozen=True, kw_only=True)
class Looked:
    """Where was looked, at how many things, and how many of them still hold what was to go; some by name."""

    where: str
    count: int
    hits: int
    found_in: tuple[str, ...] = ()


def off_the_disk(warehouse: Warehouse) -> None:
    """Rewrite what has deleted rows, expire every older state, and delete its files; each step by itself."""
    for step in _STEPS:
        warehouse.commit(_run, step)
    warehouse.commit(_narrow_statistics)


def shrink(settings: WarehouseSettings) -> None:
    """Have the catalogue's database give up the pages that it has freed; nothing of ours may be attached."""
    with commit_turn(settings):
        if settings.embedded_catalog is not None:
            _shrink_sqlite(settings.embedded_catalog)
        else:
            _shrink_postgres(settings)


def files_held(warehouse: Warehouse) -> Looked:
    """Look at the data's folder: a file that the catalogue does not know, or with deleted rows, is a hit."""
    known = warehouse.read(_known_files)
    there = warehouse.read(_files_there, data_address(warehouse.settings))
    live = {Path(path).name for path, deleted in known if not deleted}
    return Looked(where="Parquet files", count=len(there), hits=sum(each not in live for each in there))


def rows_held(warehouse: Warehouse, student: KnownStudent) -> Looked:
    """Look at every table with a row a student."""
    found = warehouse.read(forget.of_student, student)
    return Looked(where="tables", count=len(tables.ALL), hits=found.total)


def statistics_held(warehouse: Warehouse, student: KnownStudent) -> Looked:
    """Look at the minima and maxima that the catalogue has of the columns with ids and names."""
    return warehouse.read(_statistics_of, student)


def text_held(student: KnownStudent, folders: Iterable[Path]) -> Looked:
    """Look for names and ids, as whole words, in every file of these folders; too short an id is no word.

    Nor are the digits behind the point of a number: Dagster's events are full of times with such.
    """
    words = {*student.names, *(each for ids in student.ids.values() for each in ids if len(each) >= SHORTEST)}
    if not words:
        return Looked(where="catalogue's file, logs and records", count=0, hits=0)
    sought = b"|".join(re.escape(each.encode()) for each in sorted(words, key=len, reverse=True))
    pattern = re.compile(rb"(?<![\w-])(?<!\d\.)(?:" + sought + rb")(?![\w-])(?!\.\d)")
    files = list(_files_in(folders))
    holding = tuple(str(path) for path in files if _holds(path, pattern))
    return Looked(
        where="catalogue's file, logs and records",
        count=len(files),
        hits=len(holding),
        found_in=holding[:NAMED],
    )


def _holds(path: Path, pattern: re.Pattern[bytes]) -> bool:
    """Whether it is in the file, however large; one that has gone meanwhile holds nothing."""
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
                return pattern.search(text) is not None
    except FileNotFoundError:
        return False
    except OSError as refused:
        raise PermanentError(
            f"cannot be looked through ({refused.strerror})",
            item=str(path),
            remedy="Let this user read it, and forget again; what was removed stays removed.",
        ) from None


def _files_in(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
        elif folder.is_file():
            yield folder


def _run(session: Connection, statement: str) -> None:
    session.execute(statement)


def _narrow_statistics(session: Connection) -> None:
    """Bring each column's minimum and maximum to those of its files: DuckLake only ever widens them.

    Where a file does not tell, they stay. None may become unknown: DuckLake would take the next file's for
    the whole table's, and no longer find the rows of the others.
    """
    for kind, sql_type in (("varchar", "VARCHAR"), ("float64", "DOUBLE")):
        session.execute(_NARROW.format(metadata=METADATA, kind=kind, type=sql_type))


_NARROW = """
UPDATE {metadata}.ducklake_table_column_stats AS whole
SET min_value = now.min_value, max_value = now.max_value
FROM (
    SELECT c.table_id, c.column_id, arg_min(f.min_value, f.min_value::{type}) AS min_value,
        arg_max(f.max_value, f.max_value::{type}) AS max_value
    FROM {metadata}.ducklake_column c
    LEFT JOIN {metadata}.ducklake_data_file d ON d.table_id = c.table_id AND d.end_snapshot IS NULL
    LEFT JOIN {metadata}.ducklake_file_column_stats f
        ON f.data_file_id = d.data_file_id AND f.column_id = c.column_id
    WHERE c.end_snapshot IS NULL AND c.column_type = '{kind}'
    GROUP BY c.table_id, c.column_id
    HAVING bool_and(d.data_file_id IS NULL OR (f.min_value IS NOT NULL AND f.max_value IS NOT NULL)
        OR coalesce(f.null_count = d.record_count, false))
) AS now
WHERE whole.table_id = now.table_id AND whole.column_id = now.column_id
"""


def _known_files(session: Connection) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for table in tables.ALL:
        query = "SELECT data_file, delete_file IS NOT NULL FROM ducklake_list_files('warehouse', $1)"
        found += session.execute(query, [table.name]).fetchall()
    return found


def _files_there(session: Connection, data_path: str) -> list[str]:
    rows = session.execute("SELECT file FROM glob($1)", [f"{data_path}**/*.parquet"]).fetchall()
    return [Path(path).name for (path,) in rows]


def _statistics_of(session: Connection, student: KnownStudent) -> Looked:
    sought = {kind: sorted(student.ids[kind]) for kind in ID_KINDS} | {NAME: sorted(student.names)}
    count = hits = 0
    for column, values in sought.items():
        for statistics in _STATISTICS:
            query = f"""
            SELECT count(*), count(*) FILTER (list_contains($1::VARCHAR[], min_value)
                OR list_contains($1::VARCHAR[], max_value))
            FROM {METADATA}.{statistics} JOIN {METADATA}.ducklake_column USING (table_id, column_id)
            WHERE column_name = $2
            """  # noqa: S608
            [(looked, found)] = session.execute(query, [values, column]).fetchall()
            count, hits = count + looked, hits + found
    return Looked(where="minima and maxima", count=count, hits=hits)


def _shrink_sqlite(catalog: Path) -> None:
    try:
        with closing(sqlite3.connect(catalog, timeout=PATIENCE, isolation_level=None)) as database:
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as fault:
        raise _in_use(type(fault).__name__) from None


def _shrink_postgres(settings: WarehouseSettings) -> None:
    try:
        with connected(settings) as session:
            session.execute("SELECT set_config('lock_timeout', %s, false)", (f"{round(PATIENCE * 1000)}ms",))
            for name in _STATISTICS:
                session.execute(f"VACUUM (FULL, ANALYZE) {name}".encode())
    except psycopg.Error as fault:
        raise _in_use(type(fault).__name__) from None


def _in_use(fault: str) -> TransientError:
    return TransientError(
        f"its freed pages could not be given up ({fault})",
        item="warehouse",
        remedy="Stop who reads it (`gpb web`, open sessions), and forget again; what was removed is.",
    )
