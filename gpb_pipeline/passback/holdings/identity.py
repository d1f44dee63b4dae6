"""The sourcedIds that we choose, and the description. Who gives which to what, plan.py and adopt.py say.

They hang on the tenant, the *class*, the section and the assignment (and the student's sourcedId): never on
a host name, nor on the course, which cross-listing changes. The same grade always has the same sourcedId, so
that a repeat of any write is harmless even with the warehouse lost (docs/decisions.md §6.2).
"""

import json
from uuid import UUID, uuid5

NAMESPACE = UUID("6f2a1c52-5c0e-5d0b-9c0a-2f6a2b7d9e11")
"""Of this project alone, so that no other client of the SIS makes the same ids. It must never change."""
DESCRIBED = "Canvas assignment "


def line_item_id(tenant: str, class_id: str, section_id: str, assignment_id: str) -> str:
    return _id("lineItem", tenant, class_id, section_id, assignment_id)


def result_id(tenant: str, class_id: str, section_id: str, assignment_id: str, student_id: str) -> str:
    return _id("result", tenant, class_id, section_id, assignment_id, student_id)


def description_of(assignment_id: str) -> str:
    """Give the description of its line items: people see it, and rename a column without touching it."""
    return f"{DESCRIBED}{assignment_id}"


def _id(*parts: str) -> str:
    return str(uuid5(NAMESPACE, json.dumps(parts)))
