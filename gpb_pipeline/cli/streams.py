"""The standard streams of a command, as whoever starts it leaves them: closed, full, or read no more.

What is lost of standard output ends the command; what is lost of standard error does not, for it tells how
far the work is, and the work goes on.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from gpb_pipeline.errors import PermanentError

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


class _Lossy(io.FileIO):
    """A file of which what cannot be written is lost."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def settle_streams() -> None:
    """Let what was closed lead nowhere, else the next file that is opened would take its place.

    What is written to a closed standard output fails, as on a full disk. Letters that its encoding lacks are
    written as their codes.
    """
    for each, way in ((0, os.O_RDWR), (1, os.O_RDONLY), (2, os.O_RDWR)):
        try:
            os.fstat(each)
        except OSError:
            os.set_inheritable(os.open(os.devnull, way), True)  # noqa: FBT003  its signature
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is sys.__stderr__:
        sys.stderr = lossy(2, sys.stderr)


def lossy(descriptor: int, like: TextIO | None) -> TextIO:
    """Open it to tell with, as that one is encoded."""
    return io.TextIOWrapper(
        io.BufferedWriter(_Lossy(descriptor, "w", closefd=descriptor > 2)),  # noqa: PLR2004  the standard ones
        encoding=like.encoding if like else "utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )


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
