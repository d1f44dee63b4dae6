"""A course's life has one owner: nothing is written after its end, and what fails is that course's alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.errors import PermanentError, PipelineError
from gpb_pipeline.events import CourseFailed, CourseSynced, StageReached
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.model import Result
from gpb_pipeline.sis.posting import Poster
from gpb_pipeline.stream import Stream, sync_courses
from gpb_pipeline.sync import Connections, Stage
from gpb_pipeline.warehouse import history, record
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Begun, Reached
from gpb_pipeline.warehouse.locks import course_lock
from gpb_pipeline.warehouse.record import Ended
from gpb_pipeline_tests.sync.desk import ALGEBRA, BIOLOGY, ENGLISH, SPANISH, Desk

PRIVATE = "Ada Lovelace"
SLOW = {"effect": "slow", "method": "PUT", "path": "/results/", "seconds": 0.2, "times": None}
REFUSED = PermanentError("refused", item="warehouse", remedy="None.", code="warehouse_refused")
Progress = Callable[[Connection, Sequence[Reached], Sequence[Ended]], frozenset[str]]


@pytest.fixture
def fault() -> Iterator[pytest.MonkeyPatch]:
    """Plants faults of ours that are mended by its `undo`, and nothing else with them."""
    with pytest.MonkeyPatch.context() as planted:
        yield planted


class Fault(BaseException):
    """A fault that no row catches."""


def posts_grades(event: object) -> bool:
    return isinstance(event, StageReached) and event.stage is Stage.POST_GRADES


def jobs_of(connections: Connections) -> dict[str, tuple[str, str | None]]:
    return {job.course_id: (job.status, job.code) for job in connections.warehouse.read(history.jobs)}


def require_free(connections: Connections, *course_ids: str) -> None:
    """Take each course's lock; raises LockedError for one that somebody has."""
    for each in course_ids:
        with course_lock(connections.warehouse.settings, each):
            pass


def test_a_course_that_a_fault_ends_leaves_no_write_behind_its_end(
    desk: Desk, fault: pytest.MonkeyPatch
) -> None:
    one, tried = Poster._one, []

    def failing(self: Poster, *args: Any) -> Any:
        tried.append(args)
        if len(tried) == 12:
            raise Fault
        return one(self, *args)

    fault.setattr(Poster, "_one", failing)
    desk.sandbox.set_faults("sis", SLOW)
    with desk.connected() as connections, Stream(connections, [desk.request(ALGEBRA)]) as stream:
        for event in stream:
            if isinstance(event, CourseFailed):
                written = desk.written()["result"]
                require_free(connections, ALGEBRA)
    assert event.error.code == "unexpected"  # type: ignore[union-attr]
    assert 0 < written < 40
    desk.sandbox.set_faults("sis")
    fault.undo()
    assert desk.written()["result"] == written
    end = desk.sync_one(ALGEBRA)
    assert desk.kinds()["result", "create"] == len(desk.held()) == 64
    assert end.status == "Completed"


@pytest.mark.long
def test_nothing_is_written_after_the_iterator_was_closed(desk: Desk) -> None:
    desk.sandbox.set_faults("sis", SLOW)
    with desk.connected() as connections:
        events = sync_courses(connections, [desk.request(ALGEBRA), desk.request(SPANISH)])
        assert any(posts_grades(event) for event in events)
        events.close()  # type: ignore[attr-defined]  # it is a generator
        written = desk.written()
        require_free(connections, ALGEBRA, SPANISH)
        assert {status for status, _ in jobs_of(connections).values()} == {"Failed"}
        assert {code for _, code in jobs_of(connections).values()} == {"cancelled"}
    desk.sandbox.set_faults("sis")
    assert desk.written() == written
    desk.sync(ALGEBRA, SPANISH)
    created = desk.kinds()["result", "create"]
    assert created == len(desk.held())


