"""When a course need not be judged: what it is judged by is what a sync before it was judged by.

Equal input gives equal judgement, so that a night in which nothing happened judges nothing and writes nothing
but its history. What is hashed is all that sync.py's judgement goes by: both reads, the settings and the
rules themselves; the warehouse's part has a stamp of its own (warehouse/inputs.py). No rule compares a date
with today's: a period that closes does so by what the SIS says of it.
"""

from __future__ import annotations

from hashlib import blake2b

from gpb_pipeline import sources
from gpb_pipeline.sync import Connections, CourseRead, Posting, SyncRequest

RULES = ("canvas", "sis", "passback", "sync.py", "writing.py")
"""What makes of the same answers the same rows and writes: the two doors and their codecs, and the rules."""


def may_share(request: SyncRequest, *, interrupted: bool) -> bool:
    """Whether a request may take another's judgement, or leave its own for others to take.

    Never a remaster, a selection, a preview, one that asks to be judged anew, what was confirmed, or what
    comes after an interruption.
    """
    plain = request.type in {"manual", "nightly"} and request.posting is Posting.GRADES and not request.anew
    chosen = request.selection.sections is not None or request.selection.assignments is not None
    return plain and not chosen and not request.confirm and not interrupted


def input_of(connections: Connections, read: CourseRead) -> str:
    """Hash what a course is judged by; a secret is no part of how its setting is spelled (pydantic)."""
    settings = connections.policy, connections.sis.settings
    return _hash(read.canvas.digest, read.sis.digest, repr(settings), rules_version())


def rules_version() -> str:
    """Hash the sources of all that RULES names."""
    return sources.digest(*RULES)


def _hash(*parts: str) -> str:
    made = blake2b(digest_size=16)
    for part in parts:
        made.update(part.encode() + b"\0")
    return made.hexdigest()
