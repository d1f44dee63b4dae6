"""Who types a command, for what is kept with a name."""

from __future__ import annotations

import getpass
import os

from gpb_pipeline.cli.arguments import LONGEST
from gpb_pipeline.text import fault_in


def who_types() -> str:
    """Name this machine's user; by number where nobody has named them, as in a container."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # the latter since Python 3.13
        name = ""
    return name if name and not fault_in(name, LONGEST) else f"uid {os.getuid()}"
