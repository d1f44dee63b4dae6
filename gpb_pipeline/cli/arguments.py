"""What any word of a command line may be: short text of one line. What it means, each command says.

What is not one is refused before anything is imported or opened: an argument that is no UTF-8 reaches neither
a file's name nor a database.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from gpb_pipeline.errors import UsageError
from gpb_pipeline.text import fault_in

PORT = click.IntRange(0, 65535)
LONGEST = 1_000
"""Characters; no id, name or path that anybody types has as many."""


def require_legible(words: Sequence[str]) -> None:
    """Raise UsageError for a word that cannot be meant, naming the option or what stands before it."""
    before = "gpb"
    for word in words:
        option, has_value, value = word.partition("=") if word.startswith("--") else ("", "=", word)
        wrong = fault_in(option, LONGEST) or (
            fault_in(value, LONGEST) or _blank(value) if has_value else None
        )
        if wrong:
            named = option if option and not fault_in(option, LONGEST) else f"what follows {before}"
            raise UsageError(wrong, item=named, remedy="Correct it; --help tells what it is.")
        before = option or word


def _blank(text: str) -> str | None:
    return None if text.strip() else "is empty"
