"""What a sync that died may have done in the SIS, of which nothing is on record: it wrote, or took away.

First writes without an answer are holdings of their own (answers.py); what a read shows is see.py's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.frames import Submissions, derived
from gpb_pipeline.passback.holdings.frames import Holdings, ResultSight
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT, HoldingKind
from gpb_pipeline.passback.keys import matched


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


def nobody_edited(holdings: Holdings, submissions: DataFrame[Submissions]) -> Holdings:
    """Take what the first read after it shows otherwise for taken by the SIS: we may have posted it.

    Else what Canvas has again as it was before would be left as the dead sync had posted it. A grade that
    Canvas did not grade since it was sent, that sync had nothing new to post of: an edit of it is one. Of
    columns Canvas does not say so much.
    """
    items, results = holdings.line_items, holdings.results
    graded = matched(results, submissions, ["assignment_id", "user_id"], submissions["graded_at"])
    since = pd.to_datetime(graded, utc=True) > results["sent_at"]
    shown = results["seen_score"].notna() | results["seen_exempt"]  # nothing posts a result without either
    return Holdings(
        line_items=_taken(LINE_ITEM, items, items["finding"] == "edited"),
        results=_taken(RESULT, results, (results["finding"] == "edited") & since & shown),
    )


def _taken(kind: HoldingKind, rows: pd.DataFrame, posted: pd.Series[bool]) -> Any:
    if not posted.any():
        return rows
    values = {
        name: rows[name].mask(posted & rows[seen].notna(), rows[seen]) for name, seen in kind.seen.items()
    }
    return derived(kind.schema, rows, finding=rows["finding"].mask(posted, "same"), **values)
