"""When server errors of writes are one student's or one line item's, and when they are the SIS's."""

import pytest

from gpb_pipeline.brake import Brake
from gpb_pipeline.sis.errors import Answer, UnknownOutcome
from gpb_pipeline.sis.halt import Halt
from gpb_pipeline.warehouse.faults import LockLostError

BROKEN = UnknownOutcome(Answer(500), item="a row")
Row = tuple[str, str | None]


def halted(*rows: Row) -> bool:
    halt = Halt(Brake())
    for row in rows:
        halt.broken(BROKEN, *row)
    return halt.now()


def test_a_course_that_is_ours_no_more_is_written_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = False

    def assure() -> None:
        if lost:
            raise LockLostError("its lock is lost", item="course 1", remedy="Sync again.")

    monkeypatch.setattr("gpb_pipeline.sis.halt.ASSURED_FOR", 0.0)
    halt = Halt(Brake(), assure)
    assert not halt.now()
    lost = True
    assert halt.now()
    assert isinstance(halt.error, LockLostError)
    lost = False
    assert halt.now()


@pytest.mark.parametrize(
    ("rows", "is_outage"),
    [
        ([(f"item {n}", "Ada") for n in range(40)], False),
        ([("item 1", f"student {n}") for n in range(40)], False),
        ([(f"item {n}", student) for n in range(40) for student in ("Ada", "Alan")], False),
        ([(f"item {n % 2}", f"student {n}") for n in range(4)], False),
        ([(f"item {n % 2}", f"student {n}") for n in range(5)], True),
        ([("item 1", None)] * 40, False),
        ([(f"item {n}", None) for n in range(4)], False),
        ([(f"item {n}", None) for n in range(5)], True),
    ],
    ids=[
        "one student",
        "one item",
        "two students",
        "four",
        "five, two items",
        "one line item",
        "four line items",
        "five line items",
    ],
)
def test_errors_are_the_siss_own_when_no_student_and_no_line_item_explains_them(
    rows: list[Row],
    is_outage: bool,  # noqa: FBT001
) -> None:
    assert halted(*rows) is is_outage


def test_a_success_between_shows_that_it_is_up() -> None:
    halt = Halt(Brake())
    for n in range(40):
        halt.broken(BROKEN, f"item {n}", f"student {n}")
        if n % 4 == 3:
            halt.answered()
    assert not halt.now()
