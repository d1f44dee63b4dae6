"""What a sync that died may have done in the SIS, of which nothing is on record: it took results back.

First writes without an answer are holdings of their own (answers.py); what a read shows is see.py's.
"""

from __future__ import annotations

from dataclasses import replace

from gpb_pipeline.passback.frames import derived
from gpb_pipeline.passback.holdings.frames import Holdings, ResultSight


def nobody_deleted(holdings: Holdings) -> Holdings:
    """Let results that the first read after it lacks count as never shown: we may have taken them back.

    Else an edit would be seen in it, and where edits are kept a grade would stay away that Canvas has again.
    """
    results = holdings.results
    lacked = results["finding"].isin(["missing", "gone"])
    if not lacked.any():
        return holdings
    finding = results["finding"].mask(results["finding"] == "missing", "unshown")
    seen = {name: results[name].mask(lacked) for name in ("seen_at", "seen_score")}
    return replace(holdings, results=derived(ResultSight, results, finding=finding, **seen))
