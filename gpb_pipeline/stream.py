"""Many courses' syncs at once: several in flight, commits in groups, one event for each thing that happened.

Worker threads run sync.py's stages, one course each. The caller's thread alone locks courses and commits, and
is given each event once what it tells is in the warehouse. Memory holds the courses in flight and one group.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Event as Flag
from traceback import extract_tb

from gpb_pipeline.canvas.courses import course_named
from gpb_pipeline.errors import PermanentError, PipelineError
from gpb_pipeline.events import (
    CourseFailed,
    CourseJudged,
    CourseSkipped,
    CourseSynced,
    CourseWaiting,
    Event,
    StageReached,
)
from gpb_pipeline.sync import Connections, CourseSync, Judged, Posted, Posting, SyncRequest, kept_out
from gpb_pipeline.warehouse import history, record
from gpb_pipeline.warehouse.history import Begun, EndStatus, Reached
from gpb_pipeline.warehouse.locks import Held, LockedError, course_lock
from gpb_pipeline.warehouse.record import Ended

IN_FLIGHT = 4  # courses at once: the network is the floor, not the threads
WRITES = 8  # writes to the SIS at once, over all courses
GROUP = 10  # courses a commit: one costs about what ten do
FLUSH = 1.0  # seconds that a stage reached, or an end, may wait for company
PATIENCE = 600.0  # seconds that a sync waits for another of its course
LOOK_AGAIN = 0.5  # seconds between looks at a lock


def sync_courses(connections: Connections, requests: Iterable[SyncRequest]) -> Iterator[Event]:
    """Sync the courses in their order, several at once, and tell of each what happened.

    A course's failure is an event and costs no other. Raises PipelineError where the warehouse fails for all.
    When the iterator is closed early, no further write is made.
    """
    stream = _Stream(connections, requests)
    try:
        yield from stream.events()
    finally:
        stream.close()


@dataclass(kw_only=True)
class _Course:
    """A course on its way. A preview has neither lock nor history."""

    request: SyncRequest
    started_at: datetime
    kept_out: PermanentError | None = None
    lock: ExitStack = field(default_factory=ExitStack)
    held: Held | None = None
    interrupted: bool = False


@dataclass(frozen=True, kw_only=True)
class _Finished:
    course: _Course
    judged: Judged | None = None
    posted: Posted | None = None
    error: PipelineError | None = None
    at: datetime


class _Stream:
    def __init__(self, connections: Connections, requests: Iterable[SyncRequest]) -> None:
        self._connections = connections
        self._pending = deque(requests)
        self._waiting: dict[str, float] = {}  # job id → when its patience ends
        self._ready: deque[_Course] = deque()
        self._running: dict[str, _Course] = {}
        self._stages: list[StageReached] = []
        self._finished: list[_Finished] = []
        self._told: SimpleQueue[StageReached | CourseJudged | _Finished] = SimpleQueue()
        self._ended = Flag()
        self._committed_at = time.monotonic()
        self._courses = ThreadPoolExecutor(IN_FLIGHT, "course")
        self._writes = ThreadPoolExecutor(WRITES, "write")

    def close(self) -> None:
        """Let no thread write any more, wait for them, and free what is locked."""
        self._ended.set()
        self._courses.shutdown(cancel_futures=True)
        self._writes.shutdown(cancel_futures=True)
        for course in [*self._ready, *self._running.values(), *(each.course for each in self._finished)]:
            course.lock.close()

    def events(self) -> Iterator[Event]:
        while self._pending or self._ready or self._running or self._finished:
            if self._pending and not self._ready:
                yield from self._begin()
            while self._ready and len(self._running) < IN_FLIGHT:
                self._start(self._ready.popleft())
            yield from self._listen()
            if self._is_due():
                yield from self._commit()

    def _begin(self) -> Iterator[Event]:
        """Lock the next courses and put their jobs on record, a group at a time."""
        begun: list[_Course] = []
        asked = [self._pending.popleft() for _ in range(min(GROUP, len(self._pending)))]
        for course in self._courses.map(self._named, asked):
            event = self._kept_out(course) or self._locked(course)
            if event is not None:
                yield event
            elif course.held is not None or course.request.posting is Posting.NOTHING:
                begun.append(course)
        recorded = [course for course in begun if course.held is not None]
        if recorded:
            rows = [_begun(course) for course in recorded]
            unsure = self._connections.warehouse.commit(record.begin, rows)
            for course in recorded:
                course.interrupted = course.request.course_id in unsure
        if previews := [course for course in begun if course.held is None]:
            ids = [course.request.course_id for course in previews]
            unsure = self._connections.warehouse.read(history.unsure, ids)
            for course in previews:  # it looks as the sync would that it shows
                course.interrupted = course.request.course_id in unsure
        self._ready.extend(begun)

    def _named(self, request: SyncRequest) -> _Course:
        """Ask for the course's own id and its state: several names are one course, with one lock."""
        started_at = self._connections.clock()
        try:
            found = course_named(self._connections.canvas, request.course_id)
        except PipelineError:  # told where the course is read, in its own place in the history
            return _Course(request=request, started_at=started_at)
        named = replace(request, course_id=found.course_id)
        return _Course(request=named, started_at=started_at, kept_out=kept_out(named, found))

    def _kept_out(self, course: _Course) -> Event | None:
        """Tell of a course that is not synced as it is: left out at night, refused by hand."""
        if course.kept_out is None:
            return None
        if course.request.type == "nightly":
            return CourseSkipped(request=course.request, reason=course.kept_out.what)
        return CourseFailed(
            request=course.request,
            error=course.kept_out,
            started_at=course.started_at,
            at=self._connections.clock(),
        )

    def _locked(self, course: _Course) -> Event | None:
        """Take the course's lock; what there is to tell where it is not to be had."""
        request = course.request
        if request.posting is Posting.NOTHING:
            return None
        try:
            lock = course_lock(self._connections.warehouse.settings, request.course_id)
            course.held = course.lock.enter_context(lock)
        except LockedError as taken:
            return self._taken(course, taken)
        except PipelineError as error:
            return CourseFailed(
                request=request, error=error, started_at=course.started_at, at=self._connections.clock()
            )
        self._waiting.pop(request.job_id, None)
        return None

    def _taken(self, course: _Course, taken: LockedError) -> Event | None:
        request = course.request
        if request.type == "nightly":
            return CourseSkipped(request=request, reason="another sync of it is running")
        now = time.monotonic()
        first = request.job_id not in self._waiting
        if now > self._waiting.setdefault(request.job_id, now + PATIENCE):
            return CourseFailed(
                request=request, error=taken, started_at=course.started_at, at=self._connections.clock()
            )
        self._pending.append(request)
        if first:
            return CourseWaiting(request=request)
        if not self._running:
            time.sleep(LOOK_AGAIN)
        return None

    def _start(self, course: _Course) -> None:
        self._running[course.request.job_id] = course
        self._courses.submit(self._work, course)

    def _work(self, course: _Course) -> None:
        """Run one course's stages, in a thread of its own; whatever happens is told."""
        request = course.request
        judged: Judged | None = None
        posted: Posted | None = None
        error: PipelineError | None = None
        try:
            sync = CourseSync(
                connections=self._connections,
                request=request,
                reached=lambda stage: self._told.put(
                    StageReached(request=request, stage=stage, at=self._connections.clock())
                ),
                writes=self._writes,
                ended=self._ended,
            )
            judged = sync.judged(interrupted=course.interrupted)
            self._told.put(CourseJudged(request=request, judged=judged))
            if course.held is not None:
                course.held.assure()
                posted = sync.posted(judged)
                error = posted.stopped_by
        except PipelineError as expected:
            error = expected
        except Exception as bug:  # noqa: BLE001  a fault of ours costs this course, not the night
            error = _unexpected(bug, request)
        self._told.put(
            _Finished(course=course, judged=judged, posted=posted, error=error, at=self._connections.clock())
        )

    def _listen(self) -> Iterator[Event]:
        """Take what the threads tell, waiting a little for the first."""
        try:
            message = self._told.get(timeout=FLUSH / 4 if self._running else 0)
            while True:
                yield from self._hear(message)
                message = self._told.get_nowait()
        except Empty:
            return

    def _hear(self, message: StageReached | CourseJudged | _Finished) -> Iterator[Event]:
        if isinstance(message, _Finished):
            self._running.pop(message.course.request.job_id)
            if message.course.held is not None:
                self._finished.append(message)
            elif message.error is not None:
                yield _failed(message, message.error)
            return
        if isinstance(message, StageReached) and message.request.posting is not Posting.NOTHING:
            self._stages.append(message)
        yield message

    def _is_due(self) -> bool:
        if not self._finished and not self._stages:
            return False
        waited = time.monotonic() - self._committed_at > FLUSH
        return waited or len(self._finished) >= GROUP or not self._running

    def _commit(self) -> Iterator[Event]:
        """Put on record what was reached and what ended; then tell of the ends and free their courses."""
        stages, finished = self._stages, self._finished
        self._stages, self._finished = [], []
        self._committed_at = time.monotonic()
        reached = [Reached(job_id=each.request.job_id, stage=each.stage, at=each.at) for each in stages]
        ends = [(each, _ended(each)) for each in finished]
        try:
            self._connections.warehouse.commit(record.progress, reached, [end for _, end in ends])
        except PipelineError:
            if len(finished) < 2:  # noqa: PLR2004  alone, there is nobody to save
                raise
            self._connections.warehouse.commit(record.progress, reached, [])
            for each, end in ends:
                yield from self._alone(each, end)
            return
        for each, end in ends:
            each.course.lock.close()
            yield _event(each, end)

    def _alone(self, finished: _Finished, end: Ended) -> Iterator[Event]:
        """Commit one course by itself: its failure must not cost the others of its group."""
        try:
            self._connections.warehouse.commit(record.progress, [], [end])
            event = _event(finished, end)
        except PipelineError as error:
            lost = record.lost(end)  # what it posted is found again by the next sync
            self._connections.warehouse.commit(record.progress, [], [lost])
            event = _failed(finished, error)
        finished.course.lock.close()
        yield event


