"""A student's id as a command is given it: by argument or by standard input, shown in no error.

Whose it is, the commands find; `gpb trace` takes Canvas's alone.
"""

from __future__ import annotations

import sys

import click

from gpb_pipeline.cli.arguments import LONGEST
from gpb_pipeline.errors import UsageError
from gpb_pipeline.text import fault_in
from gpb_pipeline.warehouse.student_list import System

STANDARD_INPUT = "-"


def typed(given: str) -> str:
    """Give the id, read from standard input where that is asked for; raises UsageError for what is none."""
    if given != STANDARD_INPUT:
        return given
    try:
        line = sys.stdin.readline(2 * LONGEST).strip()  # of what has no end no more than shows that
    except UnicodeDecodeError:
        line = "\udcff"
    except OSError:  # a folder, or what is open to be written to
        line = ""
    if wrong := fault_in(line, LONGEST) or (None if line else "is empty"):
        raise UsageError(
            f"what standard input gave {wrong}", item="--student", remedy="Give one id, in a line by itself."
        )
    return line


def whose() -> System:
    """Ask which of two students is meant; raises UsageError where nobody is there to answer."""
    if not sys.stdin.isatty():
        raise UsageError(
            "it is one student's in Canvas, and another's in the SIS",
            item="--student",
            remedy="Say which: --as canvas, or --as sis.",
        )
    found: System = click.prompt("Whose id is it", type=click.Choice(["canvas", "sis"]), err=True)
    return found
