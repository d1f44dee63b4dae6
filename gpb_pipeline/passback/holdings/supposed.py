"""What a warehouse that is older than what was sent does not know: supposed to be there, until a look tells.

Only where the SIS chooses the ids: ours are found by themselves. How it is found, adopt.py says.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gpb_pipeline.passback.holdings.answers import intended
from gpb_pipeline.passback.holdings.frames import Holdings
from gpb_pipeline.passback.rows.frames import Rows


def supposed(holdings: Holdings, rows: Rows, *, job_id: str, at: datetime) -> Holdings:
    """Take what is planned to be made for asked and never answered."""
    for grades in (False, True):
        holdings = intended(holdings, rows, job_id=job_id, at=at, grades=grades)
    return holdings


def found_of(looked: Holdings, job_id: str) -> Holdings:
    """Leave out what that job only supposed and no read shows: it was never made. What is in doubt stays."""
    return Holdings(line_items=_found(looked.line_items, job_id), results=_found(looked.results, job_id))


def _found(looked: Any, job_id: str) -> Any:
    supposed_only = (looked["certainty"] == "unknown") & (looked["job_id"] == job_id)
    return looked[~(supposed_only & (looked["finding"] != "ambiguous"))].reset_index(drop=True)
