"""Which SIS the holdings are of, by the hosts that it is known by; what another SIS holds is kept aside.

Nothing goes to a host that is new until someone says which SIS it is: the holdings would be wrong of another,
and a test SIS would get what belongs into the real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gpb_pipeline.errors import PermanentError, UsageError
from gpb_pipeline.passback.frames import build
from gpb_pipeline.warehouse import history, tables
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.schemas import SisAddresses

FIRST = "first sync"  # nobody need say which SIS an empty warehouse is of


class OtherSisError(PermanentError):
    """SIS_BASE_URL names another host than the one that what was sent went to."""

    code = "sis_changed"


@dataclass(frozen=True, kw_only=True)
class Known:
    """The SIS that the holdings are of, named by its first host, and all hosts that it is known by."""

    sis: str
    hosts: tuple[str, ...]


def require_same(warehouse: Warehouse, host: str) -> None:
    """Raise OtherSisError where this host is not known to be the SIS that the holdings are of."""
    known = warehouse.read(known_sis)
    if known is not None and host in known.hosts:
        return
    if known is None or not any(warehouse.read(held)):
        warehouse.commit(_switch, known, host, by=FIRST, at=datetime.now(UTC))
        return
    raise OtherSisError(
        f"names {host}, and what was sent so far is held by {' or '.join(known.hosts)}",
        item="SIS_BASE_URL",
        remedy="Say which: `gpb sis same` if it is that SIS at another address, `gpb sis another` if it is "
        "another SIS, which then has holdings of its own. Nothing is sent until then.",
    )


def known_sis(session: Connection) -> Known | None:
    """Read which SIS the holdings are of; None where nothing was ever said of it."""
    rows = session.execute(
        "SELECT host, sis FROM warehouse.main.sis_addresses ORDER BY chosen_at, host"
    ).fetchall()
    if not rows:
        return None
    sis = rows[-1][1]
    latest: dict[str, str] = dict(rows)
    return Known(sis=sis, hosts=tuple(sorted(host for host, its in latest.items() if its == sis)))


def held(session: Connection) -> tuple[int, int]:
    """Count the line items and results that the SIS holds because of us."""
    query = "SELECT count(*) FROM {}"
    [(line_items,)] = session.execute(query.format(tables.HOLDINGS_LINE_ITEMS.qualified)).fetchall()
    [(results,)] = session.execute(query.format(tables.HOLDINGS_RESULTS.qualified)).fetchall()
    return int(line_items), int(results)


def same(warehouse: Warehouse, host: str, *, by: str) -> None:
    """Take this host for another address of the SIS that the holdings are of."""
    known = warehouse.read(known_sis)
    warehouse.commit(_say, host, known.sis if known else host, by=by, at=datetime.now(UTC))


def another(warehouse: Warehouse, host: str, *, by: str) -> None:
    """Take this host for another SIS: set aside what the present one holds, bring back what that one does.

    Raises UsageError where it is the present one, or while a sync runs.
    """
    history.fail_dead_jobs(warehouse)
    if warehouse.read(history.open_jobs):
        raise UsageError(
            "a sync is running, and writes to the SIS that it began with",
            item="SIS_BASE_URL",
            remedy="Wait until it has ended, or end it.",
        )
    known = warehouse.read(known_sis)
    if known is not None and host in known.hosts:
        raise UsageError(
            f"names {host}, which is known as the SIS that the holdings are of",
            item="SIS_BASE_URL",
            remedy="Set it to the other SIS's address first.",
        )
    warehouse.commit(_switch, known, host, by=by, at=datetime.now(UTC))


def _switch(session: Connection, present: Known | None, host: str, *, by: str, at: datetime) -> None:
    its = session.execute(
        "SELECT sis FROM warehouse.main.sis_addresses WHERE host = $1 ORDER BY chosen_at DESC LIMIT 1", [host]
    ).fetchone()
    sis = str(its[0]) if its else host
    if present is not None:
        for table, aside in tables.ASIDE:
            names = {"table": table.qualified, "aside": aside.qualified}
            session.execute(_SET_ASIDE.format(**names), [present.sis])
            session.execute(_EMPTY.format(**names))
            session.execute(_BRING_BACK.format(**names), [sis])
            aside.delete(session, "sis", [sis])
    _say(session, host, sis, by=by, at=at)


_SET_ASIDE = "INSERT INTO {aside} BY NAME SELECT $1 AS sis, * FROM {table}"
_EMPTY = "DELETE FROM {table}"
_BRING_BACK = "INSERT INTO {table} BY NAME SELECT * EXCLUDE (sis) FROM {aside} WHERE sis = $1"


def _say(session: Connection, host: str, sis: str, *, by: str, at: datetime) -> None:
    said: dict[str, list[Any]] = {"host": [host], "sis": [sis], "chosen_by": [by], "chosen_at": [at]}
    tables.SIS_ADDRESSES.insert(session, build(SisAddresses, said))
