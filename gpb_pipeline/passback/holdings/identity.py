"""The sourcedIds that we choose, and the hashes that tell whether a value differs from what was sent.

Ids hang on the tenant, the *section* and the assignment (and the student's SIS id): never on a host name, nor
on the course, which cross-listing changes (design.md §6). Hashes cover domain values, not rendered bodies.
"""

import hashlib
import json
from datetime import datetime
from uuid import UUID, uuid5

import pandas as pd

NAMESPACE = UUID("6f2a1c52-5c0e-5d0b-9c0a-2f6a2b7d9e11")
"""Of this project alone, so that no other client of the SIS makes the same ids. It must never change."""

Value = str | float | bool | datetime | None


def line_item_id(tenant: str, section_id: str, assignment_id: str) -> str:
    return _id("lineItem", tenant, section_id, assignment_id)


def result_id(tenant: str, section_id: str, assignment_id: str, sis_user_id: str) -> str:
    return _id("result", tenant, section_id, assignment_id, sis_user_id)


def payload_hash(*values: Value) -> str:
    """Hash values by meaning: 8 and 8.0 are one score, and a time is one instant in every zone."""
    return hashlib.sha256(json.dumps([_plain(each) for each in values]).encode()).hexdigest()


def line_item_hash(
    *,
    title: str,
    category_id: str | None,
    class_id: str | None,
    period_id: str | None,
    points_possible: float | None,
    assigned_at: datetime | None,
    due_on_wire: datetime | None,
) -> str:
    """Hash what a line item says, as sent or as read back."""
    return payload_hash(title, category_id, class_id, period_id, points_possible, assigned_at, due_on_wire)


def result_hash(*, class_id: str | None, student_id: str | None, score: float | None, exempt: bool) -> str:
    """Hash what a result says, as sent or as read back; that a score was entered again changes nothing."""
    return payload_hash(class_id, student_id, score, exempt)


def _id(*parts: str) -> str:
    return str(uuid5(NAMESPACE, json.dumps(parts)))


def _plain(value: Value) -> str | float | bool | None:
    if pd.isna(value):  # a frame's NaN and NaT are None too; NaT would pass for a datetime
        return None
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return value
