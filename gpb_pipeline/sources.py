"""Which version of a part of this package is at work: a hash of its sources, whatever a release is called."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path

PACKAGE = Path(__file__).parent


@cache
def digest(*parts: str) -> str:
    """Hash the sources of these modules and folders of modules."""
    made = blake2b(digest_size=16)
    for part in parts:
        place = PACKAGE / part
        for each in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            for text in (each.name.encode(), each.read_bytes()):
                made.update(text + b"\0")
    return made.hexdigest()
