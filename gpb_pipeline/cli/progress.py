"""How far a run is, by course and stage: one picture that moves on a terminal, else a line for each event.

Dagster takes file descriptor 2 for its log while a step runs, so this writes to a copy of it, made before.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from gpb_pipeline.cli.console import counted
from gpb_pipeline.cli.streams import lossy
from gpb_pipeline.errors import PipelineError
from gpb_pipeline.warehouse.history import Job

POLL = 1.0  # seconds between looks at the history, at the least
LOOKING = 0.1  # of the time goes into looks, at the most: the run itself is in this process
SHOWN = 8  # courses under way that are named; a night has thousands


class Progress:
    """Tells where each of `total` things of a kind is; made before Dagster runs, closed at the end."""

    def __init__(self, total: int, noun: str = "course") -> None:
        self._total, self._noun = total, noun
        self._under_way: dict[str, str] = {}
        self._ended: dict[str, str] = {}
        self._began = time.monotonic()
        self._out = _own_stderr()
        console = Console(file=self._out, markup=False, highlight=False)
        self._live = (
            Live(get_renderable=self._picture, console=console, transient=True, redirect_stdout=False)
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._out is not sys.stderr:
            self._out.close()

    def tell(self, name: str, what: str, *, ended: bool = False) -> None:
        """Say where one of them is now; what is told already is not told again."""
        if what in {self._under_way.get(name), self._ended.get(name)}:
            return
        self._under_way.pop(name, None)
        (self._ended if ended else self._under_way)[name] = what
        if self._live is None:
            print(f"{self._noun} {name}: {what}", file=self._out, flush=True)

    def stop(self) -> None:
        """Leave the terminal as it was; lines may still be said."""
        if self._live is not None:
            self._live.stop()

    def say(self, line: str) -> None:
        """Print a line for good, above what moves."""
        if self._live is not None:
            self._live.console.print(line)
        else:
            print(line, file=self._out, flush=True)

    def _picture(self) -> Text:
        of = f"{len(self._ended)} of {counted(self._total, self._noun)}"
        lines = [f"{of}, {time.monotonic() - self._began:.0f} s"]
        failed = sum(each == "Failed" for each in self._ended.values())
        lines[0] += f", {failed} failed" if failed else ""
        under_way = list(self._under_way.items())
        lines += [f"  {name}: {what}" for name, what in under_way[:SHOWN]]
        if len(under_way) > SHOWN:
            lines.append(f"  and {len(under_way) - SHOWN} more")
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")


@contextmanager
def watched(progress: Progress, jobs: Callable[[], Sequence[Job]]) -> Iterator[None]:
    """Tell, while the block runs in this thread, what the history says of the jobs."""
    over = Event()

    def tell() -> None:
        with suppress(PipelineError):  # a look that fails costs a look
            for job in jobs():
                ended = job.status != "Running"
                progress.tell(job.course_id, job.status if ended else job.stage or "begun", ended=ended)

    def watch() -> None:
        began = spent = time.thread_time()
        while not over.wait(max(POLL, (spent - began) / LOOKING)):
            began = time.thread_time()
            tell()
            spent = time.thread_time()

    watcher = Thread(target=watch, name="progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        tell()


def _own_stderr() -> TextIO:
    try:
        descriptor = sys.stderr.fileno()
    except io.UnsupportedOperation:  # what stands for it is no file
        return sys.stderr
    return lossy(os.dup(descriptor), sys.stderr)


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show on a terminal, while the block runs, that it does and for how long; lines above it are printed."""
    out = _own_stderr()
    console = Console(file=out, markup=False, highlight=False)
    if not console.is_terminal:
        yield
        return
    began = time.monotonic()
    with Live(
        get_renderable=lambda: Text(f"{text} … {time.monotonic() - began:.0f} s"),
        console=console,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    ):
        yield
