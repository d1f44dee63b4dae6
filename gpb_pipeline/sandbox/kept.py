"""The sandbox that a folder keeps: servers in the background, and a warehouse that belongs to them.

Everything is below .gpb/sandbox and is begun anew with the servers, whose memory the warehouse mirrors. What
works on it holds a shared lock, so that nobody begins it anew meanwhile; it ends when told, or after a day.
`python -m gpb_pipeline.sandbox.kept` is the process that keeps the servers.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from gpb_pipeline import small_file
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import ENV_FILE, known_names
from gpb_pipeline.text import has_control

FOLDER = Path(".gpb/sandbox")
ENVIRONMENT = FOLDER / "env"
WRITES = FOLDER / "sis" / "writes.jsonl"
SERVERS, ALIVE, LOG = FOLDER / "servers.json", FOLDER / "alive", FOLDER / "servers.log"
IN_USE = FOLDER.with_name("sandbox.lock")
KEEPER = "gpb_pipeline.sandbox.kept"
MOST = 1_000_000  # bytes; each of these files has a few hundred
KEPT = 24 * 3600.0  # seconds; a sandbox that was forgotten ends by itself
START, END, LOOK = 60.0, 20.0, 0.05  # seconds

Say = Callable[[str], object]


@contextmanager
def using_sandbox(say: Say) -> Iterator[Sandbox]:
    """Work on this folder's sandbox, begun anew where none runs; settings are then the sandbox's alone."""
    with _in_use() as lock:
        if (sandbox := running()) is None:
            _hold(lock, fcntl.LOCK_EX)
            say("No sandbox runs in this folder: beginning one, with an empty warehouse.")
            sandbox = _begin()
            _hold(lock, fcntl.LOCK_SH)
        with _settled_in(sandbox):
            yield sandbox


@contextmanager
def fresh_sandbox() -> Iterator[Sandbox]:
    """Work on a sandbox begun anew; raises PermanentError where someone else works on this folder's."""
    with _in_use() as lock:
        _hold(lock, fcntl.LOCK_EX)
        sandbox = _begin()
        _hold(lock, fcntl.LOCK_SH)
        with _settled_in(sandbox):
            yield sandbox


def running() -> Sandbox | None:
    """Find the sandbox that this folder keeps, if its servers are alive."""
    if not _alive():
        return None
    try:
        held = TypeAdapter(Sandbox).validate_json(small_file.text_of(SERVERS, MOST), strict=True)
    except FileNotFoundError:  # beginning, or ending
        return None
    except (small_file.UnreadableError, ValueError):
        raise _damaged(SERVERS) from None
    if held.environment.keys() - known_names() or any(map(has_control, held.environment.values())):
        raise _damaged(SERVERS)
    return held


def stop() -> bool:
    """End the servers; what they and the pipeline wrote stays until the next begins. False: none ran."""
    if not _alive():
        return False
    try:
        keeper = small_file.text_of(ALIVE, MOST)
    except (small_file.UnreadableError, FileNotFoundError):
        keeper = ""
    if not re.fullmatch("[1-9][0-9]{1,9}", keeper):  # never 0, 1 or -1, which are not one process
        raise _damaged(ALIVE, f"End `python -m {KEEPER}` by hand, and remove {FOLDER.absolute()}.")
    with suppress(ProcessLookupError):  # it has just ended
        os.kill(int(keeper), signal.SIGTERM)
    _wait(lambda: not _alive(), END, "the servers do not end")
    return True


def _begin() -> Sandbox:
    stop()
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        FOLDER.mkdir(parents=True, mode=0o700)
    except OSError:
        raise _damaged(FOLDER, "Remove it.") from None
    with LOG.open("wb") as log:
        command = [sys.executable, "-m", KEEPER]
        keeper = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    _wait(lambda: SERVERS.exists() or keeper.poll() is not None, START, "the servers do not start")
    if (sandbox := running()) is None:
        raise _trouble("the servers do not start")
    return sandbox


@contextmanager
def _settled_in(sandbox: Sandbox) -> Iterator[None]:
    """Let everything below work against the sandbox, whatever the district's settings are."""
    before = dict(os.environ)
    for name in known_names():
        if not name.startswith("GPB_WEB_"):
            os.environ.pop(name, None)
    os.environ |= _environment(sandbox) | {ENV_FILE: str(ENVIRONMENT.absolute())}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def _environment(sandbox: Sandbox) -> dict[str, str]:
    return sandbox.environment | {
        "GPB_CATALOG": f"sqlite:{(FOLDER / 'catalog.sqlite').absolute()}",
        "GPB_DATA_PATH": str((FOLDER / "data").absolute()),
        "DAGSTER_HOME": str((FOLDER / "dagster_home").absolute()),
        "GPB_NIGHTLY_ENABLED": "true",  # so that the desk has its switch; no course is on by that
    }


@contextmanager
def _in_use() -> Iterator[int]:
    try:
        IN_USE.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        raise _damaged(IN_USE, f"See to it that {IN_USE.parent} is a folder of yours.") from None
    try:
        _hold(lock, fcntl.LOCK_SH)
        yield lock
    finally:
        os.close(lock)


def _hold(lock: int, how: int) -> None:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PermanentError(
            "another `gpb demo`, `gpb dev` or `gpb --sandbox` works on it",
            item=f"the sandbox in {FOLDER.absolute()}",
            remedy="Wait until that has ended, or work in another folder.",
            code="sandbox_in_use",
        ) from None


def _alive() -> bool:
    """Say whether the keeper lives: its lock dies with it, so no process id is mistaken for it."""
    try:
        held = os.open(ALIVE, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        raise _damaged(ALIVE, f"Remove {FOLDER.absolute()}.") from None
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(held)
    return False


def _wait(until: Callable[[], bool], patience: float, what: str) -> None:
    ends = time.monotonic() + patience
    while not until():
        if time.monotonic() > ends:
            raise _trouble(what)
        time.sleep(LOOK)


def _trouble(what: str) -> PermanentError:
    return PermanentError(what, item="sandbox", remedy=f"See {LOG.absolute()}.", code="sandbox_not_started")


def _damaged(
    path: Path, remedy: str = "End the sandbox with `gpb sandbox stop`; the next command begins another."
) -> PermanentError:
    return PermanentError(
        "is not what the sandbox keeps there",
        item=str(path.absolute()),
        remedy=remedy,
        code="sandbox_damaged",
    )


def _keep() -> None:
    """Run the servers until told to end."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    alive = os.open(ALIVE, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX)
    os.write(alive, str(os.getpid()).encode())  # as long as it is locked, the process is this one
    with running_sandbox(directory=FOLDER / "sis") as sandbox:
        _private(ENVIRONMENT, "".join(f"{name}={value}\n" for name, value in _environment(sandbox).items()))
        _private(SERVERS, json.dumps(asdict(sandbox)))
        over.wait(KEPT)
        with suppress(FileNotFoundError):
            SERVERS.unlink()


def _private(path: Path, text: str) -> None:
    """Write a file at once and whole, for its owner alone."""
    made = path.with_suffix(".new")
    with os.fdopen(
        os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    made.replace(path)


if __name__ == "__main__":
    _keep()
