"""The file that settings are read from, line by line; what the names mean, settings.py knows."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from gpb_pipeline import small_file
from gpb_pipeline.errors import SettingsError

MOST = 1_000_000
"""Bytes; all settings with all their comments are a hundredth of it."""


def held(file: Path) -> dict[str, str | None]:
    """Read each name with its value, as it stands: a secret with ${…} in it is that secret.

    Nothing where there is no such file; raises SettingsError where it cannot be read.
    """
    return {line.key: line.value for line in _lines(file) if line.key is not None}


def oddities(file: Path) -> Iterator[str]:
    """Tell of each line that sets nothing, and of each name that is set again."""
    first: dict[str, int] = {}
    for line in _lines(file):
        if line.error:
            yield f"line {line.original.line} of {file} is no NAME=VALUE and is ignored."
        elif line.key is not None and line.key in first:
            lines = f"lines {first[line.key]} and {line.original.line}"
            yield f"{line.key} is set twice in {file}, in {lines}: the last holds."
        if line.key is not None:
            first[line.key] = line.original.line


def _lines(file: Path) -> list[Binding]:
    try:
        text = small_file.text_of(file, MOST)
    except FileNotFoundError:
        return []
    except small_file.UnreadableError as fault:
        remedy = (
            "Save it again as UTF-8." if "UTF-8" in str(fault) else "Name a file that this user may read."
        )
        raise SettingsError(str(fault), item=str(file), remedy=remedy) from None
    if "\0" in text:  # as UTF-16 looks, without its mark
        raise SettingsError("is not UTF-8 text", item=str(file), remedy="Save it again as UTF-8.")
    return list(parse_stream(StringIO(text)))
