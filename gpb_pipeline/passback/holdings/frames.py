"""What the SIS holds because of us, and what it shows when asked: their schemas, and nothing that follows.

A holding has what the SIS *took* last (of an unknown one: what it was asked to take), what it was last *seen*
to hold, and how sure we are. Ids are strings; times UTC; *student* is always the SIS's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

import pandera.pandas as pa
from pandera.typing import DataFrame, Series

from gpb_pipeline.passback.frames import Frame, UtcTime, derived, empty

CERTAINTIES = ["known", "unconfirmed", "unknown", "gone"]
SURE = CERTAINTIES[:2]  # accepted, and not shown to be gone
FINDINGS = [
    "same",  # shown as taken, or as already told
    "kept_otherwise",  # shown as rounding, cutting or respelling explain it, for the first time
    "edited",  # shown otherwise, and nothing of ours explains it
    "not_taken",  # written, and shown otherwise, or again as it was before
    "unshown",  # just written or taken back, and no read shows it yet
    "never_shown",  # just written again, or never answered, and not shown: nothing of ours ever was
    "still_shown",  # just written or taken back, and shown as before, for the first time
    "missing",  # shown since it was last sent, and no longer
    "gone",  # shown not to be there
    "adopted",  # found to be ours
    "unsettled",  # asked, never answered, and not found yet
    "ambiguous",  # asked, never answered, and two candidates
]
ITEM_KEY = ["section_id", "class_id", "assignment_id"]
RESULT_KEY = [*ITEM_KEY, "student_id"]


class LineItemHoldings(Frame):
    """A line item of ours in a class's gradebook, per section and assignment."""

    section_id: Series[str]
    class_id: Series[str] = pa.Field(description="sourcedId of the SIS class")
    assignment_id: Series[str]
    line_item_id: Series[str] = pa.Field(description="sourcedId; ours until the SIS has named its own")
    certainty: Series[str] = pa.Field(isin=CERTAINTIES)
    title: Series[str] = pa.Field(description="as it took it")
    category_id: Series[str] = pa.Field(nullable=True)
    period_id: Series[str] = pa.Field(nullable=True)
    points_possible: Series[float] = pa.Field(nullable=True)
    assigned_at: Series[UtcTime] = pa.Field(nullable=True)
    due_on_wire: Series[UtcTime] = pa.Field(nullable=True)
    seen_title: Series[str] = pa.Field(nullable=True, description="as a read showed it last")
    seen_category_id: Series[str] = pa.Field(nullable=True)
    seen_points: Series[float] = pa.Field(nullable=True)
    seen_due: Series[UtcTime] = pa.Field(nullable=True)
    seen_at: Series[UtcTime] = pa.Field(
        nullable=True, description="of the first whole read that showed it so"
    )
    missed_at: Series[UtcTime] = pa.Field(nullable=True, description="of the first read since without it")
    unshown: Series[int] = pa.Field(description="accepted writes in a row that no read showed")
    sent_at: Series[UtcTime]
    job_id: Series[str]

    class Config(Frame.Config):
        unique = ITEM_KEY


class ResultHoldings(Frame):
    """A result of ours, per section, assignment and student."""

    section_id: Series[str]
    class_id: Series[str]
    assignment_id: Series[str]
    student_id: Series[str] = pa.Field(description="private; sourcedId of the student")
    user_id: Series[str] = pa.Field(nullable=True, description="private; Canvas user id, when it was sent")
    line_item_id: Series[str]
    result_id: Series[str] = pa.Field(description="sourcedId; ours until the SIS has named its own")
    certainty: Series[str] = pa.Field(isin=CERTAINTIES)
    score: Series[float] = pa.Field(nullable=True, description="private; as it took it; none: withdrawn")
    exempt: Series[bool]
    seen_score: Series[float] = pa.Field(nullable=True, description="private; as a read showed it last")
    seen_exempt: Series[bool]
    seen_at: Series[UtcTime] = pa.Field(nullable=True)
    missed_at: Series[UtcTime] = pa.Field(nullable=True)
    unshown: Series[int]
    sent_at: Series[UtcTime]
    job_id: Series[str]

    class Config(Frame.Config):
        unique = RESULT_KEY


