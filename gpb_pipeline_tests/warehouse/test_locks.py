import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from gpb_pipeline.errors import TransientError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse.locks import LockedError, course_lock

HOLD_UNTIL_KILLED = """
import sys
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse.locks import course_lock
settings = WarehouseSettings(catalog=sys.argv[1], data_path="unused")
with course_lock(settings, sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(settings: WarehouseSettings, course_id: str) -> Iterator[None]:
    """Another process holds the lock; on leaving it is killed, without a chance to release it."""
    command = [sys.executable, "-c", HOLD_UNTIL_KILLED, settings.catalog, course_id]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.kill()


def test_a_second_process_is_refused_and_the_lock_falls_with_a_killed_holder(
    either: WarehouseSettings,
) -> None:
    with held_elsewhere(either, "101"):
        with pytest.raises(LockedError) as refused, course_lock(either, "101"):
            pass
        assert refused.value.item == "course 101"
        with course_lock(either, "102"):
            pass
    with course_lock(either, "101") as held:
        held.assure()


def test_a_second_sync_in_the_same_process_is_refused_too(either: WarehouseSettings) -> None:
    with course_lock(either, "101"), pytest.raises(LockedError), course_lock(either, "101"):
        pass
    with course_lock(either, "101"):
        pass


def test_a_lock_lost_with_its_session_is_noticed(scaled_out: WarehouseSettings) -> None:
    with course_lock(scaled_out, "101") as held:
        held.assure()
        with psycopg.connect(scaled_out.catalog.removeprefix("postgres:"), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with pytest.raises(TransientError) as lost:
            held.assure()
    assert lost.value.code == "lock_lost"


def test_a_course_id_cannot_leave_the_lock_folder(embedded: WarehouseSettings) -> None:
    with course_lock(embedded, "../../x"):
        assert embedded.embedded_catalog is not None
        folder = embedded.embedded_catalog.with_name("catalog.sqlite.locks")
        assert [path.name for path in folder.iterdir()] == ["course-..%2F..%2Fx.lock"]
