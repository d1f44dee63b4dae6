"""What the rules take and give for one course: the dataclasses that carry the frames. No rule lives here."""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from pandera.typing import DataFrame

from gpb_pipeline.passback import frames

SyncType = Literal["manual", "nightly", "remaster"]


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
class CanvasRead:
    """All that one sync reads of a course in Canvas."""

    course: Course
    sections: DataFrame[frames.Sections]
    enrollments: DataFrame[frames.Enrollments]
    assignment_groups: DataFrame[frames.AssignmentGroups]
    assignments: DataFrame[frames.Assignments]
    overrides: DataFrame[frames.Overrides]
    submissions: DataFrame[frames.Submissions]


@dataclass(frozen=True, kw_only=True)
class SisRead:
    """All that one sync looks up in the SIS before it judges."""

    classes: DataFrame[frames.SisClasses]
    roster: DataFrame[frames.SisRoster]
    categories: DataFrame[frames.SisCategories]
    grading_periods: DataFrame[frames.SisGradingPeriods]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What was asked for; None selects all. Ids are Canvas's (design.md §8.6, §8.16)."""

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
        """Whether so many of a course's posted grades at once wait for someone's word (docs, §8.10)."""
        return count > self.withdraw_count and count > self.withdraw_share * posted
