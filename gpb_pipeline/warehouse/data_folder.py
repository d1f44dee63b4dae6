"""Whose the folder of the warehouse's files is. No table here, and nothing of what the files hold.

A catalogue knows its own files alone, and tidying deletes what it does not know: so a folder, with all that
is above and below it, belongs to one catalogue, by a mark in it. A bucket is not marked.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse.locks import unreachable

MARK = ".catalog"


def claim(settings: WarehouseSettings) -> None:
    """Mark the folder as this catalogue's; made if missing.

    Raises SettingsError where it, a folder above it or one below it is another's; TransientError where
    PostgreSQL cannot be asked which database it is.
    """
    if "://" in settings.data_path:
        return
    folder = Path(settings.data_path).resolve()
    own_folder(folder, "GPB_DATA_PATH")
    mark, ours = folder / MARK, hashlib.sha256(_identity(settings).encode()).hexdigest()
    if not mark.exists():
        _refuse_any(_above_and_below(folder))
    try:
        with mark.open("x") as new:  # of two that come at once, one is first
            new.write(ours)
    except FileExistsError:
        if mark.read_text().strip() != ours:
            _refuse_any([mark])


def own_folder(folder: Path, setting: str) -> None:
    """Make the folder if missing, for its owner alone: it holds grades."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise SettingsError(
            f"cannot write to the folder {folder}",
            item=setting,
            remedy="Name a folder that may be written to, or let this user do so.",
        )


def _above_and_below(folder: Path) -> Iterator[Path]:
    yield from (each / MARK for each in folder.parents if (each / MARK).exists())
    yield from folder.rglob(MARK)


def _refuse_any(marks: Iterable[Path]) -> None:
    for mark in marks:
        raise SettingsError(
            f"the data of another catalogue is in {mark.parent}, and tidying would delete its files",
            item="GPB_DATA_PATH",
            remedy="Name a folder of its own, neither in that one nor around it. Where it is this "
            f"catalogue that was moved, remove {mark}.",
        )


def _identity(settings: WarehouseSettings) -> str:
    """Name the catalogue, whoever connects to it and however: a PostgreSQL says itself which it is."""
    if settings.embedded_catalog is not None:
        return f"sqlite:{settings.embedded_catalog.resolve()}"
    try:
        with psycopg.connect(settings.catalog.removeprefix("postgres:"), connect_timeout=10) as session:
            told = session.execute(
                "SELECT system_identifier, oid FROM pg_control_system(), pg_database "
                "WHERE datname = current_database()"
            ).fetchone()
    except psycopg.Error:
        raise unreachable("GPB_CATALOG") from None
    return f"postgres:{told}"
