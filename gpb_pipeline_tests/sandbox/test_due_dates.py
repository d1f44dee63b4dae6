"""Canvas's precedence of dates, by example and by property."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.sandbox.canvas.due_dates import effective_date
from gpb_pipeline.sandbox.district import Assignment, DueDate, Enrollment, Override

STUDENT, OTHER_STUDENT = 7, 8
MONDAY = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
BASE = MONDAY
IN_BOTH = [Enrollment(1, STUDENT, 101), Enrollment(2, STUDENT, 102)]
IN_FIRST = IN_BOTH[:1]

days = st.integers(-30, 30).map(lambda n: MONDAY + timedelta(days=n))
dates = st.one_of(days, st.none(), st.just(DueDate.INHERITED))
sections = st.builds(
    lambda due, section: Override(1, "", due, section_id=section), dates, st.integers(101, 103)
)
individuals = st.builds(lambda due: Override(2, "", due, student_ids=(STUDENT,)), dates)


def assignment(*overrides: Override, only: bool = False) -> Assignment:
    return Assignment(1, "", 1, 10, BASE, overrides=overrides, only_visible_to_overrides=only)


def due(section: int, days_later: int | None) -> Override:
    date = None if days_later is None else BASE + timedelta(days=days_later)
    return Override(section, "", date, section_id=section)


def test_an_individual_date_beats_a_later_one_of_the_section() -> None:
    own = Override(9, "", BASE - timedelta(days=5), student_ids=(STUDENT,))
    assert effective_date(assignment(due(101, 3), own), STUDENT, IN_FIRST).due_at == own.due_at


def test_in_two_sections_the_latest_wins_and_none_is_the_latest() -> None:
    assert effective_date(assignment(due(101, 1), due(102, 2)), STUDENT, IN_BOTH).due_at == BASE + timedelta(
        2
    )
    assert effective_date(assignment(due(101, 1), due(102, None)), STUDENT, IN_BOTH).due_at is None


def test_a_concluded_enrollments_section_gives_way() -> None:
    gone = [Enrollment(1, STUDENT, 101), Enrollment(2, STUDENT, 102, state="completed")]
    assert effective_date(assignment(due(101, 1), due(102, 9)), STUDENT, gone).due_at == BASE + timedelta(1)


def test_an_unassigning_override_takes_the_student_out() -> None:
    spared = Override(9, "", DueDate.INHERITED, student_ids=(STUDENT,), unassign_item=True)
    assert not effective_date(assignment(spared), STUDENT, IN_FIRST).assigned
    assert effective_date(assignment(spared), OTHER_STUDENT, [Enrollment(3, OTHER_STUDENT, 101)]).assigned


@given(st.lists(st.one_of(sections, individuals), max_size=5))
def test_only_those_with_an_override_are_assigned_where_there_is_no_everyone(
    overrides: list[Override],
) -> None:
    concerned = [each for each in overrides if each.section_id in (None, 101)]
    place = effective_date(assignment(*overrides, only=True), STUDENT, IN_FIRST)
    assert place.assigned == bool(concerned)


@given(st.lists(st.one_of(sections, individuals), max_size=5))
def test_the_order_of_overrides_is_of_no_consequence(overrides: list[Override]) -> None:
    reordered = list(reversed(overrides))
    assert effective_date(assignment(*overrides), STUDENT, IN_BOTH) == effective_date(
        assignment(*reordered), STUDENT, IN_BOTH
    )


@given(st.lists(sections, max_size=5))
def test_the_date_is_one_that_was_given(overrides: list[Override]) -> None:
    given_dates = {each.due_at for each in overrides if not isinstance(each.due_at, DueDate)} | {BASE}
    assert effective_date(assignment(*overrides), STUDENT, IN_BOTH).due_at in given_dates
