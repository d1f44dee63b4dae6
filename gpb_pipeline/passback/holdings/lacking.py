"""Which lists of a read have no rows for a class although something of ours stands there by them.

SISs say a list that they cannot give now as 404, `null` or `[]`, which is also how they say that it is empty.
That grades of ours stand in the class tells the two apart, but for one that was emptied since: sync.py asks
what the last sync read. Gradebooks, which have a rule of their own, are see.py's.
"""

from __future__ import annotations

from gpb_pipeline.passback.course import SisRead
from gpb_pipeline.passback.holdings.frames import SURE, Holdings


def without_students(sis: SisRead, holdings: Holdings) -> frozenset[str]:
    """Name the classes with nobody on the roster in which results of ours stand."""
    nobody = sis.classes[~sis.classes["section_id"].isin(sis.roster["section_id"])]
    results = holdings.results
    stand = results["certainty"].isin(SURE) & (results["score"].notna() | results["exempt"])
    return frozenset(nobody["class_id"].dropna()) & frozenset(results.loc[stand, "class_id"])


def without_categories(sis: SisRead, holdings: Holdings) -> frozenset[str]:
    """Name the classes that may use no category at all in which line items of ours have one."""
    if sis.categories["class_id"].isna().any():  # which every class may use
        return frozenset()
    none = sis.classes[~sis.classes["class_id"].isin(sis.categories["class_id"])]
    items = holdings.line_items
    stand = items["certainty"].isin(SURE) & items["category_id"].notna()
    return frozenset(none["class_id"].dropna()) & frozenset(items.loc[stand, "class_id"])
