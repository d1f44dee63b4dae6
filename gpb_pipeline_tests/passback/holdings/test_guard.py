"""What would be made anew beyond the guard's share waits for a word (decisions.md §6.2, §8.10)."""

from dataclasses import replace

from gpb_pipeline_tests.passback.courses import POLICY, SENT_AT, School, scored, student
from gpb_pipeline_tests.passback.syncs import DAY, Sis, codes, grades_of, night, writes

STRICT = replace(POLICY, withdraw_count=1, withdraw_share=0.1)
NAMES = ("a", "b", "c", "d")
CLASS = School(students=[student(each) for each in NAMES], submissions=[scored(8, each) for each in NAMES])


def test_many_that_are_gone_at_once_are_held_until_confirmed() -> None:
    sis = Sis()
    held = night(CLASS, sis).held
    for key in [key for key, each in sis.results.items() if each["student_id"] != "A-sourced"]:
        del sis.results[key]
    for days in (1, 2):
        again = night(CLASS, sis, held, at=SENT_AT + days * DAY, interrupted=True, policy=STRICT)
        held = again.held
        assert len(sis.results) == 1
        assert set(grades_of(again.outcome).values()) == {("unchanged", None), ("failed", "gone_held")}
    confirmed = night(CLASS, sis, held, at=SENT_AT + 3 * DAY, interrupted=True, policy=STRICT, confirm=True)
    assert len(sis.results) == 4
    assert "gone_held" not in codes(confirmed.outcome)


def test_a_move_to_another_class_is_held_until_confirmed() -> None:
    sis = Sis()
    held = night(CLASS, sis).held
    moved = CLASS.with_(classes={"C1": "C9"})
    again = night(moved, sis, held, at=SENT_AT + DAY, policy=STRICT)
    assert writes(again.plan) == {}
    states = again.outcome.grades.loc[again.outcome.grades["class_id"] == "C9", ["state", "code"]]
    assert set(states.itertuples(index=False, name=None)) == {("failed", "move_held")}
    assert "assignment_move_held" in codes(again.outcome)
    confirmed = night(moved, sis, again.held, at=SENT_AT + 2 * DAY, policy=STRICT, confirm=True)
    assert writes(confirmed.plan) == {"create": 5}
    assert len(sis.scores()) == 8


def test_one_that_is_gone_is_made_again_without_a_word() -> None:
    sis = Sis(serves_ids=True)
    held = night(CLASS, sis).held
    del sis.results[next(iter(sis.results))]
    again = night(CLASS, sis, held, at=SENT_AT + DAY, interrupted=True)
    assert writes(again.plan) == {"create": 1}
