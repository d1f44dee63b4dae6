"""PostgreSQL's advisory locks, each on a session of our own, with which it falls; what for, locks.py says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse.faults import lock_lost, unreachable
from gpb_pipeline.warehouse.locks import Held, taken
from gpb_pipeline.warehouse.postgres import connected


@contextmanager
def advisory_lock(settings: WarehouseSettings, name: str, patience: float, item: str) -> Iterator[Held]:
    """Hold the lock of this name; waits for it so many seconds, and raises LockedError after them."""
    key = int.from_bytes(hashlib.blake2b(f"gpb:{name}".encode(), digest_size=8).digest(), signed=True)
    with connected(settings, item) as session:
        try:
            acquired = _acquired(session, key, patience)
        except psycopg.OperationalError as fault:  # it went down meanwhile
            raise unreachable(item, fault) from None
        if not acquired:
            raise taken(item)

        def assure() -> None:
            try:
                session.execute("SELECT 1")
            except psycopg.Error:
                raise lock_lost(item) from None

        yield Held(assure=assure)


def _acquired(session: psycopg.Connection, key: int, patience: float) -> bool:
    if not patience:
        row = session.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
        return bool(row and row[0])
    session.execute("SELECT set_config('lock_timeout', %s, false)", (f"{round(patience * 1000)}ms",))
    try:
        session.execute("SELECT pg_advisory_lock(%s)", (key,))
    except psycopg.errors.LockNotAvailable:
        return False
    return True
