"""The PostgreSQL of a scaled-out catalogue, asked on sessions of our own: how it is reached, what it knows.

What is in the catalogue's tables is DuckLake's business, but for the key that each commit leaves there.
"""

from __future__ import annotations

from contextlib import ExitStack

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse.faults import unreachable

_PATIENCE = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds, and tries, where nothing else is said: a server that is gone is noticed within a minute."""
_NOTICE_US = "; ".join(
    f"SET tcp_{name} = {_PATIENCE[name]}" for name in _PATIENCE if name.startswith("keepalives")
)
"""And we by the server: else what a host without power had locked is locked for two hours."""


def conninfo(settings: WarehouseSettings) -> str:
    """Give how the server is reached; raises SettingsError where that can be no connection string."""
    given = settings.catalog.removeprefix("postgres:")
    try:
        said = conninfo_to_dict(given)
    except psycopg.ProgrammingError:  # its text quotes the string
        raise SettingsError(
            "holds what is no connection string of PostgreSQL after postgres:",
            item="GPB_CATALOG",
            remedy="See its line in .env.example.",
        ) from None
    return make_conninfo(given, **{name: value for name, value in _PATIENCE.items() if name not in said})


def connected(settings: WarehouseSettings, item: str = "warehouse") -> psycopg.Connection:
    """Open a session without transactions of its own; UnavailableError of `item` where none is to be had."""
    try:
        session = psycopg.connect(conninfo(settings), autocommit=True)
        session.execute(_NOTICE_US)
        return session
    except psycopg.OperationalError as fault:
        raise unreachable(item, fault) from None


def database(settings: WarehouseSettings) -> object:
    """Tell this database from any other, of whatever server."""
    query = (
        "SELECT system_identifier, oid FROM pg_control_system(), pg_database "
        "WHERE datname = current_database()"
    )
    try:
        with connected(settings, "GPB_CATALOG") as session:
            return session.execute(query).fetchone()
    except psycopg.Error as fault:
        raise unreachable("GPB_CATALOG", fault) from None


def has_commit(settings: WarehouseSettings, key: str) -> bool:
    """Whether the commit with this key took, once whoever is still at a commit has come to its end."""
    try:
        with connected(settings) as session, session.transaction():
            session.execute("LOCK TABLE ducklake_snapshot_changes IN SHARE MODE")
            query = "SELECT 1 FROM ducklake_snapshot_changes WHERE commit_extra_info = %s"
            return session.execute(query, [key]).fetchone() is not None
    except psycopg.Error as fault:
        raise unreachable("warehouse", fault) from None


def require_own_sessions(settings: WarehouseSettings) -> None:
    """Raise SettingsError where a proxy hands one session to many: a lock would be everybody's, or fall."""
    try:
        with ExitStack() as open_at_once:
            sessions = [open_at_once.enter_context(connected(settings)) for _ in range(3)]
            first, again = ([_backend(each) for each in sessions] for _ in range(2))
    except psycopg.Error as fault:
        raise unreachable("warehouse", fault) from None
    if first != again or len({*first}) < len(first):
        raise SettingsError(
            "names a proxy that pools transactions, and a lock is held by a session of its own",
            item="GPB_CATALOG",
            remedy="Name PostgreSQL itself, or a proxy that pools sessions (PgBouncer: pool_mode = session).",
        )


def _backend(session: psycopg.Connection) -> int:
    [(process,)] = session.execute("SELECT pg_backend_pid()").fetchall()
    return int(process)
