"""The warehouse as it is used: opened, read, committed to, and attached anew where its session broke.

What the tables are stands in tables.py; nothing here knows one. How DuckDB attaches it is attachment.py's,
what failures mean faults.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Concatenate, ParamSpec, TypeVar
from uuid import uuid4

import duckdb
import stamina

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse.attachment import attach, instance, keep, leave
from gpb_pipeline.warehouse.data_folder import (
    claim,
    own_catalogue,
    own_data_folder,
    own_folder,
    require_file,
    require_free,
    unmake,
)
from gpb_pipeline.warehouse.faults import (
    ConflictError,
    LockLostError,
    UnavailableError,
    made_otherwise,
    plain_errors,
)
from gpb_pipeline.warehouse.locks import COMMIT_PATIENCE, commit_turn, creation_turn

T = TypeVar("T")
P = ParamSpec("P")
Connection = duckdb.DuckDBPyConnection

METADATA = "__ducklake_metadata_warehouse"
"""The catalogue itself, as DuckLake attaches it."""
_SIGN = "CALL ducklake_set_commit_message('warehouse', 'gpb', '', extra_info => $1)"


@dataclass(eq=False)
class _Attachment:
    """An instance with the warehouse attached, and how many sessions of it are at work.

    To close it closes them, and DuckDB aborts the whole process where one is in a transaction whose server is
    gone: its rollback fails in a destructor. So each ends its own, and the last closes what nobody wants.
    """

    connection: Connection
    sessions: int = 0


class Warehouse:
    """An open warehouse. Its methods may be called from several threads; each call has a session of its own.

    Every failure is a PermanentError or a TransientError. Where the session with PostgreSQL broke, the
    warehouse is attached anew: work is called again, as often as it takes.
    """

    def __init__(self, connection: Connection, settings: WarehouseSettings) -> None:
        self._current: _Attachment | None = _Attachment(connection)
        self._attaching = Lock()
        self.settings = settings

    def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Call `work` with a session that sees one state of the warehouse throughout."""
        try:
            with self._session() as session:
                return work(session, *args, **named)
        except UnavailableError:  # it may have broken long ago, and be there again
            with self._session() as session:
                return work(session, *args, **named)

    def commit(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Call `work` in one transaction: all or nothing, and once, whatever becomes of the connection.

        It is called again where another was faster, or the connection broke: if only the answer to COMMIT was
        lost, the catalogue has the commit's key.
        """
        return self._commit(lambda session: work(session, *args, **named), COMMIT_PATIENCE)

    def commit_at_once(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **named: P.kwargs
    ) -> T:
        """The same in one try, for who does not wait: raises TransientError where somebody else commits."""
        return self._commit(lambda session: work(session, *args, **named), patience=0.0)

    def _commit(self, work: Callable[[Connection], T], patience: float) -> T:
        key = uuid4().hex
        asked: list[T] = []  # what work gave in the attempts that came to their COMMIT
        for attempt in stamina.retry_context(
            on=(ConflictError, UnavailableError, LockLostError),
            attempts=None if patience else 1,
            timeout=patience or None,
            wait_initial=0.05,
            wait_max=1.0,
            wait_jitter=0.2,
        ):
            with attempt, commit_turn(self.settings, patience) as turn:
                if asked and self._took(key):
                    break
                try:
                    with self._session() as session:
                        done = work(session)
                        self._sign(session, key)
                        turn.assure()
                        asked.append(done)
                except PermanentError:
                    turn.assure()  # where that session broke too, this is why
                    raise
        return asked[-1]

    def close(self) -> None:
        with self._attaching:
            closing, self._current = self._current, None
            if closing is not None and not closing.sessions:  # else the last of them closes it
                leave(closing.connection, self.settings)

    @contextmanager
    def _session(self) -> Iterator[Connection]:
        """Give a session in a transaction; the next after one that broke is of a new attachment."""
        attachment = self._entered()
        try:
            with plain_errors(), attachment.connection.cursor() as session, _transaction(session):
                yield session
        except UnavailableError:
            with self._attaching:
                if self._current is attachment:  # else another thread was first
                    self._current = None
            raise
        finally:
            self._left(attachment)

    def _entered(self) -> _Attachment:
        with self._attaching, plain_errors():
            if self._current is None:
                connection = instance(self.settings)
                try:
                    attach(connection, self.settings, made=True)
                except duckdb.Error:
                    keep(connection, self.settings)
                    raise
                self._current = _Attachment(connection)
            self._current.sessions += 1
            return self._current

    def _left(self, attachment: _Attachment) -> None:
        with self._attaching:
            attachment.sessions -= 1
            over = not attachment.sessions and attachment is not self._current
        if over:
            attachment.connection.close()

    def _sign(self, session: Connection, key: str) -> None:
        """Leave the key with the commit, where its answer can be lost."""
        if self.settings.embedded_catalog is None:
            session.execute(_SIGN, [key])

    def _took(self, key: str) -> bool:
        if self.settings.embedded_catalog is not None:
            return False
        from gpb_pipeline.warehouse.postgres import has_commit  # noqa: PLC0415  brings its client

        return has_commit(self.settings, key)


@contextmanager
def connect(
    settings: WarehouseSettings, create: Callable[[Connection], None] = lambda _: None
) -> Iterator[Warehouse]:
    """Open the warehouse, made if missing; `create` makes what is missing in it (tables.create).

    Raises TransientError if the catalogue or its data cannot be reached, SettingsError for a wrong setting.
    """
    catalog = settings.embedded_catalog
    with plain_errors():
        connection = instance(settings)
        with ExitStack() as refused:  # what an opening made that is refused goes again, but for locks
            refused.callback(connection.close)
            if catalog is not None:
                require_file(catalog)
            require_free(connection, settings)
            refused.callback(unmake, own_data_folder(settings))
            if catalog is not None:
                refused.callback(unmake, own_folder(catalog.absolute().parent, "GPB_CATALOG"))
            with creation_turn(settings), ExitStack() as made:
                if catalog is not None:
                    made.callback(unmake, own_catalogue(catalog))
                made.callback(connection.close)  # before its files go
                attach(connection, settings)
                _require_as_made(connection, settings)
                with _transaction(connection):
                    create(connection)
                if settings.analysts is not None:
                    from gpb_pipeline.warehouse.analysts import let_read  # noqa: PLC0415  as above

                    let_read(settings, settings.analysts)
                claim(connection, settings)
                made.pop_all()
            refused.pop_all()
    warehouse = Warehouse(connection, settings)
    try:
        yield warehouse
    finally:
        warehouse.close()


def _require_as_made(connection: Connection, settings: WarehouseSettings) -> None:
    """Raise SettingsError where the warehouse was made encrypted and is not to be; else DuckLake tells."""
    query = f"SELECT value FROM {METADATA}.ducklake_metadata WHERE key = 'encrypted'"  # noqa: S608
    if connection.execute(query).fetchall() == [("true",)] and not settings.encrypt:
        connection.execute("DETACH warehouse")
        raise made_otherwise(encrypted=True)


@contextmanager
def _transaction(session: Connection) -> Iterator[None]:
    session.execute("BEGIN TRANSACTION")
    try:
        yield
        session.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # a failed COMMIT has rolled back by itself
            session.execute("ROLLBACK")
        raise
