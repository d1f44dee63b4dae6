"""What the rules take and give for one course: the dataclasses that carry the frames. No rule lives here."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Literal
from zoneinfo import ZoneInfo

from pandera.typing import DataFrame

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.frames import F, Frame, Unframed, build
from gpb_pipeline.passback.rules.issues import Code

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
class _Read:
    """Columns as they were read, by schema; each frame is made of them when it is first asked for."""

    columns: Mapping[type[Frame], Unframed] = field(repr=False)

    @cached_property
    def digests(self) -> Mapping[type[Frame], str]:
        """Tell each frame from every one with another value anywhere, in the order of its rows."""
        return {
            schema: digest_of({name: list(values) for name, values in columns.items()})
            for schema, columns in self.columns.items()
        }

    @cached_property
    def digest(self) -> str:
        """Tell this read from every other, as `digests` does each frame."""
        named = {schema.__name__: each for schema, each in self.digests.items()}
        return digest_of(named, *self._beside())

    def _beside(self) -> tuple[object, ...]:
        return ()

    def _frame(self, schema: type[F]) -> DataFrame[F]:
        return build(schema, self.columns[schema])


def digest_of(*values: object) -> str:
    """Tell these values from any others."""
    return blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, kw_only=True)
class CanvasRead(_Read):
    """All that one sync reads of a course in Canvas."""

    course: Course
    rejects: tuple[Reject, ...] = ()

    @cached_property
    def sections(self) -> DataFrame[frames.Sections]:
        return self._frame(frames.Sections)

    @cached_property
    def enrollments(self) -> DataFrame[frames.Enrollments]:
        return self._frame(frames.Enrollments)

    @cached_property
    def assignment_groups(self) -> DataFrame[frames.AssignmentGroups]:
        return self._frame(frames.AssignmentGroups)

    @cached_property
    def assignments(self) -> DataFrame[frames.Assignments]:
        return self._frame(frames.Assignments)

    @cached_property
    def overrides(self) -> DataFrame[frames.Overrides]:
        return self._frame(frames.Overrides)

    @cached_property
    def submissions(self) -> DataFrame[frames.Submissions]:
        return self._frame(frames.Submissions)

    def _beside(self) -> tuple[object, ...]:
        return astuple(self.course), [astuple(each) for each in self.rejects]


@dataclass(frozen=True, kw_only=True)
class SisRead(_Read):
    """All that one sync looks up in the SIS before it judges."""

    @cached_property
    def classes(self) -> DataFrame[frames.SisClasses]:
        return self._frame(frames.SisClasses)

    @cached_property
    def roster(self) -> DataFrame[frames.SisRoster]:
        return self._frame(frames.SisRoster)

    @cached_property
    def categories(self) -> DataFrame[frames.SisCategories]:
        return self._frame(frames.SisCategories)

    @cached_property
    def grading_periods(self) -> DataFrame[frames.SisGradingPeriods]:
        return self._frame(frames.SisGradingPeriods)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What was asked for; None selects all. Ids are Canvas's (docs/decisions.md §8.6, §8.16).

    `from_list`: chosen from a list that was read earlier, so that what has left the course since is told, and
    the others go; typed by hand, an unknown id is wrong usage.
    """

    sections: frozenset[str] | None = None
    assignments: frozenset[str] | None = None
    from_list: bool = False


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
