"""What failures of the warehouse mean: each is one of ours, with what may mend it. Nothing is retried here.

DuckDB's and PostgreSQL's own words stay out of it: they may quote values, the connection string or a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from gpb_pipeline.errors import PermanentError, PipelineError, SettingsError, TransientError
from gpb_pipeline.warehouse import s3


class ConflictError(TransientError):
    """Another writer changed the same files first, and did so at each of our attempts."""

    code = "warehouse_conflict"


class UnavailableError(TransientError):
    """The catalogue or its data cannot be reached, or the session with them broke."""

    code = "warehouse_unavailable"


class LockLostError(TransientError):
    """The PostgreSQL session that held a lock broke, and the lock fell with it."""

    code = "lock_lost"


@contextmanager
def plain_errors() -> Iterator[None]:
    """Tell what DuckDB raises as one of ours; whoever interrupts us in a query is let through as they are."""
    try:
        yield
    except duckdb.Error as failure:
        raise _plain(failure) from None
    except RuntimeError as interrupted:
        cause = interrupted.__cause__
        if cause is None or isinstance(cause, Exception):
            raise
        raise cause from None


def unreachable(item: str, fault: Exception) -> UnavailableError:
    """Make the error for a PostgreSQL that does not answer, or not as it should."""
    return UnavailableError(
        f"the PostgreSQL catalogue cannot be reached ({type(fault).__name__})",
        item=item,
        remedy="Check GPB_CATALOG and that the server is up, then try again.",
    )


def lock_lost(item: str) -> LockLostError:
    """Make the error for a lock that fell while its holder was alive."""
    return LockLostError(
        "the lock was lost with its PostgreSQL session",
        item=item,
        remedy="What was posted is kept: sync the course again.",
    )


def taken_for_dead(item: str) -> TransientError:
    """Make the error for a sync whose lock fell, and that got its end from whoever had the lock after it."""
    return TransientError(
        "its lock was lost with its PostgreSQL session, and it was taken for dead",
        item=item,
        remedy="Sync the course again: what was posted is found and adopted.",
        code=LockLostError.code,
    )


def made_otherwise(*, encrypted: bool) -> SettingsError:
    """Make the error for a setting that differs from how the warehouse was made."""
    made, wanted = ("encrypted", "true") if encrypted else ("not encrypted", "false")
    return SettingsError(
        f"is another than the warehouse was made with: it is {made}",
        item="GPB_ENCRYPT",
        remedy=f"Set GPB_ENCRYPT={wanted}; or name a new catalogue and data path, since what is there stays "
        "as it was made.",
    )


_RECORDED = re.compile(r'does not match existing data path in the catalog "([^"]*)"')

_SQLITE_CANNOT = (
    "database is locked",
    "disk I/O error",
    "database or disk is full",
    "unable to open database file",
)
"""What SQLite says of its file, which comes as an error without a kind."""
_BROKEN = re.compile(
    r"closed the connection|no connection to the server|connection to server|terminating connection"
    r"|could not (?:receive|send) data|SSL (?:connection|SYSCALL)|connection not open"
    r"|database system is (?:starting up|shutting down)"
    r'|Failed to execute query "ROLLBACK"|Current transaction is aborted'  # what DuckLake tried after it
)
"""What PostgreSQL's library says of a session that broke, which DuckDB passes on as errors of any kind."""
_GONE = re.compile(r"Table with name ducklake_\w+ does not exist|Existing DuckLake at .* does not exist")
"""What DuckLake says where an empty file stands in its catalogue's place: SQLite makes one."""


def _plain(failure: duckdb.Error) -> PipelineError:
    kind, text = type(failure).__name__, str(failure)
    if wrong := _wrong_setting(text):
        return wrong
    broken = _BROKEN.search(text)
    if not broken and (isinstance(failure, duckdb.TransactionException) or "conflict" in text):
        return ConflictError(
            "another writer changed the same tables first",
            item="warehouse",
            remedy="Try again; maintain the warehouse when no sync runs.",
        )
    if isinstance(failure, duckdb.HTTPException) and (refused := s3.refusal(failure)):
        return refused
    away = isinstance(failure, duckdb.IOException | duckdb.ConnectionException)
    if away or broken or any(words in text for words in _SQLITE_CANNOT) or _GONE.search(text):
        return UnavailableError(
            f"the catalogue or its data cannot be reached ({kind})",
            item="warehouse",
            remedy="Check GPB_CATALOG and GPB_DATA_PATH, and the space left there, then try again.",
        )
    return PermanentError(
        f"DuckDB refused ({kind})",
        item="warehouse",
        remedy="Check GPB_CATALOG and GPB_DATA_PATH with `gpb doctor`; else report it with the job id.",
        code="warehouse_refused",
    )


def data_elsewhere(recorded: str) -> SettingsError:
    """Make the error of a catalogue that has its data in another place than GPB_DATA_PATH names."""
    return SettingsError(
        f"is not where the catalogue has its data: that is {recorded}",
        item="GPB_DATA_PATH",
        remedy=f"Set GPB_DATA_PATH={recorded}, moving the data back there if it was moved; or name "
        "the catalogue of this data in GPB_CATALOG. A copy of a catalogue is first "
        "told where the copy of the data is (docs/operating.md, Backup).",
    )


def _wrong_setting(text: str) -> SettingsError | None:
    if "Failed to set encryption" in text:
        return made_otherwise(encrypted=False)
    if "file is not a database" in text:
        return SettingsError(
            "names a file that is no catalogue",
            item="GPB_CATALOG",
            remedy="Name another; it is made if missing.",
        )
    if recorded := _RECORDED.search(text):
        return data_elsewhere(recorded[1])
    return None
