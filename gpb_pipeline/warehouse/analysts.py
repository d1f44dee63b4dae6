"""Who may read the warehouse beside us: a role of the catalogue's PostgreSQL, by the setting GPB_ANALYSTS.

Of an embedded warehouse the operating system decides. What analysts read is in views.py.
"""

from __future__ import annotations

import logging

import psycopg
from psycopg import sql

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse.faults import unreachable
from gpb_pipeline.warehouse.postgres import connected

logger = logging.getLogger(__name__)

_MAY_READ = """
SELECT has_table_privilege(oid, 'ducklake_snapshot', 'SELECT') FROM pg_roles WHERE rolname = %s
"""
_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}",
)


def let_read(settings: WarehouseSettings, role: str) -> None:
    """Grant this role to read the catalogue, once; only warn where that cannot be: no night hangs on it.

    Raises TransientError where the PostgreSQL is not there.
    """
    try:
        require_reader(settings, role)
    except SettingsError as refused:
        logger.warning("%s", refused)


def require_reader(settings: WarehouseSettings, role: str) -> None:
    """Grant this role to read the catalogue, once.

    Raises SettingsError where there is no such role, or no PostgreSQL, TransientError where it is not there.
    """
    if settings.embedded_catalog is not None:
        what = "names a role of PostgreSQL, and the catalogue is a file"
        raise _refused(what, "Unset it: docs/analysts.md says who may read a file.")
    try:
        with connected(settings, "GPB_CATALOG") as session, session.transaction():
            found = session.execute(_MAY_READ, (role,)).fetchone()
            if found is None:
                raise _refused(
                    f"names {role}, which is no role of the catalogue's PostgreSQL",
                    "Create it: CREATE ROLE … LOGIN; or unset this.",
                )
            if not found[0]:
                for grant in _GRANTS:
                    session.execute(sql.SQL(grant).format(role=sql.Identifier(role)))
    except psycopg.errors.InsufficientPrivilege:
        raise _refused("may not be granted anything by our user", "Let the tables' owner grant it.") from None
    except psycopg.OperationalError as fault:
        raise unreachable("GPB_CATALOG", fault) from None


def _refused(what: str, remedy: str) -> SettingsError:
    return SettingsError(what, item="GPB_ANALYSTS", remedy=remedy)
