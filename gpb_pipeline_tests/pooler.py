"""A proxy that pools transactions, as PgBouncer does: all clients share one session, by turns."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict

PROTOCOL = 196608  # 3.0
ASKS = {b"Q", b"S"}  # a query, or the end of one in steps: the server answers until it is ready again
READY, IDLE, GOODBYE = b"Z", b"I", b"X"


@dataclass
class Pooler:
    """Its one session, and whose turn it is."""

    server: socket.socket
    greeting: bytes
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    turn: threading.Lock = field(default_factory=threading.Lock)

    def accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, EOFError):
            _exactly(client, struct.unpack("!I", _exactly(client, 4))[0] - 4)  # who it is: as we are
            client.sendall(self.greeting)
            while True:
                asked = _batch(client)
                with self.turn:
                    self._transaction(client, asked)

    def _transaction(self, client: socket.socket, asked: bytes) -> None:
        while True:
            self.server.sendall(asked)
            answer, status = _answer(self.server)
            client.sendall(answer)
            if status == IDLE:
                return
            asked = _batch(client)


def _batch(client: socket.socket) -> bytes:
    """Read what a client asks at once."""
    asked = b""
    while True:
        kind, message = _message(client)
        if kind == GOODBYE:
            raise EOFError
        asked += message
        if kind in ASKS:
            return asked


def _answer(server: socket.socket) -> tuple[bytes, bytes]:
    """Read what the server says until it is ready, and whether it is in a transaction then."""
    told = b""
    while True:
        kind, message = _message(server)
        told += message
        if kind == READY:
            return told, message[-1:]


def _message(end: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(end, 5)
    return head[:1], head + _exactly(end, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(end: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        part = end.recv(count - len(read))
        if not part:
            raise EOFError
        read += part
    return read


@contextmanager
def pooler_of(catalog: str) -> Iterator[str]:
    """Pool the sessions of this catalogue's server; gives the catalogue as it is named by the proxy."""
    address = conninfo_to_dict(catalog.removeprefix("postgres:"))
    who = f"user\0{address['user']}\0database\0{address['dbname']}\0\0"
    hello = struct.pack("!II", len(who) + 8, PROTOCOL) + who.encode()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(f"{address['host']}/.s.PGSQL.{address.get('port', 5432)}")
        server.sendall(hello)
        pooler = Pooler(server, _answer(server)[0])
        thread = threading.Thread(target=pooler.accept)
        thread.start()
        try:
            port = pooler.listener.getsockname()[1]
            named = f"host=127.0.0.1 port={port} user={address['user']} dbname={address['dbname']}"
            yield f"postgres:{named} sslmode=disable gssencmode=disable"
        finally:
            pooler.listener.shutdown(socket.SHUT_RDWR)
            pooler.listener.close()
            thread.join()
