"""What the rules take and give for one course: the dataclasses that carry the frames. No rule lives here."""

from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from pandera.typing import DataFrame

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.rules.issues import Code

SyncType = Literal["manual", "nightly", "remaster", "reconcile", "retract"]
RejectKind = Literal["course", "section", "enrollment", "assignment_group", "assignment", "submission"]


@dataclass(frozen=True, kw_only=True)
class Course:
    """A Canvas course, as read."""

    course_id: str
    name: str
    sis_course_id: str | None
    time_zone: ZoneInfo
    workflow_state: str
    concluded: bool
    blueprint: bool
    term_id: str | None


@dataclass(frozen=True, kw_only=True)
class Reject:
    """An item of Canvas that came with something that cannot be carried: laid aside, or in part.

    What is laid aside is in no frame. `item_id` and the other ids are Canvas's, None where they could not be
    read; `met` says which key held a value of which type and size, for the log, and never the value.
    """

    kind: RejectKind
    item_id: str | None
    code: Code
    met: str
    section_id: str | None = None
    assignment_id: str | None = None
    user_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class CanvasRead:
    """All that one sync reads of a course in Canvas."""

    course: Course
    sections: DataFrame[frames.Sections]
    enrollments: DataFrame[frames.Enrollments]
    assignment_groups: DataFrame[frames.AssignmentGroups]
    assignments: DataFrame[frames.Assignments]
    overrides: DataFrame[frames.Overrides]
    submissions: DataFrame[frames.Submissions]
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SisRead:
    """All that one sync looks up in the SIS before it judges."""

    classes: DataFrame[frames.SisClasses]
    roster: DataFrame[frames.SisRoster]
    categories: DataFrame[frames.SisCategories]
    grading_periods: DataFrame[frames.SisGradingPeriods]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What was asked for; None selects all. Ids are Canvas's (docs/decisions.md §8.6, §8.16)."""

    sections: frozenset[str] | None = None
    assignments: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the settings decide for the rules."""

    tenant: str
    title_max: int
    long_names: Literal["skip", "shorten"]
    everyone_else: Literal["skip", "send"]
    due_date: Literal["day", "instant"]
    withdraw_share: float
    withdraw_count: int
    on_edit: Literal["overwrite", "keep", "flag"] = "overwrite"

    def too_many(self, count: int, posted: int) -> bool:
        """Whether so many of a course's posted grades at once wait for a word (decisions.md §8.10)."""
        return count > self.withdraw_count and count > self.withdraw_share * posted
