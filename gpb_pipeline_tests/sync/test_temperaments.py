"""SISs as people report them, judged by the SIS's own log: nothing doubled or lost, every state true.

Each is met in both id modes and dialects, and ends with a quiet night in which nothing is written.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from gpb_pipeline.events import CourseJudged, CourseSynced
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.model import LineItem
from gpb_pipeline.sync import Posting
from gpb_pipeline_tests.sandbox.clients import CanvasUser
from gpb_pipeline_tests.sync.conftest import TODAY
from gpb_pipeline_tests.sync.desk import SPANISH, Desk
from gpb_pipeline_tests.sync.gradebook import Cell, in_canvas, in_sis
from gpb_pipeline_tests.sync.test_interruptions import kill_while_posting

GRADES, ITEMS = 30, 3


def states(end: CourseSynced) -> dict[str, int]:
    return Counter(end.outcome.grades["state"])


def codes(end: CourseSynced) -> set[str]:
    return set(end.outcome.issues["code"])


def whole(desk: Desk) -> None:
    """The SIS holds each grade of the course once, and each column once."""
    items = desk.sandbox.state()["line_items"]
    assert len({(each["class_id"], each["title"]) for each in items}) == len(items) == ITEMS
    assert len(in_sis(desk.sandbox)) == GRADES


def equal(desk: Desk) -> None:
    """The SIS holds what Canvas has."""
    whole(desk)
    held = {
        Cell(*(part.removeprefix("own-") for part in cell)): each
        for cell, each in in_sis(desk.sandbox).items()
    }
    assert held == in_canvas(desk.sandbox, SPANISH).grades


def quiet(desk: Desk) -> CourseSynced:
    """Another night writes nothing."""
    before = desk.written()
    desk.next_night()
    end = desk.sync_one(SPANISH, sync_type="nightly")
    assert desk.written() == before
    assert states(end) == {"unchanged": GRADES}
    assert end.status == "Completed"
    return end


def graded(desk: Desk) -> list[dict[str, Any]]:
    """The course's submissions with a score, always in one order."""
    path = f"/courses/{SPANISH}/students/submissions?student_ids[]=all&per_page=100"
    rows = [each for each in CanvasUser(desk.sandbox).all(path) if each["score"] is not None]
    return sorted(rows, key=lambda each: int(each["id"]))


def score(desk: Desk, number: int, value: float | None) -> None:
    """Enter a score for one of the course's grades."""
    row = graded(desk)[number]
    path = f"/courses/{SPANISH}/submissions/{row['assignment_id']}/{row['user_id']}"
    desk.sandbox.control("canvas", "PATCH", path, {"score": value})


def results(desk: Desk) -> list[dict[str, Any]]:
    return desk.sandbox.state()["results"]


def test_a_list_without_rows_after_a_crash_is_not_believed(strict_desk: Desk) -> None:
    desk = strict_desk
    kill_while_posting(desk, SPANISH, results=10)
    desk.sandbox.set_temperaments(empty_lists=8)
    end = desk.events(desk.request(SPANISH))[-1]
    desk.sandbox.set_temperaments()
    assert (
        getattr(end, "status", "Failed") != "Completed"
        or desk.sandbox.environment["SIS_ID_MODE"] == "consumer"
    )
    whole_or_less = desk.sandbox.state()
    assert len(whole_or_less["line_items"]) == ITEMS
    desk.next_night()
    desk.sync_one(SPANISH)
    equal(desk)
    assert desk.kinds()["result", "create"] == GRADES
    quiet(desk)


def test_a_list_without_rows_after_a_whole_sync_fails_the_look_up(strict_desk: Desk) -> None:
    desk = strict_desk
    desk.sync_one(SPANISH)
    score(desk, 0, 3.5)
    lost = {"effect": "lost_answer", "method": "PUT", "path": "/results/", "times": None}
    unread = {"effect": "status", "status": 503, "method": "GET", "path": "/results", "times": None}
    desk.sandbox.set_faults("sis", lost, unread)
    desk.events(desk.request(SPANISH))
    desk.sandbox.set_faults("sis")
    desk.sandbox.set_temperaments(empty_lists=2)
    failed = desk.fails(SPANISH)
    assert failed.error.code == "short_read"
    desk.sandbox.set_temperaments()
    desk.sync_one(SPANISH)
    equal(desk)
    quiet(desk)