def _begun(course: _Course) -> Begun:
    request = course.request
    return Begun(
        job_id=request.job_id,
        course_id=request.course_id,
        type=request.type,
        posted_by=request.posted_by,
        at=course.started_at,
    )


def _ended(finished: _Finished) -> Ended:
    request, judged, posted = finished.course.request, finished.judged, finished.posted
    error = finished.error
    whole = judged if error is None else None
    return Ended(
        job_id=request.job_id,
        course_id=request.course_id,
        at=finished.at,
        status="Failed" if error else _status(posted),
        code=error.code if error else None,
        cause=str(error) if error else None,
        canvas=whole.canvas if whole else None,
        sis=whole.sis if whole else None,
        judgement=whole.judgement if whole else None,
        outcome=posted.outcome if posted else None,
        held=posted.held if posted else None,
    )


def _status(posted: Posted | None) -> EndStatus:
    """Find whether an item failed; skips and warnings do not change it (docs/decisions.md §8.2)."""
    if posted is None:
        return "Completed"
    states = posted.outcome.assignments["state"], posted.outcome.grades["state"]
    return "Completed (with errors)" if any((each == "failed").any() for each in states) else "Completed"


def _event(finished: _Finished, end: Ended) -> Event:
    if finished.error is not None or finished.judged is None or finished.posted is None:
        return _failed(finished, finished.error or _unexpected(None, finished.course.request))
    return CourseSynced(
        request=finished.course.request,
        judged=finished.judged,
        outcome=finished.posted.outcome,
        counts=end.counts,
        status=end.status,
        started_at=finished.course.started_at,
        at=finished.at,
    )


def _failed(finished: _Finished, error: PipelineError) -> CourseFailed:
    return CourseFailed(
        request=finished.course.request, error=error, started_at=finished.course.started_at, at=finished.at
    )


def _unexpected(bug: BaseException | None, request: SyncRequest) -> PipelineError:
    """Tell where the fault is, and none of its words: they may name a student."""
    frames = extract_tb(bug.__traceback__) if bug is not None else None
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "no place known"
    return PermanentError(
        f"a fault of the pipeline ({type(bug).__name__} in {place})",
        item=f"course {request.course_id}",
        remedy=f"Report it with the job id {request.job_id}.",
        code="unexpected",
    )
