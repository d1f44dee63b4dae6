"""When an assignment or a grade of it was last sent, by section: what *Last Sync Date* says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gpb_pipeline.warehouse.ducklake import Connection

_LAST = """
SELECT section_id, assignment_id, max(sent_at) FROM (
    SELECT section_id, assignment_id, sent_at FROM warehouse.main.sent_line_items
    UNION ALL SELECT section_id, assignment_id, sent_at FROM warehouse.main.sent_results
) WHERE list_contains($1, section_id) GROUP BY ALL
"""


def last_sent(session: Connection, section_ids: list[str]) -> Mapping[tuple[str, str], datetime]:
    """Give it by section and assignment; what was never sent is not there."""
    rows = session.execute(_LAST, [section_ids]).fetchall()
    return {(section_id, assignment_id): at for section_id, assignment_id, at in rows}
