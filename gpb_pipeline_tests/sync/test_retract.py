"""What is taken back, and what is not: an edit, a column on which anything stands, who has left."""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import pytest

from gpb_pipeline.passback.holdings.differences import PRESELECTED
from gpb_pipeline.reconcile import Reconciled, orphans, read_back, reconcile, retract
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import holdings
from gpb_pipeline_tests.sandbox.clients import CanvasUser
from gpb_pipeline_tests.sync.desk import ALGEBRA, BIOLOGY, ENGLISH, SPANISH, Desk
from gpb_pipeline_tests.sync.gradebook import in_sis
from gpb_pipeline_tests.sync.test_moves import class_of, sections, set_section

RESULTS = 10  # on each of the course's columns
Row = Any


def took(desk: Desk, sourced_ids: Collection[str] = (), *, confirm: bool = False) -> Reconciled:
    with desk.connected() as connections:
        return retract(connections, SPANISH, sourced_ids, posted_by="a test", confirm=confirm)


def looked(desk: Desk, course_id: str = SPANISH) -> Reconciled:
    with desk.connected() as connections:
        [found] = reconcile(connections, [course_id], posted_by="a test")
        return found


def listed(desk: Desk) -> frozenset[str]:
    """What could be taken back now."""
    found = took(desk).told
    assert found is not None
    return frozenset(orphans(found)["sourced_id"])


def unticked(desk: Desk, assignment_id: str) -> None:
    path = f"/courses/{SPANISH}/assignments/{assignment_id}"
    desk.sandbox.control("canvas", "PATCH", path, {"post_to_sis": False})


def an_orphaned_column(desk: Desk) -> tuple[Row, Row, Row]:
    """Sync, and un-tick an assignment: its column, its grades, and those of the others."""
    first = desk.sync_one(SPANISH)
    column = first.outcome.assignments.iloc[0]
    unticked(desk, column.assignment_id)
    desk.next_night()
    of_it = first.outcome.grades["assignment_id"] == column.assignment_id
    return column, first.outcome.grades[of_it], first.outcome.grades[~of_it]


def edit(desk: Desk, result_id: str, **values: Any) -> None:
    desk.sandbox.control("sis", "PATCH", f"/results/{result_id}", values or {"score": 0.5})


def scores(desk: Desk) -> dict[str, float]:
    return {each["sourced_id"]: each["score"] for each in desk.sandbox.state()["results"]}


def stands(desk: Desk, column: Row) -> bool:
    return column.line_item_id in {each["sourced_id"] for each in desk.sandbox.state()["line_items"]}


def empty_once_before_a_column_goes(desk: Desk) -> None:
    """The class's results are listed whole for the look, and as none just before the column is deleted."""
    empty = {"effect": "status", "status": 200, "body": {"results": []}, "skip": 1, "times": 1}
    desk.sandbox.set_faults("sis", empty | {"method": "GET", "path": r"/classes/[^/]+/results"})


def test_an_empty_list_is_no_leave_to_delete_a_column(strict_desk: Desk) -> None:
    column, grades, _ = an_orphaned_column(strict_desk)
    assert column.line_item_id in listed(strict_desk)
    empty_once_before_a_column_goes(strict_desk)
    done = took(strict_desk, {column.line_item_id})
    assert (done.status, done.written) == ("Completed (with errors)", {})
    assert stands(strict_desk, column)
    assert set(grades["result_id"]) <= set(scores(strict_desk))


@pytest.mark.long
def test_a_column_with_a_result_that_was_left_stays(strict_desk: Desk) -> None:
    column, grades, _ = an_orphaned_column(strict_desk)
    edited = grades["result_id"].iloc[0]
    edit(strict_desk, edited)
    chosen = listed(strict_desk)
    empty_once_before_a_column_goes(strict_desk)
    done = took(strict_desk, chosen, confirm=True)
    assert (done.status, done.written) == ("Completed (with errors)", {"grade": RESULTS - 1})
    assert stands(strict_desk, column)
    assert scores(strict_desk)[edited] == 0.5