def test_whoever_stops_it_says_why_and_is_told_of_each_end(desk: Desk) -> None:
    desk.sandbox.set_faults("sis", SLOW)
    why = PermanentError("the host goes down", item="the run", remedy="Sync again.", code="cancelled")
    with desk.connected() as connections, Stream(connections, [desk.request(ALGEBRA)]) as stream:
        assert any(posts_grades(event) for event in stream)
        [told] = stream.stop(why)
        assert isinstance(told, CourseFailed)
        assert told.error is why
        [job] = connections.warehouse.read(history.jobs)
        assert (job.status, job.code, job.cause) == ("Failed", "cancelled", str(why))
        assert stream.stop(why) == []


def test_an_interrupt_in_the_middle_of_a_commit_ends_each_course_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Stream._put_on_record
    interrupted: list[Any] = []

    def interrupting(self: Stream, finished: Any) -> None:
        commit(self, finished)
        if finished and not interrupted:
            interrupted.append(finished)
            raise KeyboardInterrupt

    monkeypatch.setattr(Stream, "_put_on_record", interrupting)
    with desk.connected() as connections:
        with pytest.raises(KeyboardInterrupt):
            list(sync_courses(connections, [desk.request(ALGEBRA)]))
        assert jobs_of(connections) == {ALGEBRA: ("Completed", None)}
        require_free(connections, ALGEBRA)
    assert {*desk.sync_one(ALGEBRA).outcome.grades["state"]} == {"unchanged"}


def refusing(progress: Progress, course_id: str) -> Progress:
    """Make the commit of this course's end be refused, whoever's ends are in it."""

    def put(session: Connection, reached: Sequence[Reached], ended: Sequence[Ended]) -> frozenset[str]:
        if any(each.course_id == course_id for each in ended):
            raise REFUSED
        return progress(session, reached, ended)

    return put


def test_a_course_whose_commit_is_refused_costs_no_other(desk: Desk, fault: pytest.MonkeyPatch) -> None:
    fault.setattr(record, "progress", refusing(record.progress, SPANISH))
    requests = [desk.request(each) for each in (SPANISH, ALGEBRA, ENGLISH)]
    with desk.connected() as connections:
        events = list(sync_courses(connections, requests))
        ends = {
            each.request.course_id: each for each in events if isinstance(each, CourseSynced | CourseFailed)
        }
        assert isinstance(ends[ALGEBRA], CourseSynced)
        assert isinstance(ends[ENGLISH], CourseSynced)
        lost = ends[SPANISH]
        assert isinstance(lost, CourseFailed)
        assert lost.error is REFUSED
        require_free(connections, SPANISH)
        assert jobs_of(connections)[SPANISH] == ("Running", None)  # until the next look
    fault.undo()
    written = desk.kinds()["result", "create"]
    desk.sync_one(SPANISH)
    assert desk.kinds()["result", "create"] == written == len(desk.held())
    with desk.connected() as connections:
        died = [job for job in connections.warehouse.read(history.jobs, SPANISH) if job.code == "interrupted"]
        assert len(died) == 1


def test_a_course_whose_job_cannot_be_put_on_record_is_not_begun_and_costs_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = record.begin

    def refused(session: Connection, jobs: Sequence[Begun], restored_at: None) -> frozenset[str]:
        if any(each.course_id == ALGEBRA for each in jobs):
            raise ValueError(PRIVATE)
        return begin(session, jobs, restored_at)

    monkeypatch.setattr(record, "begin", refused)
    events = desk.events(desk.request(ALGEBRA), desk.request(SPANISH))
    ends = {each.request.course_id: each for each in events if isinstance(each, CourseSynced | CourseFailed)}
    failed = ends[ALGEBRA]
    assert isinstance(failed, CourseFailed)
    assert "ValueError in refused" in str(failed.error)
    assert PRIVATE not in str(failed.error)
    assert isinstance(ends[SPANISH], CourseSynced)
    with desk.connected() as connections:
        require_free(connections, ALGEBRA)


