"""The end of the terminal (SIGHUP) while a command works: it is taken as Ctrl-C is, by whoever takes that.

What would still be written there goes nowhere, for a write to a terminal that is gone is an error of its own.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from types import FrameType

STANDARD = (0, 1, 2)


def heed_hangup() -> None:
    """Have a hang-up do what Ctrl-C does; where it is ignored (nohup), that stays."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL:
        return
    terminals = {os.fstat(each).st_rdev for each in STANDARD if _is_terminal(each)}

    def hung_up(_signal: int, _frame: FrameType | None) -> None:
        _set_aside(terminals)
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGHUP, hung_up)


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _set_aside(terminals: set[int]) -> None:
    """Let every descriptor of these terminals, copies too, lead nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for each in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        with suppress(OSError):  # the listing's own is closed by now
            if os.fstat(each).st_rdev in terminals:
                os.dup2(nowhere, each)
    os.close(nowhere)
