"""What goes wrong in the middle: nothing is lost, doubled, or forgotten."""

import os
import subprocess
import sys
import time

import pytest

from gpb_pipeline.events import CourseFailed, CourseJudged, CourseSkipped, CourseSynced, CourseWaiting
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import Posting, Stage
from gpb_pipeline.warehouse import history
from gpb_pipeline.warehouse.locks import course_lock
from gpb_pipeline_tests.sync.desk import ALGEBRA, SPANISH, Desk

SYNC = """
import sys
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import SyncRequest, open_connections
with open_connections() as connections:
    list(sync_courses(connections, [SyncRequest(job_id="dies", course_id=sys.argv[1], posted_by="a test")]))
"""
TRIES = 3  # of each request (conftest.py)
SLOW = {"effect": "slow", "method": "PUT", "path": "/results/", "seconds": 0.2, "times": None}


def kill_while_posting(desk: Desk, course_id: str, results: int) -> None:
    """Sync in a process of its own, and kill it when the SIS has taken some results."""
    desk.sandbox.set_faults("sis", SLOW)
    with subprocess.Popen([sys.executable, "-c", SYNC, course_id], env=os.environ) as process:
        while desk.written()["result"] < results:
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    desk.sandbox.set_faults("sis")


def test_after_a_crash_what_was_posted_is_found_and_not_sent_again(strict_desk: Desk) -> None:
    kill_while_posting(strict_desk, ALGEBRA, results=10)
    end = strict_desk.sync_one(ALGEBRA)
    assert end.status == "Completed"
    created = strict_desk.kinds()
    assert (created["lineItem", "create"], created["result", "create"]) == (8, 64)
    assert created["result", "replace"] == 0
    assert len(strict_desk.held()) == 64
    assert len(strict_desk.sandbox.state()["line_items"]) == 8
    with strict_desk.connected() as connections:
        died = connections.warehouse.read(history.job, "dies")
    assert died is not None
    assert (died.status, died.code) == ("Failed", "interrupted")
    assert set(strict_desk.sync_one(ALGEBRA).outcome.grades["state"]) == {"unchanged"}


@pytest.mark.long
def test_a_crash_is_not_forgotten_by_a_sync_that_fails_before_it_can_look(strict_desk: Desk) -> None:
    kill_while_posting(strict_desk, ALGEBRA, results=10)
    down = {"effect": "status", "status": 503, "path": "/api/v1/", "times": None}
    strict_desk.sandbox.set_faults("canvas", down)
    strict_desk.fails(ALGEBRA)
    strict_desk.sandbox.set_faults("canvas")
    strict_desk.sync_one(ALGEBRA)
    assert strict_desk.kinds()["result", "create"] == 64
    assert len(strict_desk.held()) == 64


@pytest.mark.long
def test_a_grade_cleared_after_a_crash_is_taken_back(strict_desk: Desk) -> None:
    kill_while_posting(strict_desk, ALGEBRA, results=64)
    preview = strict_desk.events(strict_desk.request(ALGEBRA, posting=Posting.NOTHING))[-1]
    assert isinstance(preview, CourseJudged)
    row = preview.judged.plan.grades.iloc[0]
    path = f"/courses/{ALGEBRA}/submissions/{row.assignment_id}/{row.user_id}"
    strict_desk.sandbox.control("canvas", "PATCH", path, {"score": None})
    end = strict_desk.sync_one(ALGEBRA)
    assert end.counts.withdrawn == 1
    assert len(strict_desk.held()) == 63


def test_an_answer_lost_after_the_store_doubles_nothing(strict_desk: Desk) -> None:
    lost = {"effect": "lost_answer", "method": "PUT", "path": "/results/", "skip": 5, "times": 1}
    strict_desk.sandbox.set_faults("sis", lost)
    strict_desk.sync_one(ALGEBRA)
    strict_desk.sandbox.set_faults("sis")
    end = strict_desk.sync_one(ALGEBRA)
    assert end.status == "Completed"
    assert len(strict_desk.held()) == 64
    assert strict_desk.kinds()["result", "create"] == 64


