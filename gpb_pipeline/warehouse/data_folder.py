"""Whose the folder of the warehouse's files is, on this machine or on S3. No table here, and nothing of them.

A catalogue knows its own files alone, and tidying deletes what it does not know: so a folder, with all that
is above and below it, belongs to one catalogue, by a mark in it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import duckdb

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.settings import S3, WarehouseSettings
from gpb_pipeline.warehouse import s3
from gpb_pipeline.warehouse.attachment import Instance, data_address
from gpb_pipeline.warehouse.faults import UnavailableError, data_elsewhere

MARK = ".catalog"
_SCHEMA = "main"  # below which DuckLake puts every file


def require_free(connection: Instance, settings: WarehouseSettings) -> None:
    """Raise SettingsError where the folder, one above it or one below it is another catalogue's.

    TransientError where PostgreSQL cannot be asked which database it is. Nothing is made.
    """
    ours = _mark_of(settings)
    address = data_address(settings)
    if not settings.data_is_on_s3:
        with _can_be_used(address):
            _require_free_here(Path(address).resolve(), ours)
        return
    with _s3_answers():
        _require_free_on_s3(connection, address, ours)


def claim(connection: Instance, settings: WarehouseSettings) -> None:
    """Mark the folder, which is there, as this catalogue's: last, for a refused opening leaves no mark.

    Raises SettingsError where another came meanwhile: of two that do so at once, one is first.
    """
    ours = _mark_of(settings)
    address = data_address(settings)
    if not settings.data_is_on_s3:
        with _can_be_used(address):
            _claim_here(Path(address).resolve(), ours)
        return
    with _s3_answers():
        _claim_on_s3(connection, address, ours)


def own_folder(folder: Path, setting: str) -> list[Path]:
    """Make the folder if missing, for its owner alone: it holds grades. Gives what is new, deepest first."""
    missing: list[Path] = []
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
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
    return missing


def own_data_folder(settings: WarehouseSettings) -> list[Path]:
    """Do so for the data, where it is on this machine."""
    if settings.data_is_on_s3:
        return []
    return own_folder(Path(data_address(settings)).resolve(), "GPB_DATA_PATH")


def require_file(catalog: Path) -> None:
    """Raise SettingsError where no file can be the catalogue; it is not opened: that ends SQLite's locks."""
    try:
        there = catalog.stat()
    except FileNotFoundError:
        return
    except OSError as refused:
        raise SettingsError(
            f"cannot be {catalog} ({refused.strerror})", item="GPB_CATALOG", remedy="Name another file."
        ) from None
    if not stat.S_ISREG(there.st_mode):
        raise SettingsError(
            f"names {catalog}, which is no file",
            item="GPB_CATALOG",
            remedy="Name a file; it is made if missing.",
        )


