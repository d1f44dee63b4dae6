"""Whose the folder of the warehouse's files is, on this machine or on S3. No table here, and nothing of them.

A catalogue knows its own files alone, and tidying deletes what it does not know: so a folder, with all that
is above and below it, belongs to one catalogue, by a mark in it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import S3, WarehouseSettings
from gpb_pipeline.warehouse import s3
from gpb_pipeline.warehouse.attachment import Instance, data_address
from gpb_pipeline.warehouse.faults import UnavailableError

MARK = ".catalog"
_SCHEMA = "main"  # below which DuckLake puts every file


def claim(connection: Instance, settings: WarehouseSettings) -> None:
    """Mark the folder as this catalogue's; made if missing.

    Raises SettingsError where it, a folder above it or one below it is another's; TransientError where
    PostgreSQL cannot be asked which database it is.
    """
    ours = hashlib.sha256(_identity(settings).encode()).hexdigest()
    address = data_address(settings)
    if not settings.data_is_on_s3:
        _claim_here(Path(address).resolve(), ours)
        return
    try:
        _claim_on_s3(connection, address, ours)
    except duckdb.IOException as failure:  # the first that is asked of it
        raise s3.refusal(failure) or UnavailableError(
            "no S3 answers there",
            item="GPB_S3_ENDPOINT",
            remedy="Check it, GPB_S3_REGION, and the way there; then try again.",
        ) from None


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


def own_catalogue(catalog: Path) -> None:
    """Make the file if missing, for its owner alone, whoever may look into its folder; SQLite fills it.

    What SQLite makes beside it is as open as it is. One that is there stays as someone has set it.
    """
    with suppress(FileExistsError):
        os.close(os.open(catalog, os.O_CREAT | os.O_EXCL, 0o600))


def open_to_others(settings: WarehouseSettings) -> Iterator[Path]:
    """Name what of the warehouse on this machine every user of it can read."""
    if settings.embedded_catalog is not None and _others_read(settings.embedded_catalog.absolute()):
        yield settings.embedded_catalog
    if not settings.data_is_on_s3:
        files = Path(data_address(settings)) / _SCHEMA
        if _others_read(files):
            yield files


def _others_read(path: Path) -> bool:
    enter = all(each.stat().st_mode & stat.S_IXOTH for each in path.parents)
    return enter and bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH))


def _claim_here(folder: Path, ours: str) -> None:
    own_folder(folder, "GPB_DATA_PATH")
    mark = folder / MARK
    if not mark.exists():
        _refuse_any(str(each.parent) for each in _above_and_below(folder))
    try:
        with mark.open("x") as new:  # of two that come at once, one is first
            new.write(ours)
        (folder / _SCHEMA).mkdir(mode=0o700, exist_ok=True)  # others may enter a folder that was there before
    except FileExistsError:
        if mark.read_text().strip() != ours:
            _refuse_any([str(folder)])


def _above_and_below(folder: Path) -> Iterator[Path]:
    yield from (each / MARK for each in folder.parents if (each / MARK).exists())
    yield from folder.rglob(MARK)


def _claim_on_s3(connection: Instance, folder: str, ours: str) -> None:
    """Do so by objects; of two that come at once, the one whose mark stands in the end has it."""
    mark = f"{folder}{MARK}"
    if not _objects(connection, _itself(mark)):
        steps = folder.removeprefix(S3).strip("/").split("/")
        above = (f"{S3}{'/'.join(steps[:depth])}/{MARK}" for depth in range(1, len(steps)))
        _refuse_any(
            each.removesuffix(f"/{MARK}")
            for pattern in (*map(_itself, above), f"{folder}**/{MARK}")
            for each in _objects(connection, pattern)
        )
        connection.execute(f"COPY (SELECT {s3.quoted(ours)}) TO {s3.quoted(mark)} (FORMAT csv, HEADER false)")
    [(there,)] = connection.execute("SELECT content FROM read_text($1)", [mark]).fetchall()
    if there.strip() != ours:
        _refuse_any([folder.rstrip("/")])


def _objects(connection: Instance, pattern: str) -> list[str]:
    return [path for (path,) in connection.execute("SELECT file FROM glob($1)", [pattern]).fetchall()]


def _itself(path: str) -> str:
    """Make a pattern of the path alone: without one, DuckDB takes it to be there."""
    return f"{path[:-1]}[{path[-1]}]"


def _refuse_any(folders: Iterable[str]) -> None:
    for folder in folders:
        raise SettingsError(
            f"the data of another catalogue is in {folder}, and tidying would delete its files",
            item="GPB_DATA_PATH",
            remedy="Name a folder of its own, neither in that one nor around it. Where it is this "
            f"catalogue that was moved, remove {folder}/{MARK}.",
        )


def _identity(settings: WarehouseSettings) -> str:
    """Name the catalogue, whoever connects to it and however: a PostgreSQL says itself which it is."""
    if settings.embedded_catalog is not None:
        return f"sqlite:{settings.embedded_catalog.resolve()}"
    from gpb_pipeline.warehouse.postgres import database  # noqa: PLC0415  brings PostgreSQL's client

    return f"postgres:{database(settings)}"
