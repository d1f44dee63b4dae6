"""When a line item may be deleted: it takes every result that stands on it along, whosever it is.

What is to go is chosen in differences.py; who asks the SIS is not said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from gpb_pipeline.passback.frames import derived
from gpb_pipeline.passback.holdings.frames import Gradebook, Holdings, ResultSight
from gpb_pipeline.passback.holdings.look import short_classes


def deletable(
    columns: pd.DataFrame, held: Holdings, book: Gradebook, shown: Mapping[str, str]
) -> pd.Series[bool]:
    """Mark the line items on which nothing stands any more, by a read made since their results were deleted.

    Nothing is shown on them, nothing but what was taken back was ever `shown` on them to this sync (the line
    item by result), and nothing else of ours is held on them. A class whose list is short, or has a result
    that cannot be read, tells nothing.
    """
    results = held.results
    taken_back = results["score"].isna() & ~results["exempt"]
    left = results[~taken_back & (results["certainty"] != "gone")]
    gone = frozenset(results.loc[~results.index.isin(left.index), "result_id"])
    standing = {
        *book.results["line_item_id"],
        *left["line_item_id"],
        *(line_item for result, line_item in shown.items() if result not in gone),
    }
    still_held = replace(held, results=derived(ResultSight, left.reset_index(drop=True)))
    blind = short_classes(still_held, book) | book.unreadable_results
    ids = columns["line_item_id"]
    return (
        ids.isin(book.line_items["line_item_id"])
        & ~ids.isin(list(standing))
        & ~columns["class_id"].isin(list(blind))
    )
