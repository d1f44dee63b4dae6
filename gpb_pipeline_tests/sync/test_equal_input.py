"""Equal input is not judged again, and every input that is not equal is seen: one trap after another.

A course that nothing has happened to is synced without a judgement, and leaves its history alone.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gpb_pipeline.brake import Brake
from gpb_pipeline.equality import input_of
from gpb_pipeline.errors import TransientError
from gpb_pipeline.events import CourseSynced, CourseUnchanged, Event
from gpb_pipeline.passback.course import Selection
from gpb_pipeline.passback.frames import CategoryMapping, build
from gpb_pipeline.sync import CourseSync
from gpb_pipeline.warehouse import category_choices, details, history, inputs, tables, trace
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.inputs import Base
from gpb_pipeline_tests.sandbox.clients import CanvasUser
from gpb_pipeline_tests.sync.desk import ALGEBRA, SPANISH, Desk
from gpb_pipeline_tests.sync.test_interruptions import kill_while_posting

COURSE = f"/courses/{SPANISH}"
Row = dict[str, Any]
Trap = Callable[[Desk, pytest.MonkeyPatch], None]


def night(desk: Desk, **asked: Any) -> Event:
    """Sync the course as the night does; its end."""
    desk.next_night()
    return desk.events(desk.request(SPANISH, "nightly", anew=False, **asked))[-1]


def judged(desk: Desk, **asked: Any) -> CourseSynced:
    end = night(desk, **asked)
    assert isinstance(end, CourseSynced)
    return end


def unchanged(desk: Desk) -> CourseUnchanged:
    before = desk.written()
    end = night(desk)
    assert isinstance(end, CourseUnchanged)
    assert desk.written() == before
    return end


def at_rest(desk: Desk) -> CourseUnchanged:
    """Sync until nothing is left to do: what a night leaves after a change, the next finds as it was."""
    judged(desk)
    return unchanged(desk)


def change(desk: Desk, path: str, method: str = "PATCH", side: Any = "canvas", **body: Any) -> None:
    desk.sandbox.control(side, method, path, body or None)


def rows(desk: Desk, path: str) -> list[Row]:
    listed = CanvasUser(desk.sandbox).all(f"{COURSE}/{path}")
    return sorted(listed, key=lambda each: int(each["id"]))


def assignment(desk: Desk, **changed: Any) -> None:
    [first, *_] = rows(desk, "assignments?per_page=100")
    change(desk, f"{COURSE}/assignments/{first['id']}", **changed)


def grade(desk: Desk, **acts: Any) -> None:
    graded = rows(desk, "students/submissions?student_ids[]=all&per_page=100")
    [first, *_] = [each for each in graded if each["score"] is not None]
    change(desk, f"{COURSE}/submissions/{first['assignment_id']}/{first['user_id']}", **acts)


def section(desk: Desk) -> Row:
    [only] = rows(desk, "sections?per_page=100")
    return only


def delete_an_assignment(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    *_, last = rows(desk, "assignments?per_page=100")
    change(desk, f"{COURSE}/assignments/{last['id']}", "DELETE")


def regroup(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    [first, *_] = rows(desk, "assignments?per_page=100")
    other = next(
        each for each in rows(desk, "assignment_groups") if each["id"] != first["assignment_group_id"]
    )
    assignment(desk, group_id=int(other["id"]))


def leave(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    [first, *_] = rows(desk, "enrollments?type[]=StudentEnrollment&state[]=active&per_page=100")
    change(desk, f"{COURSE}/enrollments/{first['id']}", state="inactive")


def off_the_roster(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    [first, *_] = rows(desk, "enrollments?type[]=StudentEnrollment&state[]=active&per_page=100")
    roster = f"/rosters/{section(desk)['sis_section_id']}/{first['sis_user_id']}"
    change(desk, roster, "DELETE", "sis")


def rename_a_category(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    used = min(str(each["category_id"]) for each in desk.sandbox.state()["line_items"])
    change(desk, f"/categories/{used}", side="sis", title="Renamed")


def rename_it_back(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    used = min(str(each["category_id"]) for each in desk.sandbox.state()["line_items"])
    [group, *_] = rows(desk, "assignment_groups")
    change(desk, f"/categories/{used}", side="sis", title=group["name"])


def map_a_group(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    [group, *_] = rows(desk, "assignment_groups")
    columns: dict[str, list[Any]] = {
        "section_id": [str(section(desk)["id"])],
        "group_id": [str(group["id"])],
        "category_id": [None],
    }
    with desk.connected() as connections:
        connections.warehouse.commit(
            category_choices.choose,
            build(CategoryMapping, columns),
            by="a test",
            at=connections.clock(),
        )


def period(desk: Desk) -> str:
    return f"/grading_periods/{min(each['grading_period_id'] for each in desk.sandbox.state()['line_items'])}"


def end_a_period_early(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    change(desk, period(desk), side="sis", end="2026-09-30")


def reopen_it(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    change(desk, period(desk), side="sis", end="2027-01-30")


def close_a_period(desk: Desk, _patch: pytest.MonkeyPatch) -> None:
    change(desk, period(desk), "DELETE", "sis")


def another_setting(_: Desk, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("SIS_TITLE_MAX", "40")


def other_rules(_: Desk, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("gpb_pipeline.equality.rules_version", lambda: "another")


TRAPS: dict[str, Trap] = {
    "another score": lambda desk, _: grade(desk, score=1.25),
    "cleared": lambda desk, _: grade(desk, score=None),
    "scored again": lambda desk, _: grade(desk, score=2.5),
    "excused": lambda desk, _: grade(desk, excused=True),
    "no longer excused": lambda desk, _: grade(desk, excused=False, score=3),
    "hidden": lambda desk, _: grade(desk, hidden=True),
    "posted": lambda desk, _: grade(desk, hidden=False),
    "late": lambda desk, _: grade(desk, late_policy_status="late"),
    "renamed": lambda desk, _: assignment(desk, name="By another name"),
    "moved to another day": lambda desk, _: assignment(desk, due_at="2026-11-05T23:59:59Z"),
    "without a due date": lambda desk, _: assignment(desk, due_at=None),
    "dated again": lambda desk, _: assignment(desk, due_at="2026-11-06T23:59:59Z"),
    "other points": lambda desk, _: assignment(desk, points_possible=123),
    "unpublished": lambda desk, _: assignment(desk, published=False),
    "published": lambda desk, _: assignment(desk, published=True),
    "no longer synced": lambda desk, _: assignment(desk, post_to_sis=False),
    "synced again": lambda desk, _: assignment(desk, post_to_sis=True),
    "in another group": regroup,
    "mapped": map_a_group,
    "deleted": delete_an_assignment,
    "a student left": leave,
    "a student off the SIS's roster": off_the_roster,
    "a category renamed": rename_a_category,
    "named as before": rename_it_back,
    "a period ended": end_a_period_early,
    "reopened": reopen_it,
    "no longer listed": close_a_period,
    "the section's name": lambda desk, _: change(desk, f"{COURSE}/sections/{section(desk)['id']}", name="B"),
    "a setting": another_setting,
    "the rules' version": other_rules,
}


def seen(desk: Desk) -> tuple[str, str]:
    """What the course would be judged by now: what is read of it, and what the warehouse has."""
    with desk.connected() as connections, ThreadPoolExecutor(1) as nobody:
        sync = CourseSync(
            connections=connections,
            request=desk.request(SPANISH),
            reached=lambda _: None,
            writes=nobody,
            brake=Brake(),
        )
        [stamp] = connections.warehouse.read(inputs.stamps, [SPANISH]).values()
        return input_of(connections, sync.read()), stamp


def test_whatever_happens_is_another_input(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(desk)
    before = seen(desk)
    assert seen(desk) == before
    for name, trap in TRAPS.items():
        trap(desk, monkeypatch)
        after = seen(desk)
        assert after != before, name
        before = after


@pytest.mark.long
def test_a_change_is_judged_and_what_it_left_is_not_judged_again(desk: Desk) -> None:
    judged(desk)
    at_rest(desk)
    grade(desk, score=None)
    assert judged(desk).counts.withdrawn == 1
    at_rest(desk)


def test_an_equal_course_leaves_its_history_and_nothing_else(desk: Desk) -> None:
    first, base = judged(desk), judged(desk)
    assert first.counts.results.created
    before = rows_by_table(desk)
    told = unchanged(desk), unchanged(desk)
    assert [each.base.job.job_id for each in told] == [base.request.job_id] * 2  # never along a chain
    after = rows_by_table(desk)
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    grown.pop("job_stages", None)  # what a slow sync shows while it goes on
    assert grown == {"jobs": 2, "job_ends": 2}
    with desk.connected() as connections:
        lines = connections.warehouse.read(history.jobs, SPANISH)
        shown = [connections.warehouse.read(details.of_job, each.job_id) for each in lines]
    now, earlier = lines[0].summary(connections.zone), lines[2].summary(connections.zone)
    same = {
        "type",
        "course_id",
        "posted_by",
        "stage",
        "status",
        "assignments",
        "sis_assignments",
        "sis_grades",
    }
    assert {name: now[name] for name in same} == {name: earlier[name] for name in same}
    assert shown[0] is not None
    assert shown[2] is not None
    assert shown[0].grades == shown[2].grades
    assert {each.state for each in shown[0].grades} == {"unchanged"}


def test_what_became_of_a_grade_is_told_of_the_latest_sync(desk: Desk) -> None:
    [row, *_] = judged(desk).outcome.grades.itertuples()
    judged(desk)
    last = unchanged(desk)
    with desk.connected() as connections:
        found = connections.warehouse.read(
            trace.of_grade, SPANISH, student_id=str(row.user_id), assignment_id=str(row.assignment_id)
        )
    assert [each.job_id for each in found.last] == [last.request.job_id]


@pytest.mark.long
def test_a_failure_that_needs_a_write_is_tried_again_and_any_other_stays_one(desk: Desk) -> None:
    judged(desk)
    refuse = {"effect": "status", "status": 422, "method": "PUT", "path": "/results/", "times": 1}
    desk.sandbox.set_faults("sis", refuse)
    grade(desk, score=1.25)
    assert Counter(judged(desk).outcome.grades["state"])["failed"] == 1
    assert Counter(judged(desk).outcome.grades["state"])["updated"] == 1
    at_rest(desk)
    assignment(desk, name="T" * 51)
    assignment(desk, due_at="2031-01-01T00:00:00Z")
    failing = judged(desk)
    repeated = unchanged(desk)
    assert repeated.base.job.counts == failing.counts
    assert repeated.base.job.status == failing.status


@pytest.mark.long
def test_who_asks_for_a_judgement_gets_one(desk: Desk) -> None:
    judged(desk)
    at_rest(desk)
    some = Selection(sections=frozenset({str(section(desk)["id"])}))
    for asked in ({"selection": some}, {"confirm": True}):
        judged(desk, **asked)
    assert desk.sync_one(SPANISH, sync_type="remaster", anew=False)
    assert desk.sync_one(SPANISH)


@pytest.mark.long
def test_after_an_interruption_a_course_is_judged(desk: Desk) -> None:
    judged(desk)
    at_rest(desk)
    grade(desk, score=1.25)
    kill_while_posting(desk, SPANISH, results=desk.written()["result"] + 1)
    judged(desk)


def test_a_reading_that_shows_nothing_new_asks_for_no_judgement(desk: Desk) -> None:
    judged(desk)
    at_rest(desk)
    desk.next_night()
    desk.events(desk.request(SPANISH, "reconcile"))
    unchanged(desk)


def test_a_base_that_cannot_be_read_costs_a_judgement_and_begins_no_job_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sync(ALGEBRA, SPANISH)
    requests = [desk.request(each, "nightly", anew=False) for each in (ALGEBRA, SPANISH)]

    def unreadable(*_: object) -> dict[str, Base]:
        raise TransientError("is out of reach", item="warehouse", remedy="Try again.", code="warehouse")

    with monkeypatch.context() as patch:
        patch.setattr(inputs, "bases", unreadable)
        ends = [each for each in desk.events(*requests) if isinstance(each, CourseSynced)]
    assert {each.request.course_id for each in ends} == {ALGEBRA, SPANISH}
    with desk.connected() as connections:
        begun = Counter(job.job_id for job in connections.warehouse.read(history.jobs))
    assert {begun[each.job_id] for each in requests} == {1}


def test_an_edit_in_the_sis_is_seen_on_its_reading_night(desk: Desk) -> None:
    judged(desk)
    at_rest(desk)
    [result, *_] = desk.sandbox.state()["results"]
    change(desk, f"/results/{result['sourced_id']}", side="sis", score=0.5)
    unchanged(desk)  # nobody has looked
    desk.events(desk.request(SPANISH, "reconcile"))
    judged(desk)


def rows_by_table(desk: Desk) -> dict[str, int]:
    def counted(session: Connection) -> dict[str, int]:
        return {each.name: _count(session, each.qualified) for each in tables.ALL}

    with desk.connected() as connections:
        return connections.warehouse.read(counted)


def _count(session: Connection, table: str) -> int:
    ((count,),) = session.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
    return int(count)