@pytest.mark.long
def test_a_result_that_cannot_be_read_keeps_its_column(strict_desk: Desk) -> None:
    column, grades, _ = an_orphaned_column(strict_desk)
    unreadable = grades["result_id"].iloc[0]
    edit(strict_desk, unreadable, student_id="")
    done = took(strict_desk, listed(strict_desk) - {unreadable}, confirm=True)
    assert done.status == "Completed (with errors)"
    assert stands(strict_desk, column)
    assert unreadable in scores(strict_desk)


@pytest.mark.long
def test_an_edit_of_what_is_not_wanted_stays_one_after_any_sync(strict_desk: Desk) -> None:
    """Under `overwrite`, too: nobody overwrites it, and so nobody takes it back."""
    desk = strict_desk
    _, grades, others = an_orphaned_column(desk)
    edited = grades["result_id"].iloc[0]
    edit(desk, edited)
    other = others.iloc[0]
    path = f"/courses/{SPANISH}/submissions/{other.assignment_id}/{other.user_id}"
    desk.sandbox.control("canvas", "PATCH", path, {"score": 2.25})
    desk.sync_one(SPANISH, sync_type="nightly")
    desk.next_night()
    took(desk, listed(desk), confirm=True)
    assert scores(desk)[edited] == 0.5


def with_another_class(desk: Desk) -> tuple[str, Row]:
    """Sync, give the section another class, sync again: the old class and the grades of the first sync."""
    first = desk.sync_one(SPANISH)
    [section] = sections(desk, SPANISH)
    old = class_of(desk, section["sis_section_id"])
    made = {"title": "Spanish", "code": "NEW-1", "roster_of": old}
    desk.sandbox.control("sis", "PUT", f"/classes/{class_of(desk, 'NEW-1')}", made)
    set_section(desk, SPANISH, section, "NEW-1")
    desk.sync_one(SPANISH, confirm=True)
    desk.next_night()
    return old, first.outcome.grades


def test_a_class_that_the_section_left_is_read_before_anything_is_taken_back(strict_desk: Desk) -> None:
    _, grades = with_another_class(strict_desk)
    edited = grades["result_id"].iloc[0]
    edit(strict_desk, edited)
    took(strict_desk, listed(strict_desk), confirm=True)
    assert scores(strict_desk)[edited] == 0.5


@pytest.mark.long
def test_a_class_that_nobody_can_reach_is_told_and_left_alone(desk: Desk) -> None:
    old, _ = with_another_class(desk)
    missing = {"effect": "status", "status": 404, "path": f"/classes/{old}", "times": None}
    desk.sandbox.set_faults("sis", missing)
    found = looked(desk)
    assert (found.status, found.unread, dict(found.counts)) == ("Completed", (old,), {"moved": 33})
    before = desk.written()
    done = took(desk, listed(desk), confirm=True)
    assert (done.status, done.written) == ("Completed (with errors)", {})
    assert desk.written() == before


def test_who_has_left_is_not_preselected_whatever_became_of_the_assignment(desk: Desk) -> None:
    _, grades, _ = an_orphaned_column(desk)
    leaver = grades.iloc[0]
    enrolled = f"/courses/{SPANISH}/enrollments"
    people = CanvasUser(desk.sandbox).all(f"{enrolled}?type[]=StudentEnrollment&state[]=active&per_page=100")
    [theirs] = [each["id"] for each in people if str(each["user_id"]) == leaver.user_id]
    desk.sandbox.control("canvas", "PATCH", f"{enrolled}/{theirs}", {"state": "deleted"})
    found = looked(desk).told
    assert found is not None
    of_leaver = found[found["user_id"] == leaver.user_id]
    assert set(of_leaver["cause"]) == {"left"}
    assert leaver.result_id not in set(orphans(found, PRESELECTED)["sourced_id"])
    assert Counter(found["cause"])["not_synced_any_more"] == RESULTS  # nine grades and the column


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ("/assignments$", "points_possible", "ten"),
        pytest.param("/assignments$", "id", None, marks=pytest.mark.long),  # test_differences.py has it
    ],
    ids=["an assignment of so many points", "an assignment without an id"],
)
def test_what_canvas_gives_in_a_shape_that_nobody_can_read_is_not_taken_back(
    strict_desk: Desk, path: str, key: str, value: Any
) -> None:
    desk = strict_desk
    assignment = desk.sync_one(SPANISH).outcome.assignments.iloc[0].assignment_id
    spoilt = [{"path": path, "id": int(assignment), "key": key, "value": value}]
    desk.sandbox.control("canvas", "PUT", "/spoilt", spoilt)
    found = looked(desk)
    assert found.counts == {"unreadable_in_canvas": RESULTS + 1}
    assert listed(desk) == frozenset()