def test_a_fault_of_ours_in_one_row_costs_that_row(desk: Desk, fault: pytest.MonkeyPatch) -> None:
    put, tried = OneRosterClient.put_result, []

    def failing(self: OneRosterClient, result: Result, *, first: bool = True) -> str:
        tried.append(result)
        if len(tried) == 3:
            raise KeyError(PRIVATE)
        return put(self, result, first=first)

    fault.setattr(OneRosterClient, "put_result", failing)
    end = desk.sync_one(ALGEBRA)
    assert end.outcome.grades["state"].value_counts().to_dict() == {"created": 63, "failed": 1}
    failed = end.outcome.grades[end.outcome.grades["state"] == "failed"].iloc[0]
    assert "KeyError in failing" in failed["sis_error"]
    assert PRIVATE not in failed["sis_error"]
    fault.undo()
    assert desk.sync_one(ALGEBRA).outcome.grades["state"].value_counts().to_dict() == {
        "unchanged": 63,
        "created": 1,
    }


def test_a_fault_of_ours_in_one_course_costs_that_course(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = CanvasClient.pages

    def failing(self: CanvasClient, path: str, *args: Any, **named: Any) -> Any:
        if path.startswith(f"courses/{ALGEBRA}/assignments"):
            raise KeyError(PRIVATE)
        return pages(self, path, *args, **named)

    monkeypatch.setattr(CanvasClient, "pages", failing)
    events = desk.events(*(desk.request(each) for each in (ALGEBRA, SPANISH, BIOLOGY)))
    ends = {each.request.course_id: each for each in events if isinstance(each, CourseSynced | CourseFailed)}
    failed = ends.pop(ALGEBRA)
    assert isinstance(failed, CourseFailed)
    assert failed.error.code == PipelineError.code
    assert PRIVATE not in str(failed.error)
    assert all(isinstance(each, CourseSynced) for each in ends.values())
    assert len(ends) == 2


def test_a_course_is_read_by_its_head_once(desk: Desk) -> None:
    desk.sync_one(ALGEBRA)
    heads = [
        each for each in desk.sandbox.requests_seen("canvas") if each["path"].endswith(f"/courses/{ALGEBRA}")
    ]
    assert len(heads) == 1


def test_who_is_stopped_while_canvas_is_read_asks_nothing_more(desk: Desk) -> None:
    slow = {"effect": "slow", "path": "/api/v1/courses/", "seconds": 0.3, "times": None}
    desk.sandbox.set_faults("canvas", slow)
    with desk.connected() as connections, Stream(connections, [desk.request(ALGEBRA)]) as stream:
        assert any(isinstance(event, StageReached) for event in stream)
        [ended] = stream.stop(REFUSED)
        asked = [each["path"] for each in desk.sandbox.requests_seen("canvas")]
        assert isinstance(ended, CourseFailed)
        assert ended.error is REFUSED
    assert not any("submissions" in each for each in asked)
    assert len(desk.sandbox.requests_seen("canvas")) == len(asked)


def test_a_night_looks_twice_at_a_lock_that_a_page_had_for_a_moment(desk: Desk) -> None:
    with desk.connected() as connections:
        nightly, other = desk.request(ALGEBRA, "nightly"), desk.request(SPANISH)
        events = sync_courses(connections, [nightly, other])
        with course_lock(connections.warehouse.settings, ALGEBRA):
            first = next(events)
        ends = {each.request.course_id for each in (first, *events) if isinstance(each, CourseSynced)}
    assert ends == {ALGEBRA, SPANISH}


def test_nobody_enrolled_where_grades_of_ours_stand_is_a_short_read(desk: Desk) -> None:
    desk.sync_one(ALGEBRA)
    held = desk.held()
    empty = {
        "effect": "status",
        "status": 200,
        "body": "[]",
        "headers": {"Content-Type": "application/json", "Link": '<http://127.0.0.1/?page=1>; rel="current"'},
        "times": None,
    }
    nobody = [empty | {"path": path} for path in ("/enrollments", "/students/submissions")]
    young = empty | {"path": "/assignments", "times": None}
    desk.sandbox.set_faults("canvas", *nobody, young)
    failed = desk.fails(ALGEBRA)
    assert failed.error.code == "canvas_short_read"
    assert "nobody is enrolled" in failed.error.what
    assert desk.held() == held
