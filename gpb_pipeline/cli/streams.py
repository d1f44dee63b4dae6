"""The standard streams of a command, as whoever starts it leaves them: closed, full, or read no more."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress

from gpb_pipeline.errors import PermanentError

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def open_closed_ones() -> None:
    """Let what was closed lead nowhere: else the next file that is opened would take its place."""
    for each in (0, 1, 2):
        try:
            os.fstat(each)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003  its signature
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)


def give_up_output() -> None:
    """Let what is still to be written go nowhere: Python would try once more at its end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unwritable(fault: OSError) -> PermanentError | None:
    """Say that the output could not be written, if that is what the fault is."""
    if fault.filename is not None or fault.errno not in _UNWRITABLE:
        return None
    return PermanentError(
        f"cannot be written ({fault.strerror})",
        item="standard output",
        remedy="What it says may be cut short: make room, or write it elsewhere.",
    )
