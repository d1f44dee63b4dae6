"""What was chosen on a list and was there no more when its turn came, by the names that the list has.

The other assignments go (docs/decisions.md §8.16). What was there and is kept back has its own cause.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gpb_pipeline import outlook
from gpb_pipeline.outlook import Outlook
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.warehouse import history, requests
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.requests import Request
from gpb_pipeline.web import wishes
from gpb_pipeline.web.wishes import Only

_MET = """
SELECT DISTINCT assignment_id FROM warehouse.main.sis_assignments
WHERE job_id = $1 AND code IS DISTINCT FROM $2
"""


def left_out(
    session: Connection, asked: Request, made: Sequence[Request], found: Outlook | None, only: Only
) -> list[str]:
    """Name the assignments; none until it has ended, nor of a list that is not kept any more."""
    met = _met(session, asked, found)
    before = [each for each in made if each.asked_at < asked.asked_at]
    listed = wishes.newest_list(before)
    kept = requests.outlook(session, listed.request_id) if listed else None
    if met is None or kept is None:
        return []
    seen = wishes.as_seen(outlook.read(kept), only)
    names = {each.assignment_id: each.assignment_name for each in seen.offers}
    chosen = asked.wanted.get("assignments", ())
    return sorted({names[each] for each in chosen if each in names and each not in met}, key=str.casefold)


def _met(session: Connection, asked: Request, found: Outlook | None) -> Collection[str] | None:
    """Give the assignments that it met in the course, and not the SIS alone; None where that is not known."""
    if asked.kind == "preview" and found:
        return {each.assignment_id for each in found.offers if each.code != Code.ASSIGNMENT_ORPHAN}
    if asked.job_id and (asked.job_status or "").startswith("Completed"):
        job = history.job(session, asked.job_id)
        rows = session.execute(_MET, [job.judged_in, Code.ASSIGNMENT_ORPHAN.value]).fetchall() if job else []
        return {row[0] for row in rows} if job else None
    return None
