"""To whom an assignment is assigned and when it is due for them, by Canvas's own precedence.

Source: lib/effective_due_dates.rb as read in docs/canvas.md §2. Serving the dates is elsewhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gpb_pipeline.sandbox.district import Assignment, DueDate, Enrollment, GradingPeriod, Override

LATEST = datetime.max.replace(tzinfo=UTC)  # no due date is the latest of all, so that null wins among equals
INDIVIDUAL, GROUP_SECTION_OR_COURSE, EVERYONE_ELSE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class EffectiveDate:
    """A student's place in an assignment; `due_at` means nothing where it is not assigned."""

    assigned: bool
    due_at: datetime | None


NOT_ASSIGNED = EffectiveDate(assigned=False, due_at=None)


@dataclass(frozen=True, slots=True)
class _Candidate:
    in_active_section: bool
    overridden: bool
    priority: int
    due_at: datetime | None
    unassigns: bool = False

    def order(self) -> tuple[bool, bool, int, float]:
        return (not self.in_active_section, not self.overridden, self.priority, -_rank(self.due_at))


def effective_date(assignment: Assignment, user_id: int, enrollments: Sequence[Enrollment]) -> EffectiveDate:
    """The winning date for a student, given the student's own enrollments in the course."""
    candidates = list(_candidates(assignment, user_id, enrollments))
    if not candidates:
        return NOT_ASSIGNED
    winner = min(candidates, key=_Candidate.order)
    return NOT_ASSIGNED if winner.unassigns else EffectiveDate(assigned=True, due_at=winner.due_at)


def _candidates(
    assignment: Assignment, user_id: int, enrollments: Sequence[Enrollment]
) -> Iterable[_Candidate]:
    enrolled = any(each.state == "active" for each in enrollments)
    for override in assignment.overrides:
        if override.section_id is not None:
            for each in enrollments:
                if each.section_id == override.section_id:
                    yield _candidate(assignment, override, each.state == "active", GROUP_SECTION_OR_COURSE)
        elif override.course_id is not None:
            yield _candidate(assignment, override, enrolled, GROUP_SECTION_OR_COURSE)
        elif user_id in override.student_ids:
            priority = INDIVIDUAL if override.group_id is None else GROUP_SECTION_OR_COURSE
            yield _candidate(assignment, override, enrolled, priority)
    if assignment.for_everyone:
        yield _Candidate(enrolled, False, EVERYONE_ELSE, assignment.due_at)


def _candidate(assignment: Assignment, override: Override, in_active: bool, priority: int) -> _Candidate:
    own = override.due_at is not DueDate.INHERITED
    return _Candidate(in_active, own, priority, date_of(override, assignment), override.unassign_item)


def date_of(override: Override, assignment: Assignment) -> datetime | None:
    """The override's own due date, else the base one that it inherits."""
    return assignment.due_at if isinstance(override.due_at, DueDate) else override.due_at


def date_shown_to_staff(assignment: Assignment) -> datetime | None:
    """What `due_at` says with `override_assignment_dates` left on: the most lenient of all the dates."""
    dates = [date_of(each, assignment) for each in assignment.overrides]
    if assignment.for_everyone or not dates:
        dates.append(assignment.due_at)
    return max(dates, key=_rank)


def grading_period_of(due_at: datetime | None, periods: Sequence[GradingPeriod]) -> GradingPeriod | None:
    """start < due <= end at minute precision; undated work falls in the last period, a gap in none."""
    if due_at is None:
        return periods[-1] if periods else None
    minute = due_at.replace(second=0, microsecond=0)
    return next((each for each in periods if each.start_at < minute <= each.end_at), None)


def _rank(due_at: datetime | None) -> float:
    return (due_at or LATEST).timestamp()
