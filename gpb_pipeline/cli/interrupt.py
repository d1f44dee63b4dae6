"""Ctrl-C while a command works: no further write is begun, and it ends with the write in hand.

Dagster handles the signal itself while it runs, so it is noticed here by way of the signal's wake-up pipe.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread, current_thread, main_thread
from typing import NoReturn

from gpb_pipeline.cli.progress import Progress

STATUS = 130
GRACE = 1.5  # seconds that a run has to come to its own end while nothing is being written
LOOK = 0.2


@dataclass(frozen=True)
class Said:
    """What whoever interrupts is told."""

    at_once: str
    at_the_end: str


OF_WRITING = Said(
    "Interrupting: no further write is begun …",
    "gpb: Interrupted. `gpb history` tells how far it came; the next sync takes up there.",
)
OF_READING = Said("Interrupting …", "gpb: Interrupted. It was only reading: nothing was sent.")


@contextmanager
def interruptible(progress: Progress, ending: Callable[[], bool] | None = None) -> Iterator[Event]:
    """Watch for Ctrl-C while the block runs; the event that is given is set once it came.

    `ending`: whether the block is to come to its own end; None where it only reads. Else the process is
    left before, and at once at a second Ctrl-C: the course's lock falls with it, and the next sync finds
    what was posted.
    """
    came = Event()
    if current_thread() is not main_thread():
        yield came
        return
    reads, wakes = os.pipe()
    for end in (reads, wakes):
        os.set_blocking(end, False)
    before = signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    over = Event()
    watcher = Thread(target=_watch, args=(reads, came, over, progress, ending), name="interrupt", daemon=True)
    watcher.start()
    try:
        yield came
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        watcher.join()
        os.close(reads)
        os.close(wakes)


@contextmanager
def stderr_set_aside() -> Iterator[None]:
    """Let nothing else write to the terminal: helpers of Dagster's answer Ctrl-C with a traceback."""
    sys.stderr.flush()
    kept = os.dup(2)
    aside = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(aside, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(aside)
        os.close(kept)


def _watch(
    reads: int, came: Event, over: Event, progress: Progress, ending: Callable[[], bool] | None
) -> None:
    since = 0.0
    said = OF_READING if ending is None else OF_WRITING
    while not over.is_set():
        ready, _, _ = select.select([reads], [], [], LOOK)
        signals = os.read(reads, 64) if ready else b""
        presses = signals.count(signal.SIGINT) + signals.count(signal.SIGTERM)
        if presses and (came.is_set() or presses > 1):
            _leave(progress, said)
        if presses:
            came.set()
            since = time.monotonic()
            progress.say(said.at_once)
        if came.is_set() and time.monotonic() - since > GRACE and not (ending and ending()):
            _leave(progress, said)


def _leave(progress: Progress, said: Said) -> NoReturn:
    progress.stop()
    progress.say(said.at_the_end)
    sys.stdout.flush()
    os._exit(STATUS)