def test_a_line_item_whose_answer_was_lost_is_adopted_with_its_grades_to_follow(strict_desk: Desk) -> None:
    lost = {"effect": "lost_answer", "method": "PUT", "path": "/lineItems/", "skip": 2, "times": 2}
    strict_desk.sandbox.set_faults("sis", lost)
    strict_desk.sync_one(ALGEBRA)
    strict_desk.sandbox.set_faults("sis")
    assert strict_desk.sync_one(ALGEBRA).status == "Completed"
    assert len(strict_desk.sandbox.state()["line_items"]) == 8
    assert len(strict_desk.held()) == 64


def test_credentials_withdrawn_in_the_middle_stop_the_course_and_keep_what_was_accepted(desk: Desk) -> None:
    refused = {
        "effect": "status",
        "status": 401,
        "method": "PUT",
        "path": "/results/",
        "skip": 20,
        "times": None,
    }
    desk.sandbox.set_faults("sis", refused)
    failed = desk.fails(ALGEBRA)
    assert failed.error.code == "sis_access"
    accepted = desk.written()["result"]
    assert 0 < accepted < 64
    desk.sandbox.set_faults("sis")
    end = desk.sync_one(ALGEBRA)
    assert end.status == "Completed"
    assert end.outcome.grades["state"].value_counts().to_dict() == {
        "created": 64 - accepted,
        "unchanged": accepted,
    }


def test_a_sis_that_goes_down_is_not_asked_for_every_grade(desk: Desk) -> None:
    down = {"effect": "status", "status": 503, "method": "PUT", "path": "/results/", "times": None}
    desk.sandbox.set_faults("sis", down)
    failed = desk.fails(ALGEBRA)
    assert failed.error.code == "sis_unknown_outcome"
    asked = [each for each in desk.sandbox.requests_seen("sis") if "/results/" in each["path"]]
    assert len(asked) < 64


def _puts(desk: Desk, kind: str) -> int:
    seen = desk.sandbox.requests_seen("sis")
    return sum(f"/{kind}/" in each["path"] and each["method"] == "PUT" for each in seen)


@pytest.mark.parametrize("kind", ["results", pytest.param("lineItems", marks=pytest.mark.long)])
def test_a_sis_that_answers_500_to_every_write_is_down(desk: Desk, kind: str) -> None:
    broken = {"effect": "status", "status": 500, "method": "PUT", "path": f"/{kind}/", "times": None}
    desk.sandbox.set_faults("sis", broken)
    failed = desk.fails(ALGEBRA)
    assert failed.error.code == "sis_unknown_outcome"
    assert _puts(desk, "results") < 64 * TRIES / 2
    desk.sandbox.set_faults("sis")
    assert desk.sync_one(ALGEBRA).status == "Completed"
    assert len(desk.held()) == 64


def test_a_throttle_for_longer_than_there_is_time_stops_the_course_at_once(desk: Desk) -> None:
    tomorrow = {"effect": "status", "status": 429, "headers": {"Retry-After": "86400"}, "method": "PUT"}
    desk.sandbox.set_faults("sis", tomorrow | {"path": "/results/", "times": None})
    failed = desk.fails(ALGEBRA)
    assert failed.error.code == "sis_unavailable"
    assert _puts(desk, "results") < 64
    desk.sandbox.set_faults("sis")
    assert desk.sync_one(ALGEBRA).status == "Completed"


def test_one_refused_grade_costs_itself_alone(desk: Desk) -> None:
    refused = {"effect": "status", "status": 422, "method": "PUT", "path": "/results/", "skip": 3, "times": 1}
    desk.sandbox.set_faults("sis", refused)
    end = desk.sync_one(ALGEBRA)
    assert end.status == "Completed (with errors)"
    assert end.outcome.grades["state"].value_counts().to_dict() == {"created": 63, "failed": 1}
    assert end.counts.results.summary() == {"sent": 64, "created": 63, "percent": 98.4}
    again = desk.sync_one(ALGEBRA)
    assert again.outcome.grades["state"].value_counts().to_dict() == {"unchanged": 63, "created": 1}