def test_what_was_never_answered_is_not_said_to_be_taken_back(
    provider: Sandbox, desk_of: Callable[[Sandbox], Desk]
) -> None:
    desk = desk_of(provider)
    desk.sandbox.set_temperaments(lists_late="publish")
    desk.sandbox.set_faults("sis", {"effect": "lost_answer", "method": "PUT", "path": "/results/"})
    grades = desk.sync_one(SPANISH).outcome.grades
    [lost] = grades[grades["code"] == "sis_unknown_outcome"].to_dict("records")
    unticked(desk, lost["assignment_id"])
    desk.next_night()
    before = desk.written()
    found = took(desk, listed(desk), confirm=True)
    assert found.told is not None
    assert found.status == "Completed (with errors)"
    assert len(in_sis(desk.sandbox)) == 1 + len(grades) - RESULTS
    assert desk.written() - before == Counter(result=RESULTS - 1)


@pytest.mark.long
def test_a_section_that_is_elsewhere_is_told_as_what_it_is_and_preselected_by_nobody(desk: Desk) -> None:
    desk.sync_one(ALGEBRA)
    section = sections(desk, ALGEBRA)[-1]
    set_section(desk, ALGEBRA, section, None)
    assert set(looked(desk, ALGEBRA).counts) == {"without_sis_id"}
    set_section(desk, ALGEBRA, section, "no such class")
    assert set(looked(desk, ALGEBRA).counts) == {"without_class"}
    set_section(desk, ALGEBRA, section, section["sis_section_id"])
    assert looked(desk, ALGEBRA).counts == {}
    path = f"/courses/{ALGEBRA}/sections/{section['id']}"
    desk.sandbox.control("canvas", "PATCH", path, {"course_id": int(SPANISH)})
    found = looked(desk).told
    assert found is not None
    held = found[found["sourced_id"].notna()]
    assert set(held["cause"]) <= {"of_another_course", "left"}
    assert "of_another_course" in set(held["cause"])
    assert orphans(found, PRESELECTED).empty


@pytest.mark.long
def test_what_a_section_without_a_class_holds_has_one_state_and_is_taken_back_by_name(
    strict_desk: Desk,
) -> None:
    desk = strict_desk
    desk.sync_one(ALGEBRA)
    section = sections(desk, ALGEBRA)[-1]
    set_section(desk, ALGEBRA, section, "no such class")
    end = desk.sync_one(ALGEBRA)
    key = ["section_id", "assignment_id", "user_id"]
    assert not end.outcome.grades.duplicated(key).any()
    assert not end.outcome.assignments.duplicated(key[:2]).any()
    here = end.outcome.grades["section_id"] == str(section["id"])
    assert set(end.outcome.grades.loc[here & end.outcome.grades["held"], "state"]) == {"failed"}
    assert end.outcome.grades.loc[~here, "code"].isin(["orphan", "moved"]).sum() == 0
    desk.next_night()
    told = looked(desk, ALGEBRA).told
    assert told is not None
    there = orphans(told, ["without_class"])
    assert set(there["kind"]) == {"assignment", "grade"}
    with desk.connected() as connections:
        done = retract(connections, ALGEBRA, set(there["sourced_id"]), posted_by="a test", confirm=True)
    assert done.written == Counter(there["kind"])
    assert looked(desk, ALGEBRA).counts == {}