@pytest.fixture(scope="module")
def newer_consumer() -> Iterator[Sandbox]:
    with running_sandbox(today=TODAY, dialect="oneroster-1.2") as running:
        yield running


@pytest.mark.long
@pytest.mark.parametrize("dialect", ["consumer", "newer_consumer"])
def test_our_ids_in_capitals_are_ours(
    request: pytest.FixtureRequest, desk_of: Callable[[Sandbox], Desk], dialect: str
) -> None:
    desk = desk_of(request.getfixturevalue(dialect))
    desk.sandbox.set_temperaments(capital_ids=True)
    kill_while_posting(desk, SPANISH, results=10)
    assert desk.sync_one(SPANISH).status == "Completed"
    score(desk, 0, 3.5)
    desk.next_night()
    changed = desk.sync_one(SPANISH)
    assert states(changed) == {"updated": 1, "unchanged": GRADES - 1}
    assert not codes(changed)
    equal(desk)
    assert desk.kinds()["result", "create"] == GRADES
    assert desk.kinds()["lineItem", "create"] == ITEMS
    written = desk.written()
    assert desk.sync_one(SPANISH, sync_type="reconcile").status == "Completed"
    assert desk.written() == written
    score(desk, 0, None)
    assert desk.sync_one(SPANISH).counts.withdrawn == 1
    assert len(in_sis(desk.sandbox)) == GRADES - 1


@pytest.mark.parametrize("late", [{}, {"late_by_id": True}])
def test_lists_that_are_late_double_nothing(strict_desk: Desk, late: dict[str, bool]) -> None:
    desk = strict_desk
    desk.sandbox.set_temperaments(lists_late="publish", **late)
    first = desk.sync_one(SPANISH)
    assert (first.status, states(first)) == ("Completed", {"created": GRADES})
    assert codes(first) == {"not_shown", "assignment_not_shown"}
    desk.sandbox.control("sis", "POST", "/publish")
    equal(desk)
    quiet(desk)


@pytest.mark.long
def test_lists_that_are_late_after_an_update_leave_no_old_score(strict_desk: Desk) -> None:
    desk = strict_desk
    desk.sync_one(SPANISH)
    desk.sandbox.set_temperaments(lists_late="publish")
    score(desk, 0, 2.5)
    first = desk.sync_one(SPANISH)
    assert states(first) == {"updated": 1, "unchanged": GRADES - 1}
    assert "not_shown" in codes(first)
    desk.sandbox.control("sis", "POST", "/publish")
    desk.next_night()
    desk.sync_one(SPANISH)
    equal(desk)
    quiet(desk)


def test_a_sis_that_never_lists_what_it_takes_is_told_and_left_alone(strict_desk: Desk) -> None:
    desk = strict_desk
    desk.sandbox.set_temperaments(lists_late="publish")
    desk.sync_one(SPANISH)
    desk.next_night()
    second = desk.sync_one(SPANISH)
    assert "never_shown" in codes(second)
    quiet(desk)
    equal(desk)


def test_an_answer_lost_while_lists_are_late_doubles_nothing(strict_desk: Desk) -> None:
    desk = strict_desk
    desk.sandbox.set_temperaments(lists_late="publish")
    lost = {"effect": "lost_answer", "method": "PUT", "path": "/results/", "skip": 5, "times": 2}
    desk.sandbox.set_faults("sis", lost)
    desk.sync_one(SPANISH)
    desk.sandbox.set_faults("sis")
    for _ in range(3):  # nothing of ours is listed on any of these nights, as by a SIS that lists nothing
        desk.next_night()
        desk.sync_one(SPANISH)
    desk.sandbox.control("sis", "POST", "/publish")
    desk.next_night()
    desk.sync_one(SPANISH)
    equal(desk)
    assert desk.kinds()["result", "create"] == GRADES
    quiet(desk)


