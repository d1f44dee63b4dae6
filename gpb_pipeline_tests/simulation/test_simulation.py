"""A slice of `make simulate` in every test run, and the proof that it can fail (docs/reliability.md)."""

from pathlib import Path

import pytest

from gpb_pipeline_tests.simulation.faults import FAULTS, hunted
from gpb_pipeline_tests.simulation.history import History

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


@pytest.mark.parametrize("seed", [2, 5, 9])
def test_seven_hundred_nights_break_nothing(seed: int) -> None:
    assert list(History(seed=seed, cases=100).broken()) == []


@pytest.mark.long
def test_a_course_lives_the_same_life_again() -> None:
    lives = [History(seed=2, cases=20) for _ in range(2)]
    for life in lives:
        assert list(life.broken()) == []
    assert lives[0].sis.log == lives[1].sis.log
    assert (lives[0].sis.items, lives[0].sis.results) == (lives[1].sis.items, lives[1].sis.results)


LONG = {"a class with a new id is not followed", "a write without an answer is forgotten"}
"""Take half a minute to be found."""


@pytest.mark.parametrize(
    "fault",  # every sixth; `make faults` plants each
    [pytest.param(each, marks=pytest.mark.long) if each in LONG else each for each in list(FAULTS)[::6]],
)
def test_a_planted_fault_is_found(fault: str) -> None:
    assert hunted(FAULTS[fault]) is not None


@pytest.mark.parametrize("fault", FAULTS)
def test_the_page_tells_of_each_planted_fault(fault: str) -> None:
    assert f"| {fault} |" in PAGE.read_text(encoding="utf-8")
