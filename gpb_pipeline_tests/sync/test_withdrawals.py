"""What looks like a deletion and may not be one: a cleared gradebook, a curve, a copy, a section moved."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gpb_pipeline.events import CourseSynced
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.sync import copied
from gpb_pipeline_tests.sync.desk import ALGEBRA, SPANISH, Desk

PROJECT = Path(__file__).parents[2]
COPY = str(copied.COPY)


@pytest.fixture(scope="module")
def copied_school() -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PROJECT))  # the servers make the district
        with running_sandbox(f"{copied.__name__}:district", today=date(2026, 11, 24)) as running:
            yield running


def states(end: CourseSynced) -> Counter[str]:
    return Counter(end.outcome.grades["state"])


def issues(end: CourseSynced) -> Counter[str]:
    return Counter(end.outcome.issues["code"])


def act(desk: Desk, row: Any, **acts: Any) -> None:
    path = f"/courses/{ALGEBRA}/submissions/{row.assignment_id}/{row.user_id}"
    desk.sandbox.control("canvas", "PATCH", path, acts)


def test_a_cleared_gradebook_is_held_until_someone_confirms(strict_desk: Desk) -> None:
    rows = list(strict_desk.sync_one(ALGEBRA).outcome.grades.itertuples())
    held = strict_desk.held()
    for row in rows[:50]:
        act(strict_desk, row, score=None)
    act(strict_desk, rows[-1], score=1.25)
    before = strict_desk.written()
    for sent in (1, 0):  # the rest of the course goes; a second sync has nothing left to send
        end = strict_desk.sync_one(ALGEBRA, sync_type="nightly")
        assert end.status == "Completed (with errors)"
        assert states(end) == Counter(failed=50, updated=sent, unchanged=14 - sent)
        failed = end.outcome.grades[end.outcome.grades["state"] == "failed"]
        assert set(failed["code"]) == {"withdrawals_held"}
        assert issues(end) == {"withdrawals_held": 50}
        assert end.counts.withdrawn == 0
    assert strict_desk.written() - before == Counter(result=1)
    assert len(strict_desk.held()) == len(held) == 64
    confirmed = strict_desk.sync_one(ALGEBRA, confirm=True)
    assert (confirmed.status, states(confirmed)) == ("Completed", {"withdrawn": 50, "unchanged": 14})
    assert issues(confirmed) == {"mass_change": 1}
    assert len(strict_desk.held()) == 14
    after = strict_desk.sync_one(ALGEBRA)
    assert (after.status, states(after), issues(after)) == ("Completed", {"unchanged": 14}, {})


def test_a_remaster_is_held_as_well(desk: Desk) -> None:
    rows = list(desk.sync_one(ALGEBRA).outcome.grades.itertuples())
    for row in rows[:11]:
        act(desk, row, score=None)
    end = desk.sync_one(ALGEBRA, sync_type="remaster")
    assert states(end) == {"failed": 11, "updated": 53}
    assert len(desk.held()) == 64


def test_a_few_are_withdrawn_at_once(desk: Desk) -> None:
    rows = list(desk.sync_one(ALGEBRA).outcome.grades.itertuples())
    for row in rows[:10]:
        act(desk, row, score=None)
    end = desk.sync_one(ALGEBRA)
    assert (end.status, states(end), issues(end)) == ("Completed", {"withdrawn": 10, "unchanged": 54}, {})
    assert len(desk.held()) == 54


def test_grades_entered_again_release_what_was_held(desk: Desk) -> None:
    rows = list(desk.sync_one(ALGEBRA).outcome.grades.itertuples())
    held, before = desk.held(), desk.written()
    for row in rows:
        act(desk, row, score=None)
    assert states(desk.sync_one(ALGEBRA)) == {"failed": 64}
    for row in rows:
        act(desk, row, score=row.score)
    end = desk.sync_one(ALGEBRA)
    assert (end.status, states(end)) == ("Completed", {"unchanged": 64})
    assert (desk.held(), desk.written()) == (held, before)


def test_a_curve_over_the_whole_course_is_sent_and_remarked_on(strict_desk: Desk) -> None:
    rows: list[Any] = list(strict_desk.sync_one(ALGEBRA).outcome.grades.itertuples())
    held = strict_desk.held()
    for row in rows:
        act(strict_desk, row, score=row.score + 0.5)
    end = strict_desk.sync_one(ALGEBRA)
    assert (end.status, states(end)) == ("Completed", {"updated": 64})
    assert issues(end)["mass_change"] == 1
    assert strict_desk.held() == [
        (item, student, score + 0.5, status) for item, student, score, status in held
    ]


@pytest.mark.long
def test_a_course_copy_has_ids_of_its_own_and_touches_nothing_of_the_old(
    copied_school: Sandbox, desk_of: Callable[[Sandbox], Desk]
) -> None:
    desk = desk_of(copied_school)
    old = desk.sync_one(ALGEBRA)
    before = desk.sandbox.state()
    new = desk.sync_one(COPY)
    after = desk.sandbox.state()
    for kind in ("line_items", "results"):
        assert [each for each in after[kind] if each in before[kind]] == before[kind]
        assert len(after[kind]) == 2 * len(before[kind])
    assert not set(old.outcome.grades["result_id"]) & set(new.outcome.grades["result_id"])
    assert not set(old.outcome.assignments["line_item_id"]) & set(new.outcome.assignments["line_item_id"])
    again = desk.sync(ALGEBRA, COPY)
    assert states(again[ALGEBRA]) == states(again[COPY]) == {"unchanged": 64}


@pytest.mark.long
def test_a_section_cross_listed_and_back_keeps_its_line_items_and_doubles_nothing(strict_desk: Desk) -> None:
    desk, section = strict_desk, f"{ALGEBRA}0002"
    desk.sync(ALGEBRA, SPANISH)
    held, before = desk.held(), desk.written()
    desk.sandbox.control("canvas", "PATCH", f"/courses/{ALGEBRA}/sections/{section}", {"course_id": 1006})
    moved = desk.sync(ALGEBRA, SPANISH)
    assert {course_id: end.status for course_id, end in moved.items()} == dict.fromkeys(moved, "Completed")
    assert states(moved[ALGEBRA]) == {"unchanged": 32}
    assert issues(moved[SPANISH])["orphan"] == 32  # the SIS keeps them, and the course that has them says so
    assert (desk.held(), desk.written()) == (held, before)
    desk.sandbox.control("canvas", "PATCH", f"/courses/{SPANISH}/sections/{section}", {"course_id": 1001})
    back = desk.sync(ALGEBRA, SPANISH)
    assert states(back[ALGEBRA]) == {"unchanged": 64}
    assert issues(back[SPANISH])["orphan"] == 0
    assert (desk.held(), desk.written()) == (held, before)
