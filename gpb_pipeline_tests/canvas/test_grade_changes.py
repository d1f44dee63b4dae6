"""Who graded, by Canvas's own log: what a trace shows of it, and one line where it cannot be read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gpb_pipeline.canvas import grade_changes
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.grade_changes import GradeLog
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline_tests.canvas.script import JSON, Answer, Script
from gpb_pipeline_tests.canvas.test_extracts import client_of

SPANISH, QUIZ, TALK = "1006", "10060016", "10060018"
STUDENT = "2021"
BLIND = "Blind Lab Report"


def told(log: GradeLog) -> list[tuple[str, str, str]]:
    return [(each.grader, each.before, each.after) for each in log.changes]


def test_each_change_is_told_with_its_grader_newest_first(sandbox: Sandbox) -> None:
    path = f"/courses/{SPANISH}/submissions/{TALK}/{STUDENT}"
    for act in ({"score": 3.5}, {"excused": True}, {"excused": False}, {"hidden": True}):
        sandbox.control("canvas", "PATCH", path, act)
    with client_of(sandbox) as client:
        log = grade_changes.read_log(client, SPANISH, assignment_id=TALK, student_id=STUDENT)
        quiz = grade_changes.read_log(client, SPANISH, assignment_id=QUIZ, student_id=STUDENT)
    teacher = "Dana Whitfield"
    assert told(log) == [
        (teacher, "excused", "none"),
        (teacher, "3.5", "excused"),
        (teacher, "5", "3.5"),
        (teacher, "none", "5"),
    ]
    assert [grader for grader, *_ in told(quiz)] == ["a quiz or tool, by itself"]
    assert not [each for each in sandbox.requests_seen("canvas") if STUDENT in str(each)]


def test_whose_anonymous_work_is_canvas_does_not_tell(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        assignments = client.pages("courses/1003/assignments", item="course 1003")
        blind = next(str(each["id"]) for each in assignments if each["name"] == BLIND)
        enrolled = client.pages("courses/1003/enrollments", {"type[]": ["StudentEnrollment"]}, item="x")
        student = str(next(iter(enrolled))["user_id"])
        path = f"/courses/1003/submissions/{blind}/{student}"
        sandbox.control("canvas", "PATCH", path, {"score": 1, "hidden": True})
        hidden = grade_changes.read_log(client, "1003", assignment_id=blind, student_id=student)
        sandbox.control("canvas", "PATCH", path, {"hidden": False})
        posted = grade_changes.read_log(client, "1003", assignment_id=blind, student_id=student)
    assert hidden.changes == ()
    assert hidden.hidden > posted.hidden
    assert (posted.changes[0].after, posted.changes[0].graded_anonymously) == ("1", True)


def event(n: int, **named: Any) -> dict[str, Any]:
    links = {"student": "7", "grader": "5"} | named.pop("links", {})
    return {"id": f"e-{n}", "created_at": f"2026-03-0{n}T12:00:00-05:00", "links": links} | named


def page(canvas: Script, *events: Any, next_page: str | None = None) -> Answer:
    users = [{"id": 5, "name": "Ms. Frizzle"}, {"id": "7", "name": "Ada"}, "no user"]
    status, headers, _ = canvas.page(next_page=next_page)
    return status, headers, json.dumps({"events": events, "linked": {"users": users}})


def test_a_log_is_read_to_its_end_and_each_entry_costs_itself_alone(
    canvas: Script, client: CanvasClient
) -> None:
    by_tool, by_nobody = {"grader": -901}, {"grader": None}
    canvas.answers = [
        page(
            canvas,
            event(6, grade_before="8", grade_after="9", links={"grader": "6"}),
            event(5, grade_before="8", grade_after="8", points_possible_before=10, points_possible_after=20),
            event(9, links={"student": "8"}, grade_after="another's"),
            event(8, links={"student": None}, grade_after="hidden"),
            "no event",
            next_page="page=2",
        ),
        page(
            canvas,
            event(4, grade_after="8", excused_before=True, links=by_tool),
            event(3, excused_after=True, links=by_nobody, graded_anonymously=None),
            event(3, excused_after=True, links=by_nobody),
            event(2, created_at="yesterday"),
            {"id": "e-1", "created_at": "2026-03-01T12:00:00Z", "links": 5},
        ),
    ]
    log = grade_changes.read_log(client, "1", assignment_id="2", student_id="7")
    assert told(log) == [
        ("Canvas user 6", "8", "9"),
        ("Ms. Frizzle", "8 of 10", "8 of 20"),
        ("a quiz or tool, by itself", "excused", "8"),
        ("Canvas itself", "none", "excused"),
    ]
    assert log.changes[0].changed_at == datetime(2026, 3, 6, 17, tzinfo=UTC)
    assert log.hidden == 1
    assert len(canvas.asked) == 2
    assert not [word for word in ("Frizzle", "8 of 10") if word in repr(log)]


@pytest.mark.parametrize(
    ("token", "assignment_id", "why"),
    [
        ("sandbox-canvas-token-without-grades", TALK, "may not do this. Grant"),
        ("sandbox-canvas-token-without-scopes", TALK, "lacks the scope"),
        ("hunter2", TALK, "CANVAS_API_TOKEN: Canvas refuses the token"),
        ("sandbox-canvas-token", "1", "Canvas keeps none, or none of that assignment"),
    ],
)
def test_what_bars_the_log_is_one_clear_line(
    sandbox: Sandbox, token: str, assignment_id: str, why: str
) -> None:
    settings = CanvasSettings(base_url=sandbox.canvas_url, api_token=token)
    log = grade_changes.look_up(lambda: settings, SPANISH, assignment_id=assignment_id, student_id=STUDENT)
    assert log.unread is not None
    assert why in log.unread
    assert not [word for word in ("\n", "hunter2", STUDENT) if word in log.unread]


def test_a_canvas_that_has_no_such_log_or_is_not_set_is_one_clear_line(canvas: Script) -> None:
    settings = CanvasSettings(base_url=canvas.url, api_token="t")
    for answer in ((404, JSON, "{}"), (400, JSON, "{}"), (200, JSON, "[]")):
        canvas.answers = [answer]
        log = grade_changes.look_up(lambda: settings, "1", assignment_id="2", student_id="7")
        assert log.unread is not None
    log = grade_changes.look_up(CanvasSettings.load, "1", assignment_id="2", student_id="7")
    assert log.unread is not None
    assert log.unread.startswith("CANVAS_BASE_URL: is not set")


def test_a_canvas_that_is_slow_is_not_waited_for(canvas: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grade_changes, "PATIENCE", 0.3)
    canvas.answers = [(500, JSON, "{}")]
    settings = CanvasSettings(base_url=canvas.url, api_token="t")
    log = grade_changes.look_up(lambda: settings, "1", assignment_id="2", student_id="7")
    assert log.unread is not None
    assert len(canvas.asked) < 4
