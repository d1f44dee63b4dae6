"""The sourcedIds that we made, as they come back.

Ours are UUIDs in lower case. A SIS that keeps them in a column for GUIDs lists them in capitals, and so the
references to them; they are the same ids. What the SIS made (its classes, its students, and in provider mode
every id) is as it says.
"""

import re
from typing import Any

UUID = re.compile(r"\s*[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\s*", re.IGNORECASE)
NAMES = ("sourcedId", "lineItem")


def as_made(row: Any) -> Any:
    """Give a line item or a result with its own id, and that of its line item, as they were made."""
    if isinstance(row, str):
        return row.lower() if UUID.fullmatch(row) else row
    if not isinstance(row, dict):
        return row
    return row | {name: as_made(row[name]) for name in NAMES if name in row}
