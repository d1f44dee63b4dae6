"""Which course each context id of Canvas's launches is, as Canvas said it; kept for good, for it stays so."""

from __future__ import annotations

from gpb_pipeline.passback.frames import build
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.schemas import LaunchContexts


def course_of(session: Connection, context_id: str) -> str | None:
    """Read the course's id; None where no launch from there is on record."""
    query = "SELECT course_id FROM warehouse.main.launch_contexts WHERE context_id = $1"
    row = session.execute(query, [context_id]).fetchone()
    return str(row[0]) if row else None


def keep(session: Connection, context_id: str, course_id: str) -> None:
    """Keep the pair, unless a launch at the same time has done so."""
    if course_of(session, context_id) is None:
        row = {"context_id": [context_id], "course_id": [course_id]}
        tables.LAUNCH_CONTEXTS.insert(session, build(LaunchContexts, row))
