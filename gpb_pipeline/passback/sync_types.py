"""The types that a job of a course may have, as its history names them."""

from typing import Literal

SyncType = Literal["manual", "nightly", "remaster", "reconcile", "retract"]
READ_BACK: tuple[SyncType, ...] = ("reconcile", "retract")
"""The types that read every class of the course back, need no readable course, and are no syncs of it."""
