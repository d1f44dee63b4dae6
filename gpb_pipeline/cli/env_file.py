"""The file .env, read and written again with some settings changed; comments and other lines stay."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from gpb_pipeline import settings_file
from gpb_pipeline.errors import SettingsError

EXAMPLE = Path(__file__).parents[2] / ".env.example"
PLAIN = re.compile(r"[\w./:@%+,~=-]+")


def read(path: Path) -> dict[str, str]:
    """Read what is set there; nothing where there is no such file."""
    return {name: value for name, value in settings_file.held(path).items() if value}


def write(path: Path, given: Mapping[str, str]) -> None:
    """Set these in the file, made of .env.example where there is none, readable by its owner alone."""
    base = path if path.exists() else EXAMPLE
    text = changed(base.read_text("utf-8-sig") if base.exists() else "", given)
    made = path.with_name(f"{path.name}.new")
    made.unlink(missing_ok=True)
    try:
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        made.replace(path)
    except OSError as refused:
        raise SettingsError(
            f"cannot be written ({refused.strerror})",
            item=str(path.absolute()),
            remedy="Run it in a folder that may be written to.",
        ) from None


def changed(text: str, given: Mapping[str, str]) -> str:
    """Set each name in its own line, where there is one, even if commented out; else at the end."""
    lines, left = text.splitlines(), dict(given)
    for commented in (False, True):
        for at, line in enumerate(lines):
            name = re.match(r"#([A-Z0-9_]+)=" if commented else r"(?:export )?([A-Z0-9_]+)=", line)
            if name and name[1] in left:
                lines[at] = f"{name[1]}={_quoted(left.pop(name[1]))}"
    return "\n".join([*lines, *(f"{name}={_quoted(value)}" for name, value in left.items())]) + "\n"


def _quoted(value: str) -> str:
    if PLAIN.fullmatch(value) or not value:
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