@pytest.mark.parametrize("decimals", [0, 2])
def test_scores_that_are_rounded_are_known_and_told_once(strict_desk: Desk, decimals: int) -> None:
    desk = strict_desk
    score(desk, 0, 8.456)
    desk.sandbox.set_temperaments(decimals=decimals)
    first = desk.sync_one(SPANISH)
    assert (first.status, states(first)) == ("Completed", {"created": GRADES})
    assert ("kept_otherwise" in codes(first)) == (decimals < 2)
    whole(desk)
    again = quiet(desk)
    assert "kept_otherwise" not in codes(again)
    score(desk, 1, 7.25)
    assert desk.sync_one(SPANISH).counts.results.created == 1
    whole(desk)


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param({"dates": "midnight"}, marks=pytest.mark.long),  # test_see.py has each alone
        pytest.param({"dates": "date"}, marks=pytest.mark.long),
        pytest.param({"titles": "squeeze"}, marks=pytest.mark.long),
        {"dates": "local", "titles": "escape"},
    ],
)
def test_a_column_kept_otherwise_is_found_after_a_lost_answer(
    strict_desk: Desk, kept: dict[str, Any]
) -> None:
    desk = strict_desk
    rename(desk, 0, "Tests &  Quizzes  1")
    desk.sandbox.set_temperaments(**kept)
    lost = {"effect": "lost_answer", "method": "PUT", "path": "/lineItems/", "skip": 0, "times": 2}
    desk.sandbox.set_faults("sis", lost)
    desk.sync_one(SPANISH)
    desk.sandbox.set_faults("sis")
    desk.next_night()
    desk.sync_one(SPANISH)
    whole(desk)
    assert desk.kinds()["lineItem", "create"] == ITEMS
    quiet(desk)


def test_a_column_renamed_by_hand_after_its_answer_was_lost_is_not_made_again(strict_desk: Desk) -> None:
    desk = strict_desk
    desk.sandbox.set_temperaments(lists_late="publish")
    desk.sandbox.set_faults(
        "sis", {"effect": "lost_answer", "method": "PUT", "path": "/lineItems/", "times": 2}
    )
    desk.sync_one(SPANISH)
    desk.sandbox.set_faults("sis")
    desk.sandbox.set_temperaments()
    for each in desk.sandbox.state()["line_items"]:
        desk.sandbox.control("sis", "PATCH", f"/line_items/{each['sourced_id']}", {"title": "By hand"})
    desk.next_night()
    desk.sync_one(SPANISH)
    assert desk.kinds()["lineItem", "create"] == ITEMS
    equal(desk)


def test_a_column_that_a_teacher_deleted_comes_back_with_its_grades(strict_desk: Desk) -> None:
    desk = strict_desk
    first = desk.sync_one(SPANISH)
    lost = first.outcome.assignments.iloc[0]
    desk.sandbox.control("sis", "DELETE", f"/line_items/{lost.line_item_id}")
    on_it = first.outcome.grades[first.outcome.grades["line_item_id"] == lost.line_item_id].iloc[0]
    path = f"/courses/{SPANISH}/submissions/{on_it.assignment_id}/{on_it.user_id}"
    desk.sandbox.control("canvas", "PATCH", path, {"score": 2.25})
    end = desk.sync_one(SPANISH, sync_type="nightly")
    assert end.status == "Completed"
    assert "assignment_edited_in_sis" not in codes(end)
    equal(desk)
    quiet(desk)


@pytest.mark.long
def test_one_result_lost_and_its_post_refused_once_is_tried_again(strict_desk: Desk) -> None:
    desk = strict_desk
    first = desk.sync_one(SPANISH)
    gone = first.outcome.grades.iloc[0]
    desk.sandbox.control("sis", "DELETE", f"/results/{gone.result_id}")
    score(desk, 1, 1.75)
    desk.sandbox.set_temperaments(refuse_next=1, refuse_path=str(gone.result_id))
    desk.sync_one(SPANISH)
    desk.next_night()
    desk.sync_one(SPANISH)
    equal(desk)
    quiet(desk)


