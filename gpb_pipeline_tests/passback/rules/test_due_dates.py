"""Due dates by table, after Canvas's own precedence, and the local day by property."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.passback.rules.due_dates import (
    Assigned,
    Dates,
    SectionDate,
    SectionOverride,
    due_on_wire,
    section_date,
)

BASE, EARLY, LATE = (datetime(2026, 9, day, 3, 59, 59, tzinfo=UTC) for day in (10, 5, 20))


def override(section: str | None, due_at: datetime | None) -> SectionOverride:
    return SectionOverride(section_id=section, due_at_overridden=True, due_at=due_at)


INHERITS = SectionOverride(section_id="1", due_at_overridden=False, due_at=None)
UNASSIGNED = SectionOverride(section_id="1", due_at_overridden=False, due_at=None, unassign_item=True)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], SectionDate(assigned=Assigned.EVERYONE, due_at=BASE)),
        ([override("2", LATE)], SectionDate(assigned=Assigned.EVERYONE, due_at=BASE)),
        ([override("1", EARLY)], SectionDate(assigned=Assigned.BY_NAME, due_at=EARLY)),
        ([override("1", None)], SectionDate(assigned=Assigned.BY_NAME, due_at=None)),
        ([INHERITS], SectionDate(assigned=Assigned.BY_NAME, due_at=BASE)),
        ([UNASSIGNED], SectionDate(assigned=Assigned.NOT)),
        ([override(None, LATE)], SectionDate(assigned=Assigned.EVERYONE, due_at=LATE)),
        ([override(None, EARLY), override("1", LATE)], SectionDate(assigned=Assigned.BY_NAME, due_at=LATE)),
        ([override(None, None), override("1", LATE)], SectionDate(assigned=Assigned.BY_NAME, due_at=None)),
        ([INHERITS, override(None, EARLY)], SectionDate(assigned=Assigned.BY_NAME, due_at=EARLY)),
    ],
)
def test_a_section_has_the_date_that_canvas_gives_it(
    overrides: list[SectionOverride], expected: SectionDate
) -> None:
    for order in (overrides, overrides[::-1]):
        dates = Dates(due_at=BASE, only_visible_to_overrides=False, overrides=order)
        assert section_date(dates, "1") == expected


@pytest.mark.parametrize(("students", "expected"), [(True, Assigned.STUDENTS_ONLY), (False, Assigned.NOT)])
def test_without_everyone_a_section_that_is_not_named_has_no_assignment(
    *, students: bool, expected: Assigned
) -> None:
    dates = Dates(
        due_at=BASE,
        only_visible_to_overrides=True,
        overrides=[override("2", LATE)],
        student_overrides=students,
    )
    assert section_date(dates, "1") == SectionDate(assigned=expected)


def test_only_a_date_of_its_own_names_a_section() -> None:
    def named(*overrides: SectionOverride) -> bool:
        return Dates(due_at=BASE, only_visible_to_overrides=False, overrides=overrides).names_sections

    assert named(override("1", EARLY))
    assert not named(INHERITS)
    assert not named(override("1", None))
    assert not named(override(None, EARLY))


def test_a_minute_to_midnight_stays_that_day() -> None:
    due_at = datetime(2026, 9, 12, 5, 59, 59, tzinfo=UTC)  # 23:59:59 on the 11th in Denver
    assert due_on_wire(due_at, ZoneInfo("America/Denver"), "day") == datetime(2026, 9, 11, 12, tzinfo=UTC)
    assert due_on_wire(due_at, ZoneInfo("America/Denver"), "instant") == due_at


@given(
    st.integers(0, 6 * 365 * 86_400).map(lambda seconds: BASE + timedelta(seconds=seconds)),
    st.sampled_from(["America/New_York", "America/Anchorage", "America/St_Johns", "America/Sao_Paulo"]),
)
def test_the_local_day_survives_a_sis_that_converts_or_truncates(due_at: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    wire = due_on_wire(due_at, zone, "day")
    assert wire.date() == wire.astimezone(zone).date() == due_at.astimezone(zone).date()