@pytest.mark.long
def test_what_a_section_left_that_canvas_deleted_is_found_and_taken_back_by_name(strict_desk: Desk) -> None:
    desk = strict_desk
    desk.sync_one(ALGEBRA)
    section = sections(desk, ALGEBRA)[-1]
    desk.sandbox.control("canvas", "DELETE", f"/courses/{ALGEBRA}/sections/{section['id']}")
    desk.next_night()
    desk.sync_one(ALGEBRA)  # the warehouse knows the course without it
    before = desk.written()
    with desk.connected() as connections:
        assert connections.warehouse.read(holdings.longest_unread) == [ALGEBRA]
    told = looked(desk, ALGEBRA).told
    assert told is not None
    of_section = told["section_id"] == str(section["id"])
    assert set(told.loc[of_section, "cause"]) == {"section_deleted"}
    assert orphans(told, PRESELECTED).empty
    assert desk.written() == before
    theirs = frozenset(orphans(told, ["section_deleted"])["sourced_id"])
    with desk.connected() as connections:
        done = retract(connections, ALGEBRA, theirs, posted_by="a test", confirm=True)
    assert done.written == dict(Counter(told.loc[of_section, "kind"]))
    assert not {each["sourced_id"] for each in desk.sandbox.state()["results"]} & theirs


@pytest.mark.long
def test_courses_that_cannot_be_read_hold_nobodys_place(desk: Desk) -> None:
    desk.sync(ALGEBRA, ENGLISH, BIOLOGY)
    refused = {"effect": "status", "status": 403, "times": None, "body": {"errors": [{"message": "no"}]}}
    faults = [refused | {"path": f"/courses/{course_id}"} for course_id in (ALGEBRA, ENGLISH)]
    desk.sandbox.set_faults("canvas", *faults)
    read = []
    for _ in range(2):
        desk.next_night()
        with desk.connected() as connections:
            found = list(read_back(connections, posted_by="the night"))
        read.append([each.course_id for each in found if each.error is None])
    assert read == [[], [BIOLOGY]]  # one course a night, two tries; both others are at the back by then
    with desk.connected() as connections:
        assert connections.warehouse.read(holdings.longest_unread)[-1] == BIOLOGY


def test_no_course_is_begun_to_be_read_back_after_the_nights_end(desk: Desk) -> None:
    desk.sync_one(SPANISH)
    desk.next_night()
    with desk.connected() as connections:
        until, before = connections.clock(), desk.sandbox.requests_seen("sis")
        assert list(read_back(connections, posted_by="the night", until=until)) == []
        assert list(reconcile(connections, [SPANISH], posted_by="the night", until=until)) == []
        assert desk.sandbox.requests_seen("sis") == before
        later = until + timedelta(hours=1)
        [read] = read_back(connections, posted_by="the night", until=later)
    assert (read.course_id, read.error) == (SPANISH, None)


@pytest.mark.parametrize("policy", ["keep", pytest.param("flag", marks=pytest.mark.long)])
def test_a_column_that_was_edited_keeps_no_grade_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    monkeypatch.setenv("SIS_ON_EDIT", policy)
    first = desk.sync_one(SPANISH)
    grade = first.outcome.grades.iloc[0]
    path = f"/line_items/{grade.line_item_id}"
    desk.sandbox.control("sis", "PATCH", path, {"title": "A teacher's own"})
    looked(desk)
    desk.next_night()
    changed = f"/courses/{SPANISH}/submissions/{grade.assignment_id}/{grade.user_id}"
    desk.sandbox.control("canvas", "PATCH", changed, {"score": 2.25})
    end = desk.sync_one(SPANISH, sync_type="nightly")
    assert scores(desk)[grade.result_id] == 2.25
    said = end.outcome.assignments.set_index("assignment_id").loc[grade.assignment_id]
    expected = ("failed", "assignment_edited_in_sis") if policy == "flag" else ("unchanged", None)
    assert (said["state"], said["code"]) == expected
    titles = {each["title"] for each in desk.sandbox.state()["line_items"]}
    assert "A teacher's own" in titles
