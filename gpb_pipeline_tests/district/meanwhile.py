"""What people do while a night runs: they look at the pages and at the history, and wait for an answer."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import requests

GPB = Path(sys.executable).with_name("gpb")
EVERY = 2.0  # seconds


@dataclass(frozen=True)
class Looked:
    """How long something took that was looked at: seconds of wall, and of CPU where it is a command."""

    seconds: float
    cpu: float = 0.0


@dataclass
class Meanwhile:
    """Looks at each page and command by turns until it is told to leave."""

    pages: list[str]
    commands: list[tuple[str, ...]]
    looked: dict[str, list[Looked]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self._over.wait(EVERY):
            self.look_once()

    def look_once(self) -> None:
        for page in self.pages:
            self._note(page.partition("//")[2].partition("/")[2] or "the district's page", _page(page))
        for command in self.commands:
            self._note("gpb " + " ".join(command), _command(command))

    def leave(self) -> None:
        self._over.set()

    def _note(self, what: str, looked: Looked | None) -> None:
        if looked is None:
            self.failed.append(what)
        else:
            self.looked.setdefault(what, []).append(looked)

    def lines(self) -> Iterator[str]:
        for what, each in self.looked.items():
            wall, cpu = [one.seconds for one in each], [one.cpu for one in each]
            yield (
                f"{what}: {len(each)} times, median {median(wall):.2f} s, longest {max(wall):.2f} s"
                + (f", {median(cpu):.2f} s of CPU" if any(cpu) else "")
            )
        if self.failed:
            yield f"not answered: {', '.join(self.failed)}"


def _page(url: str) -> Looked | None:
    began = time.perf_counter()
    try:
        requests.get(url, timeout=60).raise_for_status()
    except requests.RequestException:
        return None
    return Looked(time.perf_counter() - began)


def _command(arguments: tuple[str, ...]) -> Looked | None:
    began = time.perf_counter()
    process = subprocess.Popen([GPB, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        return None
    return Looked(time.perf_counter() - began, used.ru_utime + used.ru_stime)


@contextmanager
def meanwhile(pages: list[str], commands: list[tuple[str, ...]]) -> Iterator[Meanwhile]:
    someone = Meanwhile(pages, commands)
    thread = threading.Thread(target=someone.look)
    thread.start()
    try:
        yield someone
    finally:
        someone.leave()
        thread.join()
