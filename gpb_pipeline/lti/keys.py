"""The tool's own keys: a pair that Canvas asks for, the one before it, and the secret that signs sessions.

They stand in one file, its owner's alone. Canvas's keys are in canvas_keys.py.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

from gpb_pipeline import small_file
from gpb_pipeline.errors import SettingsError

KEPT = 2
"""Key pairs: the present one, and the last, which Canvas may still have in its cache."""

MOST = 1_000_000
"""Bytes of the file; two pairs are 4,000."""


@dataclass(frozen=True, kw_only=True)
class ToolKeys:
    """Private key pairs, newest first, and the secret of sessions; a changed secret ends them all."""

    pairs: tuple[dict[str, Any], ...] = field(repr=False)
    session_secret: str = field(repr=False)

    def public(self) -> dict[str, Any]:
        """Make the key set that is served at /lti/jwks."""
        keys = [RSAKey.import_key(pair) for pair in self.pairs]
        return {"keys": [key.as_dict(private=False, use="sig", alg="RS256") for key in keys]}


def made() -> ToolKeys:
    """Make the first keys."""
    return ToolKeys(pairs=(_pair(),), session_secret=secrets.token_urlsafe(32))


def rotated(keys: ToolKeys, *, end_sessions: bool) -> ToolKeys:
    """Put a new pair in front; with `end_sessions` everybody has to open the tool again."""
    secret = secrets.token_urlsafe(32) if end_sessions else keys.session_secret
    return replace(keys, pairs=(_pair(), *keys.pairs)[:KEPT], session_secret=secret)


def load(path: Path) -> ToolKeys:
    """Read the keys; raises SettingsError where there are none."""
    try:
        held = json.loads(small_file.text_of(path, MOST))
        return ToolKeys(pairs=tuple(held["pairs"]), session_secret=held["session_secret"])
    except FileNotFoundError:
        raise SettingsError(
            f"there is no file {path}", item="GPB_LTI_KEYS", remedy="Make the tool's keys: `gpb lti keys`."
        ) from None
    except (small_file.UnreadableError, ValueError, KeyError, TypeError):
        raise SettingsError(
            f"{path} cannot be read as the tool's keys",
            item="GPB_LTI_KEYS",
            remedy="Let this user read it, or move it away and make new ones: `gpb lti keys`.",
        ) from None


def save(path: Path, keys: ToolKeys) -> None:
    """Write the keys, readable for their owner alone from the first byte on, and whole or not at all."""
    text = json.dumps({"pairs": keys.pairs, "session_secret": keys.session_secret})
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        new.touch(mode=0o600, exist_ok=False)
        new.write_text(text, "utf-8")
        new.replace(path)
    except OSError as refused:
        raise SettingsError(
            f"{path} cannot be written ({refused.strerror})",
            item="GPB_LTI_KEYS",
            remedy="Name a file in a folder that may be written to.",
        ) from None


def _pair() -> dict[str, Any]:
    return RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)
