"""Nights that read classes by their school: what each student gets, whatever the school's lists say."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gpb_pipeline.events import CourseUnchanged, Event
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.sis import schools
from gpb_pipeline.stream import sync_courses
from gpb_pipeline_tests.sandbox.clients import CanvasUser
from gpb_pipeline_tests.sync.conftest import TODAY
from gpb_pipeline_tests.sync.desk import Desk
from gpb_pipeline_tests.sync.gradebook import Cell, Grade, in_canvas, in_sis

DISTRICT = "courses=2,seed=7,students=8,assignments=1,sections=4"
COURSES = ("10001", "10002")
CLASSES, FIRST = 8, 4  # of the district; and how many of them are read by themselves
MakeDesk = Callable[[Sandbox], Desk]


@pytest.fixture(scope="module")
def older() -> Iterator[Sandbox]:
    with running_sandbox(DISTRICT, today=TODAY) as running:
        yield running


@pytest.fixture(scope="module")
def newer() -> Iterator[Sandbox]:
    with running_sandbox(DISTRICT, today=TODAY, dialect="oneroster-1.2", sis_ids="own") as running:
        yield running


def night(desk: Desk, **asked: Any) -> list[Event]:
    """Sync all courses, one after the other, as one run does; their ends."""
    desk.next_night()
    with desk.connected() as connections:
        return [
            list(sync_courses(connections, [desk.request(each, "nightly", **asked)]))[-1] for each in COURSES
        ]


def alone(desk: Desk) -> list[str]:
    """The classes that were asked for their students, in their order."""
    asked_for = (re.search("/classes/(.*)/students$", each["path"]) for each in asked(desk) if first(each))
    return [each.group(1) for each in asked_for if each]


def first(request: dict[str, Any]) -> bool:
    """Whether it asks for a list's first page."""
    return "offset=0" in request["query"]


def enter_scores(desk: Desk, score: float) -> None:
    """Give each student of the last course another score."""
    path = f"/courses/{COURSES[-1]}"
    for row in CanvasUser(desk.sandbox).all(f"{path}/students/submissions?student_ids[]=all&per_page=100"):
        where = f"{path}/submissions/{row['assignment_id']}/{row['user_id']}"
        desk.sandbox.control("canvas", "PATCH", where, {"score": score})


def asked(desk: Desk) -> list[dict[str, Any]]:
    return desk.sandbox.requests_seen("sis")


def wanted(desk: Desk) -> dict[Cell, Grade]:
    """What the SIS should hold: what Canvas shows."""
    own = "own-" if desk.sandbox.environment.get("SIS_STUDENT_MATCH") else ""
    return {
        Cell(own + cell.class_id, cell.title, own + cell.student_id): grade
        for course_id in COURSES
        for cell, grade in in_canvas(desk.sandbox, course_id).grades.items()
    }


@pytest.mark.long
@pytest.mark.parametrize("of", ["older", "newer"])
def test_what_was_read_by_class_is_not_judged_again_when_read_by_school(
    request: pytest.FixtureRequest, desk_of: MakeDesk, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    desk = desk_of(request.getfixturevalue(of))
    night(desk, anew=False)
    assert in_sis(desk.sandbox) == wanted(desk)
    night(desk, anew=False)
    assert not any("/schools/" in each["path"] for each in asked(desk))
    assert len(alone(desk)) == 2 * CLASSES
    monkeypatch.setattr(schools, "LEAST", FIRST)
    ends = night(desk, anew=False)
    assert [type(each) for each in ends] == [CourseUnchanged] * len(COURSES)
    assert len(alone(desk)) == 2 * CLASSES + FIRST


OF_SCHOOL: dict[str, tuple[dict[str, Any], int]] = {
    "as they are": ({}, FIRST),
    "a class is not in it": ({"school_lists": ["lacking"]}, FIRST + 1),
    "the last student is not in it": ({"school_lists": ["cut"]}, FIRST + 1),
    "who left is in it": ({"school_lists": ["ended"]}, FIRST),
    "everybody is in it twice": ({"school_lists": ["doubled"]}, FIRST),
    "counted short": ({"school_lists": ["miscounted"]}, CLASSES),
    "refused": ({"school_refused": 403}, CLASSES),
    "a long page is refused": ({"limit_most": 100}, FIRST),
    "short pages": ({"page_size": 10}, FIRST),
    "not counted": ({"no_counts": True}, CLASSES),
    "no rows": ({"empty_lists": 100, "empty_path": "/schools/"}, CLASSES),
    "a failure": ({"empty_lists": 100, "empty_path": "/schools/", "empty_as": "failure"}, CLASSES),
    "pages that shift": ({"shifting": 100, "page_size": 10}, CLASSES),
}


FEW = ("a class is not in it", "the last student is not in it", "refused")


@pytest.mark.parametrize(
    "kinds", [FEW, pytest.param(tuple(OF_SCHOOL), marks=pytest.mark.long)], ids=["few", "all"]
)
def test_each_student_gets_their_grades_whatever_a_schools_lists_are_like(
    older: Sandbox, desk_of: MakeDesk, monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, ...]
) -> None:
    desk = desk_of(older)
    monkeypatch.setattr(schools, "LEAST", FIRST)
    for score, what in enumerate(kinds):
        switches, by_themselves = OF_SCHOOL[what]
        enter_scores(desk, float(score))
        desk.sandbox.set_temperaments(**switches)
        before = alone(desk)
        found = {getattr(each, "status", None) for each in night(desk)}
        assert (what, found) == (what, {"Completed"})
        assert in_sis(desk.sandbox) == wanted(desk), what
        assert (what, len(alone(desk)[len(before) :])) == (what, by_themselves)


def test_a_student_who_was_dropped_and_is_listed_still_gets_nothing_and_costs_nobody(
    older: Sandbox, desk_of: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(older)
    monkeypatch.setattr(schools, "LEAST", FIRST)
    desk.sandbox.set_temperaments(school_lists=["late"])
    dropped = max(wanted(desk))
    desk.sandbox.control("sis", "DELETE", f"/rosters/{dropped.class_id}/{dropped.student_id}")
    found = [getattr(each, "status", None) for each in night(desk)]
    assert found == ["Completed", "Completed (with errors)"]
    assert in_sis(desk.sandbox) == {cell: each for cell, each in wanted(desk).items() if cell != dropped}