class LineItemSight(LineItemHoldings):
    """A line item of ours, and what the read at hand found of it."""

    finding: Series[str] = pa.Field(nullable=True, isin=FINDINGS, description="None: not read")


class ResultSight(ResultHoldings):
    """A result of ours, and what the read at hand found of it."""

    finding: Series[str] = pa.Field(nullable=True, isin=FINDINGS, description="None: not read")


class SisLineItems(Frame):
    """The active line items that the SIS shows for classes, whoever wrote them."""

    line_item_id: Series[str] = pa.Field(unique=True)
    class_id: Series[str]
    title: Series[str]
    description: Series[str] = pa.Field(nullable=True, description="None too where the SIS keeps none")
    category_id: Series[str] = pa.Field(nullable=True)
    period_id: Series[str] = pa.Field(nullable=True)
    points_possible: Series[float] = pa.Field(nullable=True)
    assigned_at: Series[UtcTime] = pa.Field(nullable=True)
    due_on_wire: Series[UtcTime] = pa.Field(nullable=True)


class SisResults(Frame):
    """The active results that the SIS shows for classes, whoever wrote them."""

    result_id: Series[str] = pa.Field(unique=True)
    class_id: Series[str] = pa.Field(description="of the list that it stood in")
    line_item_id: Series[str]
    student_id: Series[str] = pa.Field(description="private")
    score: Series[float] = pa.Field(nullable=True, description="private")
    exempt: Series[bool]


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """All that the SIS holds because of us, of some sections and classes."""

    line_items: DataFrame[LineItemSight]
    results: DataFrame[ResultSight]


NO_HOLDINGS = Holdings(line_items=empty(LineItemSight), results=empty(ResultSight))


@dataclass(frozen=True, kw_only=True)
class Bare:
    """What is ours and of which nothing is known any more but its sourcedId, since all else was forgotten.

    `line_items`: by sourcedId, section and assignment. `class_ids`: where it was not looked for since.
    """

    line_items: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    results: frozenset[str] = frozenset()
    class_ids: frozenset[str] = frozenset()

    @property
    def sourced_ids(self) -> frozenset[str]:
        return self.results | frozenset(self.line_items)


NOTHING_BARE = Bare()


@dataclass(frozen=True, kw_only=True)
class Gradebook:
    """What the SIS shows of some classes, each list read whole by its own paging and count.

    `unreadable`: sourcedIds that stood there and could not be read, each with the class of its list;
    `unreadable_results`: the classes with a result that could not be read, whether it had a sourcedId or not.
    `not_found`: those answered with 404 when asked for by themselves, where the same address had answered for
    one that is there; `found`: those that it served, though no list shows them. `strangers`: line items that
    stood there before what is not settled yet was written.
    """

    class_ids: frozenset[str]
    line_items: DataFrame[SisLineItems]
    results: DataFrame[SisResults]
    at: datetime
    unreadable: Mapping[str, str] = field(default_factory=dict)
    unreadable_results: frozenset[str] = frozenset()
    not_found: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()
    bare: Bare = NOTHING_BARE

    def without(self, class_ids: frozenset[str]) -> Self:
        """Leave out what was read of these classes."""
        kept = self.class_ids - class_ids
        items, results = (rows["class_id"].isin(list(kept)) for rows in (self.line_items, self.results))
        return replace(
            self,
            class_ids=kept,
            line_items=derived(SisLineItems, self.line_items[items].reset_index(drop=True)),
            results=derived(SisResults, self.results[results].reset_index(drop=True)),
            unreadable={each: where for each, where in self.unreadable.items() if where in kept},
            unreadable_results=self.unreadable_results & kept,
        )
