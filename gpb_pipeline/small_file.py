"""A file that somebody names, read whole: an ordinary file alone, and no larger than what it is for.

A device without an end, a pipe that nobody writes to or a disk's image in its place costs no memory and no
time. What is in it, others know.
"""

import os
import stat
from pathlib import Path


class UnreadableError(Exception):
    """Says why, as what is wrong with the file; whose it is and what to do, the caller knows."""


def text_of(path: Path, most: int) -> str:
    """Read UTF-8, with or without its mark, of so many bytes; FileNotFoundError where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableError("is no ordinary file")
            held = file.read(most + 1)
    except FileNotFoundError:
        raise
    except OSError as refused:
        raise UnreadableError(f"cannot be read ({refused.strerror})") from None
    if len(held) > most:
        raise UnreadableError(f"is larger than {most // 1_000_000} MB, which no such file is")
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("is not UTF-8 text") from None
