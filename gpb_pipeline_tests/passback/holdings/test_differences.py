"""Why the SIS holds what nothing asks for; what is taken back unasked is never the only copy of a grade."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gpb_pipeline.passback.course import Reject, RejectKind
from gpb_pipeline.passback.holdings import plan as planning
from gpb_pipeline.passback.holdings.differences import (
    ORPHANED,
    PRESELECTED,
    CourseNow,
    differences,
    told_again,
)
from gpb_pipeline.passback.holdings.frames import Holdings
from gpb_pipeline.passback.holdings.moved import taken_over
from gpb_pipeline.passback.holdings.see import see
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline_tests.passback.courses import (
    POLICY,
    SENT_AT,
    School,
    assignment,
    mapped,
    period,
    scored,
    student,
    two_sections,
)
from gpb_pipeline_tests.passback.syncs import DAY, Key, Sis, grades_of, judged, night

FREE = replace(POLICY, withdraw_count=1000)
GUARDED = replace(POLICY, withdraw_share=0.0, withdraw_count=0)
BEFORE = two_sections(students=[student("a", "1"), student("b", "2")])
BOTH = [student("a", "2"), student("b", "2")]
MOVED: Any = {"students": BOTH, "submissions": [scored(8, "a"), scored(9, "b")]}
THEIRS = ("grade", "1", "10", "a")


def causes(
    school: School, sis: Sis, held: Holdings, *, days: float = 2, laid_aside: Sequence[Reject] = ()
) -> dict[Key, str]:
    """Read all classes back, and say of each difference why it is one, as `gpb reconcile` does."""
    held, at = taken_over(held, school.places), SENT_AT + days * DAY
    class_ids = school.places.class_ids | frozenset(held.line_items["class_id"])
    book = sis.gradebook(class_ids, at)
    seen = told_again(see(held, book, school.places, job_id="look", since=None, provider=sis.chooses_ids))
    rows = judged(school, seen, policy=FREE, confirm=True)
    over = planning.plan(rows, seen, FREE, "manual", confirm=True)
    canvas = replace(school.canvas, rejects=tuple(laid_aside))
    now = CourseNow.of(canvas, school.places, frozenset())
    told = differences(over.rows, over.holdings, now).fillna({"user_id": ""})
    keys = told[["kind", "section_id", "assignment_id", "user_id"]].itertuples(index=False, name=None)
    return dict(zip(keys, told["cause"], strict=True))


KEPT_BACK: dict[str, dict[str, Any]] = {
    "not on the new roster": {"off_roster": frozenset("A")},
    "hidden there": {"submissions": [scored(8, "a", posted_at=None), scored(9, "b")]},
    "its period is closed": {"periods": [period("Q1", "2026-09-01", "2026-12-31", "2", closed=True)]},
    "its category is no one's": {"mapping": [mapped(None, section_id="2")]},
}


@pytest.mark.parametrize("chooses_ids", [False, True], ids=["consumer", "provider"])
@pytest.mark.parametrize("kept_back", KEPT_BACK.values(), ids=KEPT_BACK)
def test_a_grade_whose_new_place_does_not_hold_it_has_not_moved(
    kept_back: dict[str, Any], *, chooses_ids: bool
) -> None:
    sis = Sis(chooses_ids=chooses_ids)
    held = night(BEFORE, sis, policy=FREE).held
    school = two_sections(**(MOVED | kept_back))
    again = night(school, sis, held, at=SENT_AT + DAY, policy=FREE)
    assert grades_of(again.outcome)["1", "10", "a"] == ("skipped", "orphan")
    told = causes(school, sis, again.held)
    assert told[THEIRS] == "not_moved_yet"
    assert told[THEIRS] not in PRESELECTED


def test_a_grade_that_its_new_place_refused_has_not_moved() -> None:
    sis = Sis()
    held = night(BEFORE, sis, policy=FREE).held
    sis.refuses = frozenset({("2", "10", "a")})
    again = night(two_sections(**MOVED), sis, held, at=SENT_AT + DAY, policy=FREE)
    assert causes(two_sections(**MOVED), sis, again.held)[THEIRS] == "not_moved_yet"


@pytest.mark.parametrize("effect", ["lost", "shown without a score", "gone since"])
def test_a_grade_that_its_new_place_does_not_show_has_not_moved(effect: str) -> None:
    sis, school = Sis(), two_sections(**MOVED)
    held = night(BEFORE, sis, policy=FREE).held
    sis.loses_writes = frozenset({("2", "10", "a")} if effect == "lost" else ())
    again = night(school, sis, held, at=SENT_AT + DAY, policy=FREE)
    for key, each in list(sis.results.items()):
        if effect != "lost" and (each["class_id"], each["student_id"]) == ("C2", "A-sourced"):
            if effect == "shown without a score":
                each["score"] = None
            else:
                del sis.results[key]
    assert causes(school, sis, again.held)[THEIRS] == "not_moved_yet"


def test_a_grade_that_stands_in_its_new_place_has_moved_and_its_row_says_so_from_then_on() -> None:
    sis, school = Sis(), two_sections(**MOVED)
    held = night(BEFORE, sis, policy=FREE).held
    again = night(school, sis, held, at=SENT_AT + DAY, policy=FREE)
    assert grades_of(again.outcome)["1", "10", "a"] == ("skipped", "orphan")  # nothing stood there before
    assert causes(school, sis, again.held) == {THEIRS: "moved"}
    third = night(school, sis, again.held, at=SENT_AT + 2 * DAY, policy=FREE)
    assert grades_of(third.outcome)["1", "10", "a"] == ("skipped", "moved")


def test_what_a_section_left_has_moved_column_by_column_as_the_new_class_holds_it() -> None:
    sis = Sis()
    alone = School(
        assignments=[assignment("10"), assignment("11")], submissions=[scored(), scored(7, "a", "11")]
    )
    held = night(alone, sis, policy=FREE).held
    school = alone.with_(classes={"C1": "C9"})
    waits = night(school, sis, held, at=SENT_AT + DAY, policy=GUARDED)  # so many wait for a word
    told = causes(school, sis, waits.held)
    assert {told[kind, "1", each, user] for kind, user in OF_BOTH for each in ("10", "11")} == {
        "not_moved_yet"
    }
    sis.refuses = frozenset({("1", "11")})
    went = night(school, sis, waits.held, at=SENT_AT + 2 * DAY, policy=FREE, confirm=True)
    told = causes(school, sis, went.held, days=3)
    assert {told[kind, "1", "10", user] for kind, user in OF_BOTH} == {"moved"}
    assert {told[kind, "1", "11", user] for kind, user in OF_BOTH} == {"not_moved_yet"}


OF_BOTH = (("assignment", ""), ("grade", "a"))


def aside(kind: RejectKind, **ids: str) -> Reject:
    return Reject(kind=kind, item_id=None, code=Code.UNREADABLE_GRADE, met="score: text", **ids)


UNREADABLE: dict[str, tuple[School, Reject]] = {
    "the assignment": (School(assignments=[], submissions=[]), aside("assignment", assignment_id="10")),
    "an assignment without an id": (School(assignments=[], submissions=[]), aside("assignment")),
    "the submission": (School(submissions=[]), aside("submission", assignment_id="10", user_id="a")),
    "the enrollment": (School(students=[], submissions=[]), aside("enrollment", user_id="a")),
    "the section": (School(sections=[], students=[]), aside("section", section_id="1")),
}


@pytest.mark.parametrize(("school", "reject"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_canvas_gave_and_nobody_could_read_is_not_said_to_be_gone_and_is_not_taken_back(
    school: School, reject: Reject
) -> None:
    sis = Sis()
    held = night(School(), sis, policy=FREE).held
    assert causes(school, sis, held, laid_aside=[reject])[THEIRS] == "unreadable_in_canvas"
    assert "unreadable_in_canvas" not in ORPHANED
    other = aside("submission", assignment_id="11", user_id="a")
    assert causes(school, sis, held, laid_aside=[other])[THEIRS] in {
        "deleted_in_canvas",
        "not_given_by_canvas",
        "left",
        "section_deleted",
    }


def test_a_grade_of_which_canvas_gives_nothing_is_not_taken_back_unasked() -> None:
    sis = Sis()
    held = night(School(), sis, policy=FREE).held
    assert causes(School(submissions=[]), sis, held)[THEIRS] == "not_given_by_canvas"
    unassigned = School(submissions=[scored(8, assigned=False)])
    assert causes(unassigned, sis, held)[THEIRS] == "not_synced_any_more"
    assert "not_given_by_canvas" not in PRESELECTED


def test_what_the_sis_accepted_and_did_not_take_is_no_change_of_canvas() -> None:
    sis = Sis()
    held = night(School(), sis, policy=FREE).held
    sis.deaf = True
    better = School(submissions=[scored(9)])
    again = night(better, sis, held, at=SENT_AT + DAY, policy=FREE)
    assert causes(better, sis, again.held)[THEIRS] == "not_taken"


def test_what_was_changed_alike_on_both_sides_is_no_difference() -> None:
    sis = Sis()
    held = night(School(), sis, policy=FREE).held
    [theirs] = sis.results.values()
    theirs["score"] = 9.0
    assert causes(School(submissions=[scored(9)]), sis, held) == {}


def test_a_student_with_another_sis_id_who_has_nothing_by_it_has_not_moved() -> None:
    sis = Sis()
    held = night(School(), sis, policy=FREE).held
    renamed = School(students=[student("a", sis_user_id="X")], submissions=[scored(8, posted_at=None)])
    again = night(renamed, sis, held, at=SENT_AT + DAY, policy=FREE)
    assert causes(renamed, sis, again.held)[THEIRS] == "not_moved_yet"
