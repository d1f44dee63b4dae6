"""An instance of DuckDB with the warehouse attached: its extensions, and the statement that attaches it.

What is done with it is ducklake.py's. Extensions are DuckDB's own signed binaries from PyPI wheels, loaded by
path; DuckDB verifies each signature, and unsigned ones are never allowed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

import duckdb

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import s3
from gpb_pipeline.warehouse.s3 import quoted

Instance = duckdb.DuckDBPyConnection
"""DuckDB itself, in memory; sessions are opened from it."""

_SESSION: dict[str, str | bool | int | float | list[str]] = {
    "allow_unsigned_extensions": False,
    "autoinstall_known_extensions": False,
    "pandas_analyze_sample": 0,  # an object column is text; guessing from its first rows goes wrong on None
}
THREADS = 1
"""DuckDB's own: on a course's few rows more of them cost a third of the CPU, and gain no time."""
THREADS_ON_S3 = 8
"""Each waits for a file: ninety small ones, 60 ms away, were read in 13 s by one, and in 4 s by eight."""
_IDLE: dict[tuple[str, ...], list[Instance]] = {}
"""Instances with nothing attached: to verify their extensions costs 0.3 s of CPU, so once a process."""


def instance(settings: WarehouseSettings) -> Instance:
    """Give an instance that has what these settings need, let in where the data is, with nothing attached."""
    extensions = _extensions(settings)
    secret = s3.secret(settings) if settings.data_is_on_s3 else None
    try:
        connection = _IDLE[extensions].pop()
    except (KeyError, IndexError):
        connection = _new(extensions, on_s3=settings.data_is_on_s3)
    if secret is not None:
        try:
            s3.let_in(connection, secret)
        except BaseException:
            connection.close()
            raise
    return connection


def _new(extensions: Iterable[str], *, on_s3: bool) -> Instance:
    """Make an instance; what it has read it keeps in memory where reading it again costs a request."""
    threads = THREADS_ON_S3 if on_s3 else THREADS
    connection = duckdb.connect(config=_SESSION | {"threads": threads, "enable_external_file_cache": on_s3})
    try:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # it is on where no script runs: `python -c`
        for extension in extensions:
            load_extension(connection, extension)
    except BaseException:
        connection.close()
        raise
    return connection


def attach(connection: Instance, settings: WarehouseSettings, *, made: bool = False) -> None:
    """Attach the warehouse, made if missing, unless it is known to be `made`."""
    catalog = settings.catalog
    options = ", DATA_INLINING_ROW_LIMIT 0"  # beside a merge, inlined rows that were deleted could come back
    if settings.embedded_catalog is None:
        from gpb_pipeline.warehouse.postgres import conninfo  # noqa: PLC0415  brings PostgreSQL's client

        catalog = f"postgres:{conninfo(settings)}"
    else:
        catalog = f"sqlite:{settings.embedded_catalog.absolute()}"
        options += ", META_JOURNAL_MODE 'WAL', META_BUSY_TIMEOUT 5000"  # else readers and the writer lock out
    if settings.encrypt:
        options += ", ENCRYPTED"
    if made:
        options += ", CREATE_IF_NOT_EXISTS false"
    where = f"DATA_PATH {quoted(data_address(settings))}{options}"
    connection.execute(f"ATTACH {quoted('ducklake:' + catalog)} AS warehouse ({where})")


def data_address(settings: WarehouseSettings) -> str:
    """Give where the data is, as a folder: with one slash at its end, however it was set.

    Raises SettingsError for a folder whose name DuckDB would take for a pattern: its files were never found.
    """
    if settings.data_is_on_s3:
        return f"{settings.data_path.rstrip('/')}/"
    where = str(Path(settings.data_path).absolute())
    if set(where) & set("*?[]"):
        raise SettingsError(
            f"is in {where}, which has one of * ? [ ] in it",
            item="GPB_DATA_PATH",
            remedy="Name a folder without them: DuckDB takes them for a pattern, and finds no file there.",
        )
    return f"{where.rstrip('/')}/"


def leave(connection: Instance, settings: WarehouseSettings) -> None:
    """Detach the warehouse and keep the instance, or close it where its session broke."""
    try:
        connection.execute("DETACH warehouse")
    except duckdb.Error:
        connection.close()
    else:
        keep(connection, settings)


def keep(connection: Instance, settings: WarehouseSettings) -> None:
    """Keep an instance that has nothing attached for the next that needs one."""
    _IDLE.setdefault(_extensions(settings), []).append(connection)


def load_extension(connection: Instance, name: str) -> None:
    """Load an extension from its wheel; from DuckDB's repository where the platform has no wheel."""
    path = extension_path(name)
    if path is None:
        connection.install_extension(name)
    connection.load_extension(str(path or name))


def extension_path(name: str) -> Path | None:
    """Find the binary of this DuckDB version in the wheel `duckdb-extension-<name>`; None without one."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
    return next(iter(folder.glob("*.duckdb_extension")), None)


def _extensions(settings: WarehouseSettings) -> tuple[str, ...]:
    scanner = "postgres_scanner" if settings.embedded_catalog is None else "sqlite_scanner"
    if settings.data_is_on_s3:
        return ("ducklake", scanner, *s3.EXTENSIONS)
    return ("ducklake", scanner, *(("httpfs",) if settings.encrypt else ()))  # it brings OpenSSL
