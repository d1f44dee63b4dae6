"""The connection to the DuckLake: its extensions, the attachment, transactions, and what failures mean.

What the tables are stands in tables.py; nothing here knows one. Extensions are DuckDB's own signed binaries
from PyPI wheels, loaded by path; DuckDB verifies each signature, and unsigned ones are never allowed.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import duckdb
import stamina

from gpb_pipeline.errors import PermanentError, PipelineError, SettingsError, TransientError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse.data_folder import claim, own_folder
from gpb_pipeline.warehouse.locks import commit_turn, creation_turn

T = TypeVar("T")
P = ParamSpec("P")
Connection = duckdb.DuckDBPyConnection

_SESSION: dict[str, str | bool | int | float | list[str]] = {
    "allow_unsigned_extensions": False,
    "autoinstall_known_extensions": False,
    "pandas_analyze_sample": 0,  # an object column is text; guessing from its first rows goes wrong on None
}


class Warehouse:
    """An open warehouse. Its methods may be called from several threads; each call has a session of its own.

    Every failure is a PermanentError or a TransientError. DuckDB's own words stay out of it: they may quote
    values or the connection string.
    """

    def __init__(self, connection: Connection, settings: WarehouseSettings) -> None:
        self._connection = connection
        self.settings = settings

    def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Call `work` with a session that sees one state of the warehouse throughout."""
        with _plain_errors(), self._connection.cursor() as session, _transaction(session):
            return work(session, *args, **named)

    def commit(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Call `work` in one transaction: all or nothing. It is called again where another was faster."""
        for attempt in stamina.retry_context(
            on=_is_conflict, attempts=10, timeout=60.0, wait_initial=0.05, wait_max=1.0, wait_jitter=0.2
        ):
            with (
                attempt,
                _plain_errors(),
                commit_turn(self.settings) as turn,
                self._connection.cursor() as session,
                _transaction(session),
            ):
                result = work(session, *args, **named)
                turn.assure()
        return result

    def close(self) -> None:
        self._connection.close()


class ConflictError(TransientError):
    """Another writer changed the same files first, and did so at each of our attempts."""

    code = "warehouse_conflict"


@contextmanager
def connect(
    settings: WarehouseSettings, create: Callable[[Connection], None] = lambda _: None
) -> Iterator[Warehouse]:
    """Open the warehouse, made if missing; `create` makes what is missing in it (tables.create).

    Raises TransientError if the catalogue or its data cannot be reached, SettingsError for a wrong setting.
    """
    catalog = settings.embedded_catalog
    if catalog is not None:
        own_folder(catalog.absolute().parent, "GPB_CATALOG")
    with _plain_errors():
        connection = _instance(settings)
        try:
            with creation_turn(settings):
                claim(settings)
                connection.execute(_attachment(settings))
                with _transaction(connection):
                    create(connection)
        except BaseException:
            connection.close()
            raise
    try:
        yield Warehouse(connection, settings)
    finally:
        _leave(connection, settings)


_IDLE: dict[tuple[str, ...], list[Connection]] = {}
"""Instances with nothing attached: to verify their extensions costs 0.3 s of CPU, so once a process."""


def _instance(settings: WarehouseSettings) -> Connection:
    extensions = _extensions(settings)
    with suppress(KeyError, IndexError):
        return _IDLE[extensions].pop()
    connection = duckdb.connect(config=_SESSION)
    try:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        for extension in extensions:
            load_extension(connection, extension)
    except BaseException:
        connection.close()
        raise
    return connection


def _leave(connection: Connection, settings: WarehouseSettings) -> None:
    """Detach the warehouse and keep the instance; close it where a session of it is still at work."""
    try:
        connection.execute("DETACH warehouse")
    except duckdb.Error:
        connection.close()
    else:
        _IDLE.setdefault(_extensions(settings), []).append(connection)


def load_extension(connection: Connection, name: str) -> None:
    """Load an extension from its wheel; from DuckDB's repository where the platform has no wheel."""
    path = extension_path(name)
    if path is None:
        connection.install_extension(name)
        connection.load_extension(name)
    else:
        connection.load_extension(str(path))


def extension_path(name: str) -> Path | None:
    """Find the binary of this DuckDB version in the wheel `duckdb-extension-<name>`; None without one."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
    return next(iter(folder.glob("*.duckdb_extension")), None)


def _extensions(settings: WarehouseSettings) -> tuple[str, ...]:
    scanner = "postgres_scanner" if settings.embedded_catalog is None else "sqlite_scanner"
    remote = ("httpfs",) if settings.data_path.startswith("s3://") else ()
    return ("ducklake", scanner, *remote)


def _attachment(settings: WarehouseSettings) -> str:
    catalog, data = settings.catalog, settings.data_path
    options = ", DATA_INLINING_ROW_LIMIT 0"  # beside a merge, inlined rows that were deleted could come back
    if settings.embedded_catalog is not None:
        catalog = f"sqlite:{settings.embedded_catalog.absolute()}"
        options += ", META_JOURNAL_MODE 'WAL', META_BUSY_TIMEOUT 5000"  # else readers and the writer lock out
    if "://" not in data:
        data = f"{Path(data).absolute()}/"
    return f"ATTACH {_quoted('ducklake:' + catalog)} AS warehouse (DATA_PATH {_quoted(data)}{options})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _transaction(session: Connection) -> Iterator[None]:
    session.execute("BEGIN TRANSACTION")
    try:
        yield
        session.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # a failed COMMIT has rolled back by itself
            session.execute("ROLLBACK")
        raise


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as failure:
        raise _plain(failure) from None


_RECORDED = re.compile(r'does not match existing data path in the catalog "([^"]*)"')


def _plain(failure: duckdb.Error) -> PipelineError:
    kind, text = type(failure).__name__, str(failure)
    if isinstance(failure, duckdb.TransactionException) or "conflict" in text:
        return ConflictError(
            "another writer changed the same tables first",
            item="warehouse",
            remedy="Try again; maintain the warehouse when no sync runs.",
        )
    if recorded := _RECORDED.search(text):
        return SettingsError(
            f"is not where the catalogue has its data: that is {recorded[1]}",
            item="GPB_DATA_PATH",
            remedy=f"Set GPB_DATA_PATH={recorded[1]}, moving the data back there if it was moved; or name "
            "the catalogue of this data in GPB_CATALOG.",
        )
    if isinstance(failure, duckdb.IOException) or "database is locked" in text:
        return TransientError(
            f"the catalogue or its data cannot be reached ({kind})",
            item="warehouse",
            remedy="Check GPB_CATALOG and GPB_DATA_PATH, then try again.",
            code="warehouse_unavailable",
        )
    return PermanentError(
        f"DuckDB refused ({kind})",
        item="warehouse",
        remedy="Check GPB_CATALOG and GPB_DATA_PATH with `gpb doctor`; else report it with the job id.",
        code="warehouse_refused",
    )


def _is_conflict(error: Exception) -> bool:
    return isinstance(error, ConflictError)
