"""The two kinds of holding, and which one a row is about: joins on keys, each linear.

What follows from a pair is plan.py's; when two are the same, same.py says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gpb_pipeline.passback.frames import Frame
from gpb_pipeline.passback.holdings.frames import ITEM_KEY, RESULT_KEY, LineItemSight, ResultSight
from gpb_pipeline.passback.holdings.same import exact_line_item, kept_line_item, kept_result, same_result
from gpb_pipeline.passback.keys import NONE, positions


@dataclass(frozen=True)
class HoldingKind:
    """One of the two kinds of holding: its key, the column of its sourcedId, what is sent, what is seen.

    `kept` says of two frames, what was taken and what is shown, where one explains the other; `exact`, where
    there is nothing to tell.
    """

    schema: type[Frame]
    key: list[str]
    id_column: str
    values: list[str]
    seen: dict[str, str]  # by the name of what was taken
    link: Callable[[pd.DataFrame, pd.DataFrame], Any]
    kept: Callable[[pd.DataFrame, pd.DataFrame], pd.Series[bool]]
    exact: Callable[[pd.DataFrame, pd.DataFrame], pd.Series[bool]]

    def as_seen(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Give what was last seen of these holdings, under the names of what was taken."""
        return rows[list(self.seen.values())].rename(columns={seen: name for name, seen in self.seen.items()})

    def edited(self, rows: pd.DataFrame) -> pd.Series[bool]:
        """Mark what was last seen otherwise than it was taken, and not sent since: someone changed it."""
        since = rows["seen_at"] > rows["sent_at"]
        return since & (rows["certainty"] == "known") & ~self.kept(rows, self.as_seen(rows))


def of_assignments(rows: pd.DataFrame, line_items: pd.DataFrame) -> Any:
    """Give each row the position of its line item's holding, or NONE; of its section's without a class."""
    found = positions(rows, line_items, ITEM_KEY)
    return _by_another(["section_id", "assignment_id"], rows, rows["class_id"].isna(), line_items, found)


def of_grades(rows: pd.DataFrame, results: pd.DataFrame) -> Any:
    """Give each row the position of its result's holding, or NONE.

    By the SIS's student; by Canvas's where the SIS does not have the student on the class's roster. Then not
    one that is another row's by the SIS's student: whose the id is now, their grade stands there. Without a
    class, that of its section.
    """
    found = positions(rows, results, RESULT_KEY)
    found = _by_another([*ITEM_KEY, "user_id"], rows, rows["student_id"].isna(), results, found)
    return _by_another(
        ["section_id", "assignment_id", "user_id"], rows, rows["class_id"].isna(), results, found
    )


def _by_another(
    key: list[str], rows: pd.DataFrame, which: pd.Series[bool], holdings: pd.DataFrame, found: Any
) -> Any:
    """Find `which` rows by another key: what is no other row's by its own, where one alone has it."""
    asked = which.to_numpy()
    if not asked.any():
        return found
    taken = np.isin(np.arange(len(holdings)), found)
    alone = holdings[~holdings.duplicated(key, keep=False) & ~taken]
    places = alone.index.to_numpy()
    at = positions(rows[asked], alone, key)
    found[asked] = np.where(at == NONE, found[asked], places[at] if len(places) else NONE)
    return found


def beside(rows: pd.DataFrame, holdings: pd.DataFrame, positions: Any) -> pd.DataFrame:
    """Lay each row's holding beside it, with the rows' index; empty where it has none, a flag False."""
    held = holdings.reindex(pd.Index(positions))
    held.index = rows.index
    flags = holdings.columns[holdings.dtypes.eq("bool")]
    return held.assign(**{name: held[name].eq(True) for name in flags})  # noqa: FBT003


def shown_there(holdings: pd.DataFrame) -> pd.Series[bool]:
    """Mark what the SIS was seen to hold: nothing else is lost with another copy of it."""
    shown = (holdings["certainty"] == "known") & holdings["seen_at"].notna()
    if "seen_score" not in holdings:
        return shown
    return shown & (holdings["seen_score"].notna() | holdings["seen_exempt"])


LINE_ITEM = HoldingKind(
    schema=LineItemSight,
    key=ITEM_KEY,
    id_column="line_item_id",
    values=["title", "category_id", "period_id", "points_possible", "assigned_at", "due_on_wire"],
    seen={
        "title": "seen_title",
        "category_id": "seen_category_id",
        "points_possible": "seen_points",
        "due_on_wire": "seen_due",
    },
    link=of_assignments,
    kept=kept_line_item,
    exact=exact_line_item,
)
RESULT = HoldingKind(
    schema=ResultSight,
    key=RESULT_KEY,
    id_column="result_id",
    values=["user_id", "line_item_id", "score", "exempt"],
    seen={"score": "seen_score", "exempt": "seen_exempt"},
    link=of_grades,
    kept=kept_result,
    exact=same_result,
)
