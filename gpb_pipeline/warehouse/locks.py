"""Locks that die with their process: one sync per course at a time, and one commit.

A file lock where the catalogue is SQLite, an advisory lock (advisory_locks.py) where it is PostgreSQL. No
tables here and no SQL but the locks' own. Whoever can take a course's lock knows that no sync
of that course is alive, on any host (history.fail_dead_jobs relies on it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import filelock

from gpb_pipeline.errors import SettingsError, TransientError
from gpb_pipeline.settings import WarehouseSettings

COMMIT_PATIENCE = 60.0
"""Seconds that a commit waits for its turn: commits take about 0.1 s, maintenance about a second."""


class LockedError(TransientError):
    """Someone else holds the lock; for a course: a sync of it is running."""

    code = "sync_running"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A lock that is ours. `assure` raises LockLostError if it was lost on the way (session dropped)."""

    assure: Callable[[], None]


@contextmanager
def course_lock(settings: WarehouseSettings, course_id: str) -> Iterator[Held]:
    """Hold the course from before the first read to after the last write; LockedError if it is taken."""
    with _lock(settings, f"course-{course_id}", patience=0.0, item=f"course {course_id}") as held:
        yield held


@contextmanager
def commit_turn(settings: WarehouseSettings, patience: float = COMMIT_PATIENCE) -> Iterator[Held]:
    """Wait so long for our turn to write: SQLite admits one writer, and on PostgreSQL two would conflict."""
    with _lock(settings, "commit", patience=patience, item="warehouse") as held:
        yield held


@contextmanager
def creation_turn(settings: WarehouseSettings) -> Iterator[None]:
    """Wait for our turn to attach the warehouse and create what is missing in it, on either catalogue."""
    name = "commit" if settings.embedded_catalog else "creation"
    with _lock(settings, name, patience=COMMIT_PATIENCE, item="warehouse"):
        yield


@contextmanager
def _lock(settings: WarehouseSettings, name: str, *, patience: float, item: str) -> Iterator[Held]:
    catalog = settings.embedded_catalog
    if catalog is None:
        from gpb_pipeline.warehouse.advisory_locks import advisory_lock  # noqa: PLC0415  brings its client

        with advisory_lock(settings, name, patience, item) as held:
            yield held
    else:
        with _file_lock(lock_folder(catalog) / f"{quote(name, safe='')}.lock", patience, item) as held:
            yield held


def lock_folder(catalog: Path) -> Path:
    """Where the lock files of an embedded warehouse stand: beside its catalogue."""
    return catalog.with_name(f"{catalog.name}.locks")


@contextmanager
def _file_lock(path: Path, patience: float, item: str) -> Iterator[Held]:
    lock = filelock.FileLock(path, timeout=patience, thread_local=False)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(poll_interval=0.01)
    except filelock.Timeout:
        raise taken(item) from None
    except OSError as refused:
        raise SettingsError(
            f"has no locks: {path.parent} cannot be written to ({refused.strerror})",
            item="GPB_CATALOG",
            remedy="Name a file in a folder that may be written to, or let this user do so.",
        ) from None
    try:
        yield Held(assure=lambda: None)
    finally:
        lock.release()


def taken(item: str) -> LockedError:
    """Make the error for a lock that another has."""
    return LockedError(
        "another process holds it",
        item=item,
        remedy="Wait until it has ended (`gpb history`), then try again.",
    )