@pytest.mark.long
def test_another_score_and_its_post_refused_once_is_tried_again(strict_desk: Desk) -> None:
    desk = strict_desk
    first = desk.sync_one(SPANISH)
    edited = first.outcome.grades.iloc[0]
    desk.sandbox.control("sis", "PATCH", f"/results/{edited.result_id}", {"score": 0.5})
    score(desk, 1, 1.75)
    desk.sandbox.set_temperaments(refuse_next=1, refuse_path=str(edited.result_id))
    end = desk.sync_one(SPANISH)
    assert end.status == "Completed (with errors)"
    assert "edited_in_sis" in codes(end)
    assert desk.sync_one(SPANISH).counts.results.created == 1
    equal(desk)
    quiet(desk)


def test_web_pages_for_answers_stop_the_writes_and_are_no_acceptance(strict_desk: Desk) -> None:
    desk = strict_desk
    desk.sandbox.set_temperaments(html_after=ITEMS + 5)
    failed = desk.fails(SPANISH)
    assert failed.error.code == "sis_unknown_outcome"
    assert 0 < len(results(desk)) < GRADES // 2
    asked = [each for each in desk.sandbox.requests_seen("sis") if each["method"] == "PUT"]
    assert len(asked) < GRADES
    desk.sandbox.set_temperaments()
    desk.next_night()
    desk.sync_one(SPANISH)
    equal(desk)
    quiet(desk)


def test_an_empty_list_that_says_failure_is_none(strict_desk: Desk) -> None:
    desk = strict_desk
    desk.sync_one(SPANISH)
    score(desk, 0, 3.5)
    desk.sandbox.set_temperaments(empty_lists=8, empty_as="failure")
    end = desk.sync_one(SPANISH)
    assert "not_verified" in codes(end)
    desk.sandbox.set_temperaments()
    equal(desk)
    quiet(desk)


@pytest.mark.long
def test_a_sis_that_keeps_the_old_score_fails_the_row_until_it_takes_it(strict_desk: Desk) -> None:
    """At first its list may be late; from the second sync on it is what it is."""
    desk = strict_desk
    desk.sync_one(SPANISH)
    score(desk, 0, 3.5)
    desk.sandbox.set_temperaments(keeps_old="result")
    first = desk.sync_one(SPANISH)
    assert (codes(first), states(first)) == ({"not_shown"}, {"unchanged": GRADES - 1, "updated": 1})
    for _ in range(2):
        end = desk.sync_one(SPANISH)
        assert end.status == "Completed (with errors)"
        assert codes(end) == {"not_held_by_sis"}
        assert states(end) == {"unchanged": GRADES - 1, "failed": 1}
    desk.sandbox.set_temperaments()
    desk.sync_one(SPANISH)
    equal(desk)
    quiet(desk)


@pytest.mark.parametrize("said", ["named", pytest.param("vague", marks=pytest.mark.long)])
def test_nothing_is_made_anew_on_the_word_of_404s(strict_desk: Desk, said: str) -> None:
    desk = strict_desk
    desk.sync_one(SPANISH)
    for number in range(3):
        score(desk, number, 3.5)
    desk.sandbox.set_temperaments(put_404=said)
    end = desk.sync_one(SPANISH)
    assert states(end) == {"unchanged": GRADES - 3, "failed": 3}
    desk.sandbox.set_temperaments()
    assert desk.sync_one(SPANISH).counts.results.created == 3
    equal(desk)
    assert desk.kinds()["result", "create"] == GRADES
    quiet(desk)


def test_a_period_that_closes_after_everything_was_sent_fails_nothing(strict_desk: Desk) -> None:
    desk = strict_desk
    first = desk.sync_one(SPANISH)
    for period in set(first.judged.sis.grading_periods["period_id"]):
        desk.sandbox.control("sis", "DELETE", f"/grading_periods/{period}")
    quiet(desk)
    whole(desk)


