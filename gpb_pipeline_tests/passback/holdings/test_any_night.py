"""Arbitrary wishes against arbitrary holdings and an arbitrary SIS: it comes to hold what is wanted, once."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS
from gpb_pipeline_tests.passback.courses import (
    POLICY,
    SENT_AT,
    School,
    assignment,
    scored,
    student,
    unscored,
)
from gpb_pipeline_tests.passback.syncs import DAY, Key, Sis, night, writes

STUDENTS, WORKS = ("a", "b", "c"), ("10", "11")
FREE = replace(POLICY, withdraw_count=1000)
KEYS: list[Key] = [("1", work) for work in WORKS] + [("1", work, who) for work in WORKS for who in STUDENTS]
few = settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])

cells = st.fixed_dictionaries(
    {(who, work): st.sampled_from([None, 0.0, 7.5, 8.0]) for who in STUDENTS for work in WORKS}
)


def course(scores: dict[tuple[str, str], float | None]) -> School:
    return School(
        students=[student(each) for each in STUDENTS],
        assignments=[assignment(each) for each in WORKS],
        submissions=[
            unscored(who, work) if score is None else scored(score, who, work)
            for (who, work), score in scores.items()
        ],
    )


@few
@given(
    earlier=cells,
    later=cells,
    chooses_ids=st.booleans(),
    late=st.booleans(),
    lost=st.sets(st.sampled_from(KEYS), max_size=3),
    taken=st.sets(st.sampled_from(KEYS), max_size=3),
    dice=st.randoms(use_true_random=False),
)
def test_after_some_quiet_nights_the_sis_holds_what_canvas_says_and_nothing_twice(
    *, earlier: Any, later: Any, chooses_ids: bool, late: bool, lost: Any, taken: Any, dice: Any
) -> None:
    sis = Sis(
        chooses_ids=chooses_ids,
        late=late,
        serves_ids=True,
        loses_writes=frozenset(lost),
        loses_answers=frozenset(taken - lost),
    )
    held = night(course(earlier), sis, NO_HOLDINGS, policy=FREE).held
    if sis.results and dice.random() < 0.5:
        sis.results[dice.choice(sorted(sis.results))]["score"] = 1.0  # an edit in the SIS
    if sis.results and dice.random() < 0.5:
        del sis.results[dice.choice(sorted(sis.results))]
    sis.loses_writes = sis.loses_answers = frozenset()
    sis.late = False
    before = len(sis.writes)
    for days in (1, 2, 3):
        last = night(course(later), sis, held, at=SENT_AT + days * DAY, interrupted=True, policy=FREE)
        held = last.held
    wanted = {
        ("C1", f"Quiz {work}", f"{who.upper()}-sourced"): (score, False)
        for (who, work), score in later.items()
        if score is not None
    }
    assert sis.scores() == wanted
    assert len({each["title"] for each in sis.line_items.values()}) == len(sis.line_items)
    cleared = {("1", work, who) for (who, work), score in later.items() if score is None}
    assert {key for state, key in sis.writes[before:] if state == "withdraw"} <= cleared
    assert writes(night(course(later), sis, held, at=SENT_AT + 4 * DAY, interrupted=True).plan) == {}


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
def test_a_gradebook_of_240_students_and_40_assignments_is_known_again(*, chooses_ids: bool) -> None:
    students = [f"s{number:03}" for number in range(240)]
    works = [str(number) for number in range(10, 50)]
    school = School(
        students=[student(each) for each in students],
        assignments=[assignment(each) for each in works],
        submissions=[scored(8, who, work) for who in students for work in works],
    )
    sis = Sis(chooses_ids=chooses_ids)
    held = night(school, sis).held
    unknown = replace(
        held,
        results=held.results.assign(certainty="unknown", result_id=[f"asked-{n}" for n in held.results.index])
        if chooses_ids
        else held.results.iloc[:0],
    )
    again = night(school, sis, unknown, at=SENT_AT + DAY, interrupted=True)
    assert writes(again.plan) == {}
    assert len(list(rows_of(again.held.results))) == 9600
