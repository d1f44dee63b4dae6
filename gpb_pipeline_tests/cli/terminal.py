"""`gpb` on a terminal of its own, as a person sees it: what is written there, what is typed, Ctrl-C."""

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path

GPB = str(Path(sys.executable).with_name("gpb"))
PATIENCE = 60.0
MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@dataclass
class Terminal:
    """A process on a terminal; `seen` is all that it wrote there so far."""

    process: subprocess.Popen[bytes]
    screen: int
    seen: str = field(default="")

    def wait_for(self, text: str) -> None:
        """Read on until it is written."""
        ends = time.monotonic() + PATIENCE
        start = len(self.seen)
        while text not in MOVES.sub("", self.seen[start:]) and text not in self.seen[start:]:
            assert time.monotonic() < ends, self.seen
            if not self._read():
                break
        assert text in MOVES.sub("", self.seen[start:]), self.seen

    def type(self, line: str) -> None:
        os.write(self.screen, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal tells its foreground processes."""
        os.write(self.screen, b"\x03")

    def interrupt_prompt(self) -> int:
        """Press Ctrl-C, and again where it came before the prompt listened; gives the exit status."""
        self.interrupt()
        while True:
            if not select.select([self.screen], [], [], 5.0)[0]:
                self.interrupt()
            elif not self._read():
                return self.process.wait(PATIENCE)

    def close(self) -> int:
        """Close the window: the kernel tells its processes by SIGHUP. Gives the exit status."""
        os.close(self.screen)
        self.screen = -1
        return self.process.wait(PATIENCE)

    def end(self) -> int:
        """Read to the end; gives the exit status."""
        ends = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < ends, self.seen
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self.screen], [], [], PATIENCE)
        assert ready, self.seen
        try:
            read = os.read(self.screen, 65536)
        except OSError:  # its end, on Linux
            return False
        self.seen += read.decode(errors="replace")
        return bool(read)


@contextmanager
def on_terminal(*arguments: str, columns: int = 100) -> Iterator[Terminal]:
    """Run `gpb` with these arguments on a terminal of that width."""
    screen, other = pty.openpty()
    ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}

    def take_terminal() -> None:
        for each in (signal.SIGINT, signal.SIGHUP):
            signal.signal(each, signal.SIG_DFL)  # whoever runs the tests may ignore it
        os.setsid()
        ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [GPB, *arguments],
        stdin=other,
        stdout=other,
        stderr=other,
        env=environment | {"TERM": "xterm"},
        preexec_fn=take_terminal,  # noqa: PLW1509  no thread of the test holds a lock here
    )
    os.close(other)
    terminal = Terminal(process, screen)
    try:
        yield terminal
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if terminal.screen == screen:
            os.close(screen)