@pytest.mark.long
def test_an_edit_is_kept_where_edits_are_kept_after_a_crash_too(
    strict_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = strict_desk
    monkeypatch.setenv("SIS_ON_EDIT", "keep")
    first = desk.sync_one(SPANISH)
    edited = first.outcome.grades.iloc[0]
    desk.sandbox.control("sis", "PATCH", f"/results/{edited.result_id}", {"score": 0.5})
    for number in (1, 2, 3):
        score(desk, number, 2.5)
    down = {"effect": "status", "status": 503, "method": "PUT", "path": "/results/", "times": None}
    desk.sandbox.set_faults("sis", down)
    desk.fails(SPANISH)
    desk.sandbox.set_faults("sis")
    end = desk.sync_one(SPANISH)
    assert "edited_in_sis" in codes(end)
    assert 0.5 in {each["score"] for each in results(desk)}
    quiet(desk)
    assert 0.5 in {each["score"] for each in results(desk)}


@pytest.mark.long
def test_scores_that_canvas_has_again_go_over_what_a_crash_left_where_edits_are_kept(
    strict_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = strict_desk
    monkeypatch.setenv("SIS_ON_EDIT", "keep")
    night = datetime.combine(TODAY, time(3), UTC)  # the sandbox's teachers grade at noon
    desk.hours = (night - datetime.now(UTC)) / timedelta(hours=1)
    desk.sync_one(SPANISH)
    desk.hours = 0.0
    before = in_sis(desk.sandbox)
    scores = [each["score"] for each in graded(desk)[:8]]
    for number in range(len(scores)):
        score(desk, number, 2.25)
    kill_while_posting(desk, SPANISH, results=GRADES + 2)
    assert in_sis(desk.sandbox) != before
    for number, each in enumerate(scores):
        score(desk, number, each)
    end = desk.sync_one(SPANISH)
    assert not codes(end)
    assert in_sis(desk.sandbox) == before
    quiet(desk)


@pytest.mark.long
def test_a_column_that_a_teacher_made_before_our_lost_write_is_never_taken_for_ours(
    strict_desk: Desk,
) -> None:
    desk = strict_desk
    [judged] = [
        each
        for each in desk.events(desk.request(SPANISH, posting=Posting.NOTHING))
        if isinstance(each, CourseJudged)
    ]
    row = next(rows_of(judged.judged.plan.assignments))
    hers = LineItem(
        sourced_id="hers",
        title=row.title,
        class_id=row.class_id,
        category_id=row.category_id,
        due_date=row.due_on_wire.to_pydatetime(),
        result_value_max=row.points_possible,
        school_id=row.school_id,
        grading_period_id=row.period_id,
        assign_date=row.assigned_at.to_pydatetime(),
        description="By hand",
    )
    with OneRosterClient(SisSettings.load()) as teacher:
        her_id = teacher.put_line_item(hers)
    lost = {"effect": "status", "status": 503, "method": "PUT", "path": "/lineItems/", "times": None}
    desk.sandbox.set_faults("sis", lost)
    desk.events(desk.request(SPANISH))
    desk.sandbox.set_faults("sis")
    for _ in range(3):
        desk.next_night()
        desk.sync_one(SPANISH)
    assert her_id not in {each["line_item_id"] for each in results(desk)}
    assert len(results(desk)) == GRADES
    assert len(desk.sandbox.state()["line_items"]) == ITEMS + 1
    quiet(desk)


def rename(desk: Desk, number: int, name: str) -> None:
    rows = CanvasUser(desk.sandbox).all(f"/courses/{SPANISH}/assignments?per_page=100")
    synced = sorted(each["id"] for each in rows if each["post_to_sis"])
    desk.sandbox.control(
        "canvas", "PATCH", f"/courses/{SPANISH}/assignments/{synced[number]}", {"name": name}
    )