def test_what_the_sis_took_and_does_not_list_is_told_and_sent_once_more(desk: Desk) -> None:
    lies = {"effect": "status", "status": 201, "method": "PUT", "path": "/results/", "skip": 3, "times": 1}
    desk.sandbox.set_faults("sis", lies)
    end = desk.sync_one(ALGEBRA)
    assert end.outcome.issues["code"].to_list() == ["not_shown"]
    assert len(desk.held()) == 63
    assert desk.sync_one(ALGEBRA).counts.results.created == 1
    assert len(desk.held()) == 64
    assert desk.sync_one(ALGEBRA).counts.results.sent == 0


@pytest.mark.long
def test_what_the_sis_takes_again_and_again_and_does_not_hold_is_failed(desk: Desk) -> None:
    kept = desk.sandbox.writes
    lies = {"effect": "status", "status": 201, "method": "PUT", "path": "/results/", "skip": 3, "times": 1}
    desk.sandbox.set_faults("sis", lies)
    desk.sync_one(ALGEBRA)
    desk.sandbox.set_faults("sis", lies | {"skip": 0, "times": None})
    for _ in range(2):
        end = desk.sync_one(ALGEBRA)
        failed = end.outcome.grades[end.outcome.grades["state"] == "failed"]
        assert failed["code"].to_list() == ["not_held_by_sis"]
        assert end.status == "Completed (with errors)"
    assert len([each for each in kept() if each["object"] == "result"]) == 63
    desk.sandbox.set_faults("sis")
    assert desk.sync_one(ALGEBRA).counts.results.created == 1
    assert len(desk.held()) == 64


def test_a_read_back_that_fails_forgets_no_write(desk: Desk) -> None:
    down = {"effect": "status", "status": 503, "method": "GET", "path": "/results", "times": None}
    desk.sandbox.set_faults("sis", down)
    end = desk.sync_one(ALGEBRA)
    assert end.outcome.issues["code"].to_list() == ["not_verified"]
    desk.sandbox.set_faults("sis")
    assert desk.sync_one(ALGEBRA).counts.results.sent == 0


def test_a_sync_waits_for_another_of_its_course_and_a_nightly_one_leaves_it(desk: Desk) -> None:
    with desk.connected() as connections:
        nightly, manual = desk.request(ALGEBRA, "nightly"), desk.request(ALGEBRA)
        with course_lock(connections.warehouse.settings, ALGEBRA):
            events = sync_courses(connections, [nightly, manual])
            assert [type(next(events)) for _ in range(2)] == [CourseWaiting, CourseSkipped]
        assert any(isinstance(each, CourseSynced) for each in events)


def test_a_consumer_that_stops_listening_stops_the_writes_and_frees_the_course(desk: Desk) -> None:
    desk.sandbox.set_faults("sis", SLOW)
    with desk.connected() as connections:
        events = sync_courses(connections, [desk.request(ALGEBRA)])
        for event in events:
            if getattr(event, "stage", None) is Stage.POST_GRADES:
                break
        events.close()  # type: ignore[attr-defined]  # it is a generator
        written = desk.written()
    desk.sandbox.set_faults("sis")
    assert written["result"] < 64
    assert desk.sync_one(ALGEBRA).status == "Completed"
    assert desk.kinds()["result", "create"] == 64


def test_a_canvas_that_fails_for_one_course_costs_no_other(desk: Desk) -> None:
    down = {"effect": "status", "status": 503, "path": f"/courses/{ALGEBRA}/", "times": None}
    desk.sandbox.set_faults("canvas", down)
    events = desk.events(desk.request(ALGEBRA), desk.request(SPANISH))
    desk.sandbox.set_faults("canvas")
    failed = [each.request.course_id for each in events if isinstance(each, CourseFailed)]
    synced = [each.request.course_id for each in events if isinstance(each, CourseSynced)]
    assert (failed, synced) == ([ALGEBRA], [SPANISH])


def test_a_preview_after_a_crash_tells_the_truth(strict_desk: Desk) -> None:
    kill_while_posting(strict_desk, ALGEBRA, results=10)
    preview = strict_desk.events(strict_desk.request(ALGEBRA, posting=Posting.NOTHING))[-1]
    assert isinstance(preview, CourseJudged)
    states = preview.judged.plan.grades["state"].value_counts().to_dict()
    posted = len(strict_desk.held())
    assert states == {"unchanged": posted, "create": 64 - posted}
