"""OneRoster's objects as a grade passback needs them, whatever the dialect: no JSON, no HTTP, no rule.

Ids are sourcedIds; instants are aware datetimes; None is for what the SIS did not say.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

Status = Literal["active", "tobedeleted"]
T = TypeVar("T")


@dataclass(frozen=True)
class Reject:
    """A row of a list that cannot be read, laid aside: `met` is the SIS's own, for the log alone."""

    kind: str
    sourced_id: str | None
    code: str
    met: str = field(repr=False)


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A list that was read whole: what is usable, and what had to be laid aside."""

    items: tuple[T, ...]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, kw_only=True)
class LineItem:
    """An assignment in a class's gradebook; `modified_at` is as read, a write carries the time it is made."""

    sourced_id: str
    title: str
    class_id: str
    category_id: str | None
    assign_date: datetime | None
    due_date: datetime | None
    result_value_max: float | None
    result_value_min: float | None = 0.0
    school_id: str | None = None
    grading_period_id: str | None = None
    description: str | None = None
    status: Status = "active"
    modified_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """One student's score on a line item; who and what is kept out of its repr.

    `late` and `missing` are None where nobody said, and then not sent. `score_status` is one of OneRoster's
    words (exempt, fully graded, not submitted, …) or a SIS's own `ext:`.
    """

    sourced_id: str
    line_item_id: str
    student_id: str = field(repr=False)
    score: float | None = field(repr=False)
    score_status: str = field(repr=False, default="fully graded")
    score_date: date | None = None
    class_id: str | None = None
    late: bool | None = field(repr=False, default=None)
    missing: bool | None = field(repr=False, default=None)
    status: Status = "active"
    modified_at: datetime | None = None

    @property
    def exempt(self) -> bool:
        return self.score_status == "exempt"


@dataclass(frozen=True, kw_only=True)
class SisClass:
    """A class, with the academic sessions (`term_ids`) that it is held in."""

    sourced_id: str
    code: str | None
    school_id: str | None
    term_ids: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Student:
    """A student of a class by the two ids that Canvas may know: nothing else is read of a person."""

    sourced_id: str = field(repr=False)
    identifier: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Enrollment:
    """A student's place in a class, from `begin` on and until `end` where the SIS has such days."""

    class_id: str
    student_id: str = field(repr=False)
    begin: date | None
    end: date | None

    def is_of(self, day: date) -> bool:
        """Say whether by its own days it is one of that day; the last one is no more."""
        return (self.begin is None or self.begin <= day) and (self.end is None or day < self.end)


@dataclass(frozen=True, kw_only=True)
class Category:
    """A grading category; `class_id` is None for one that every class may use."""

    sourced_id: str
    title: str
    active: bool
    class_id: str | None


@dataclass(frozen=True, kw_only=True)
class AcademicSession:
    """A term, semester, school year or grading period, with its end date as published (SIS_PERIOD_END).

    What is no grading period may be without dates: it is then open on that side.
    """

    sourced_id: str
    kind: str
    start: date
    end: date
    parent_id: str | None
    active: bool


@dataclass(frozen=True, kw_only=True)
class DistrictLists:
    """What is the district's and not a course's: every category, and every academic session."""

    categories: tuple[Category, ...]
    sessions: tuple[AcademicSession, ...]