def own_catalogue(catalog: Path) -> list[Path]:
    """Make the file if missing, for its owner alone, whoever may look into its folder; SQLite fills it.

    What SQLite makes beside it is as open as it is. One that is there stays as someone has set it. Gives what
    was made, with what SQLite makes.
    """
    try:
        os.close(os.open(catalog, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return []
    return [catalog.with_name(f"{catalog.name}{ending}") for ending in ("-wal", "-shm", "")]


def unmake(made: Iterable[Path]) -> None:
    """Remove what an opening made that was refused, as far as nobody has put anything into it."""
    for path in made:
        with suppress(OSError):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()


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


@contextmanager
def _can_be_used(folder: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as refused:  # the latter where links lead to one another
        why = refused.strerror if isinstance(refused, OSError) else "links that lead to one another"
        raise SettingsError(
            f"cannot look into the folder {folder} ({why})",
            item="GPB_DATA_PATH",
            remedy="Name a folder that may be read and written to, or let this user do so.",
        ) from None


def _require_free_here(folder: Path, ours: str) -> None:
    mark = folder / MARK
    if mark.exists():
        _require_ours(mark.read_text(), ours, folder)
        return
    for each in _above_and_below(folder):
        _refuse(str(each.parent), each.read_text(), ours)


def _claim_here(folder: Path, ours: str) -> None:
    mark = folder / MARK
    try:
        with mark.open("x") as new:
            new.write(ours)
        (folder / _SCHEMA).mkdir(mode=0o700, exist_ok=True)  # others may enter a folder that was there before
    except FileExistsError:
        _require_ours(mark.read_text(), ours, folder)


def _require_ours(there: str, ours: str, folder: Path | str) -> None:
    if there.strip() != ours:
        _refuse(str(folder), there, ours)


def _above_and_below(folder: Path) -> Iterator[Path]:
    yield from (each / MARK for each in folder.parents if (each / MARK).exists())
    yield from folder.rglob(MARK)


@contextmanager
def _s3_answers() -> Iterator[None]:
    try:
        yield
    except duckdb.IOException as failure:  # the first that is asked of it
        raise s3.refusal(failure) or UnavailableError(
            "no S3 answers there",
            item="GPB_S3_ENDPOINT",
            remedy="Check it, GPB_S3_REGION, and the way there; then try again.",
        ) from None


def _require_free_on_s3(connection: Instance, folder: str, ours: str) -> None:
    mark = f"{folder}{MARK}"
    if _objects(connection, _itself(mark)):
        _require_ours(_text(connection, mark), ours, folder.rstrip("/"))
        return
    steps = folder.removeprefix(S3).strip("/").split("/")
    above = (f"{S3}{'/'.join(steps[:depth])}/{MARK}" for depth in range(1, len(steps)))
    for pattern in (*map(_itself, above), f"{folder}**/{MARK}"):
        for each in _objects(connection, pattern):
            _refuse(each.removesuffix(f"/{MARK}"), _text(connection, each), ours)


def _claim_on_s3(connection: Instance, folder: str, ours: str) -> None:
    """Do so by an object; of two that come at once, the one whose mark stands in the end has it."""
    mark = f"{folder}{MARK}"
    if not _objects(connection, _itself(mark)):
        connection.execute(f"COPY (SELECT {s3.quoted(ours)}) TO {s3.quoted(mark)} (FORMAT csv, HEADER false)")
    _require_ours(_text(connection, mark), ours, folder.rstrip("/"))


def _text(connection: Instance, path: str) -> str:
    [(text,)] = connection.execute("SELECT content FROM read_text($1)", [path]).fetchall()
    return str(text)


def _objects(connection: Instance, pattern: str) -> list[str]:
    return [path for (path,) in connection.execute("SELECT file FROM glob($1)", [pattern]).fetchall()]


def _itself(path: str) -> str:
    """Make a pattern of the path alone: without one, DuckDB takes it to be there."""
    return f"{path[:-1]}[{path[-1]}]"


def _refuse(folder: str, there: str, ours: str) -> NoReturn:
    """Refuse the folder named for this one, which has a mark."""
    if there.strip() == ours:
        raise data_elsewhere(f"{folder}/")
    raise SettingsError(
        f"the data of another catalogue is in {folder}, and tidying would delete its files",
        item="GPB_DATA_PATH",
        remedy="Name a folder of its own, neither in that one nor around it; for a copy of a catalogue, "
        "with a copy of the data. Where this catalogue takes that one's place, and nothing opens that "
        f"one any more, remove {folder}/{MARK} (docs/operating.md, Backup).",
    )


def _mark_of(settings: WarehouseSettings) -> str:
    return hashlib.sha256(_identity(settings).encode()).hexdigest()


def _identity(settings: WarehouseSettings) -> str:
    """Name the catalogue, whoever connects to it and however: a PostgreSQL says itself which it is."""
    if settings.embedded_catalog is not None:
        return f"sqlite:{settings.embedded_catalog.resolve()}"
    from gpb_pipeline.warehouse.postgres import database  # noqa: PLC0415  brings PostgreSQL's client

    return f"postgres:{database(settings)}"
