"""Many courses' syncs at once: several in flight, commits in groups, one event for each thing that happened.

What one course holds, writes and leaves is life.py's. Worker threads read and write; the caller's thread
alone locks courses and commits, and is given each event once what it tells is in the warehouse. Memory holds
the courses in flight and one group.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Self

from gpb_pipeline.brake import Brake
from gpb_pipeline.endings import cancelled
from gpb_pipeline.equality import may_share
from gpb_pipeline.errors import PipelineError
from gpb_pipeline.events import (
    CourseJudged,
    CourseLeft,
    CourseSkipped,
    CourseWaiting,
    End,
    Event,
    StageReached,
)
from gpb_pipeline.life import CourseLife
from gpb_pipeline.passback.budget import Budget
from gpb_pipeline.sync import Connections, Posting, SyncRequest
from gpb_pipeline.warehouse import history, inputs, record, unsure
from gpb_pipeline.warehouse.faults import UnavailableError
from gpb_pipeline.warehouse.history import Reached
from gpb_pipeline.warehouse.locks import LockedError

IN_FLIGHT, IN_FLIGHT_MOST = 4, 12  # courses at once: where Canvas answers at once; and at most
A_COURSE_MORE = 0.025  # seconds that an answer takes, for each of which a course more fills the waiting
WRITES = 16  # writes to the SIS that may wait for a turn, over all courses (sis/pacing.py)
GROUP = 10  # courses a commit: one costs about what ten do
LOCKED_MOST = 40  # courses that are locked together, where the last of them gets its turn in time
TURN = 20.0  # seconds that a locked course may wait for its turn: whoever else syncs it waits too
FLUSH = 1.0  # seconds that a stage reached, or an end, may wait for company at least
COMMITTING = 4  # times as long as the last commit took, where that is more: a slow catalogue is asked less
PATIENCE = 600.0  # seconds that a sync waits for another of its course
LOOK_AGAIN = 0.5  # seconds between looks at a lock
PULSE = 300.0  # seconds without anything to tell, after which it is told that both sides answer


def sync_courses(connections: Connections, requests: Iterable[SyncRequest]) -> Iterator[Event]:
    """Sync the courses in their order, several at once, and tell of each what happened.

    A course's failure is an event and costs no other. When the iterator is closed early, the courses on their
    way end as cancelled; a Stream can be told why.
    """
    with Stream(connections, requests) as stream:
        yield from stream


@dataclass(frozen=True)
class _Looked:
    """The own id and the state of one course more were asked for."""


class Stream:
    """The syncs of these courses as they happen: iterated once, and nothing of any is open at its end.

    A consumer that knows why it stops calls `stop`; else leaving the `with` says that it was stopped. Where
    there is a budget, no course begins that would not end in time.
    """

    def __init__(
        self, connections: Connections, requests: Iterable[SyncRequest], budget: Budget | None = None
    ) -> None:
        self._brake = Brake()
        self._connections = replace(
            connections,
            canvas=connections.canvas.heeding(self._brake),
            sis=connections.sis.heeding(self._brake),
        )
        self._pending = deque(requests)
        self._budget = budget
        self._began: dict[str, datetime] = {}  # when each that runs took its turn
        self._took: dict[str, timedelta] = {}  # the courses that came to their end
        self._left: list[str] = []
        self._answers, self._told_at = 0, time.monotonic()
        self._group: list[CourseLife] = []  # to be locked next, in their order
        self._looking = 0  # for so many of the group the head is asked for
        self._looked, self._looked_at = 0, 0.0  # how many were in the last group, and when it was made
        self._waiting: list[tuple[CourseLife, float]] = []  # for another sync, and until when
        self._look_again = 0.0
        self._ready: deque[CourseLife] = deque()
        self._running = 0
        self._stages: list[StageReached] = []
        self._finished: list[CourseLife] = []
        self._alive: list[CourseLife] = []  # from the lock on, until their ends are told; previews too
        self._told: SimpleQueue[StageReached | CourseJudged | CourseLife | _Looked] = SimpleQueue()
        self._committed_at, self._commit_took = time.monotonic(), 0.0
        self._heads = ThreadPoolExecutor(IN_FLIGHT, "head")
        self._courses = ThreadPoolExecutor(IN_FLIGHT_MOST, "course")
        self._writes = ThreadPoolExecutor(WRITES, "write")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(cancelled())

    def __iter__(self) -> Iterator[Event]:
        while self._pending or self._group or self._waiting or self._alive:
            yield from self._heard(self._look())
            yield from self._heard(self._begin())
            while self._ready and self._running < self._places:
                self._start(self._ready.popleft())
            yield from self._heard(self._listen())
            if self._is_due():
                yield from self._heard(self._commit())
            self._pulse()

    @property
    def _places(self) -> int:
        """How many courses may be on their way at once: the longer answers take, the more."""
        return min(IN_FLIGHT + int(self._connections.canvas.answer_time / A_COURSE_MORE), IN_FLIGHT_MOST)

    @property
    def left_takes(self) -> timedelta | None:
        """How long the courses that were left will take, as far as that can be told."""
        budget = self._budget_now()
        return budget.pace.together(self._left) if budget else None

    def stop(self, why: PipelineError) -> list[End]:
        """Let nothing more be written, wait for what is under way, end what is open, and tell of the ends."""
        self._brake.pull(why)
        for threads in (self._heads, self._courses, self._writes):
            threads.shutdown(cancel_futures=True)
        self._pending.clear()
        self._group.clear()
        self._waiting.clear()
        for each in self._alive:
            if each.ended_at is None:
                each.fail(why)
        syncs = [each for each in self._alive if not each.is_preview]
        if syncs:
            with suppress(PipelineError):  # else the next look at the history finds that they died
                still = {job.job_id for job in self._connections.warehouse.read(history.open_jobs)}
                self._put_on_record([each for each in syncs if each.request.job_id in still])
        return [self._out(each) for each in syncs]

    def _heard(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass on what there is to tell, and note when that was."""
        for event in events:
            self._note_told()
            yield event

    def _pulse(self) -> None:
        """Say that both sides answer, where nothing else was told for long: it may be taken for dead else.

        So may who waits for as long as the SIS has asked for.
        """
        alive = self._count_answers() > self._answers or self._connections.sis.waits_as_told
        if time.monotonic() - self._told_at > PULSE and alive:
            self._note_told()
            self._connections.pulse()

    def _note_told(self) -> None:
        self._told_at, self._answers = time.monotonic(), self._count_answers()

    def _count_answers(self) -> int:
        return self._connections.canvas.answers + self._connections.sis.answers

    def _look(self) -> Iterator[CourseLeft]:
        """Ask for the heads of the next group of courses, before they are locked; tell of those left."""
        if self._ready or self._group:
            return
        now, budget = self._connections.clock(), self._budget_now()
        room = min(self._room(), len(self._pending))
        if budget and not budget.is_ample([each.course_id for each in islice(self._pending, room)], now):
            room = self._places - self._running  # none waits for its turn that may be too late for it
        while self._pending and len(self._group) < room:
            request = self._pending.popleft()
            if budget and not budget.allows(request.course_id, now):
                self._left.append(request.course_id)
                yield CourseLeft(request=request)
                continue
            life = CourseLife(request=request, connections=self._connections, started_at=now)
            self._group.append(life)
            self._looking += 1
            self._heads.submit(self._look_at, life)
        self._looked, self._looked_at = len(self._group), time.monotonic()

    def _room(self) -> int:
        """How many courses get their turn in time, by how long those of the last group took to."""
        if not self._looked:
            return GROUP
        took = time.monotonic() - self._looked_at
        return max(self._places, min(LOCKED_MOST, int(self._looked * TURN / took)))

    def _budget_now(self) -> Budget | None:
        """Give the budget by the pace of those courses that have ended in this stream."""
        return replace(self._budget, pace=self._budget.pace.after(self._took)) if self._budget else None

    def _look_at(self, life: CourseLife) -> None:
        try:
            life.look()
        except Exception as bug:  # noqa: BLE001  a fault of ours costs this course
            life.fail(bug)
        finally:
            self._told.put(_Looked())

    def _begin(self) -> list[Event]:
        """Lock the courses that were looked at, a group at a time, and put their jobs on record."""
        before = len(self._alive)
        told = [event for life, until in self._to_lock() if (event := self._lock(life, until)) is not None]
        new = self._alive[before:]
        syncs = [each for each in new if not each.is_preview]
        return [*told, *self._recorded(syncs), *self._previewed([each for each in new if each.is_preview])]

    def _to_lock(self) -> list[tuple[CourseLife, float | None]]:
        """Give the courses whose lock is to be tried now, and until when those wait that have waited."""
        due: list[tuple[CourseLife, float | None]] = []
        if not self._looking:
            due += [(each, None) for each in self._group]
            self._group = []
        if self._waiting and time.monotonic() >= self._look_again:
            due += self._waiting
            self._waiting = []
            self._look_again = time.monotonic() + LOOK_AGAIN
        return due

    def _lock(self, life: CourseLife, until: float | None) -> Event | None:
        """Take the course, if it may be synced; what there is to tell where it is not taken."""
        if life.error is None and life.kept_out is not None:
            if life.request.type == "nightly":
                return CourseSkipped(request=life.request, reason=life.kept_out.what)
            life.fail(life.kept_out)
        if life.error is not None:
            return life.told()
        try:
            life.lock()
        except LockedError as taken:
            return self._locked_out(life, taken, until)
        except Exception as fault:  # noqa: BLE001  a lock that cannot be had is this course's alone
            life.fail(fault)
            return life.told()
        self._alive.append(life)
        return None

    def _locked_out(self, life: CourseLife, taken: LockedError, until: float | None) -> Event | None:
        nightly, now = life.request.type == "nightly", time.monotonic()
        if until is None:  # what looks whether a job has died has the lock, too, for a moment
            self._look_again = self._look_again if self._waiting else now + LOOK_AGAIN
            self._waiting.append((life, now if nightly else now + PATIENCE))
            return None if nightly else CourseWaiting(request=life.request)
        if now <= until:
            self._waiting.append((life, until))
            return None
        if nightly:
            return CourseSkipped(request=life.request, reason="another sync of it is running")
        life.fail(taken)
        return life.told()

    def _recorded(self, lives: Sequence[CourseLife]) -> list[Event]:
        """Put jobs on record, together or, where that is refused, each by itself; tell of those refused."""
        if not lives:
            return []
        try:
            doubtful = self._connections.warehouse.commit(
                record.begin, [each.begun for each in lives], self._connections.restored_at
            )
        except Exception as refused:  # noqa: BLE001  of a course without a job nothing is read or written
            if len(lives) > 1 and not isinstance(refused, UnavailableError):
                return [event for each in lives for event in self._recorded([each])]
            for each in lives:
                each.fail(refused)
            return [self._out(each) for each in lives]
        with suppress(PipelineError):  # a course without a base is judged
            self._find_bases(lives, doubtful)
        self._make_ready(lives, doubtful)
        return []

    def _find_bases(self, lives: Sequence[CourseLife], doubtful: frozenset[str]) -> None:
        """Give each course that may share a judgement the one that it would share."""
        course_of = {each: each.request.course_id for each in lives}
        may = [each for each in lives if may_share(each.request, interrupted=course_of[each] in doubtful)]
        if not may:
            return
        found = self._connections.warehouse.read(inputs.bases, [course_of[each] for each in may])
        for each in may:
            each.base = found.get(course_of[each])

    def _previewed(self, lives: Sequence[CourseLife]) -> list[Event]:
        """Let previews look as the syncs would that they show."""
        if not lives:
            return []
        try:
            ids = [each.request.course_id for each in lives]
            restored_at = self._connections.restored_at
            doubtful = self._connections.warehouse.read(unsure.of_courses, ids, restored_at)
        except PipelineError as refused:
            for each in lives:
                each.fail(refused)
            return [self._out(each) for each in lives]
        self._make_ready(lives, doubtful)
        return []

    def _make_ready(self, lives: Iterable[CourseLife], doubtful: frozenset[str]) -> None:
        for each in lives:
            each.interrupted = each.request.course_id in doubtful
            self._ready.append(each)

    def _start(self, life: CourseLife) -> None:
        self._running += 1
        self._began[life.request.course_id] = self._connections.clock()
        self._courses.submit(self._run, life)

    def _run(self, life: CourseLife) -> None:
        try:
            life.run(self._writes, self._brake, self._told.put)
        finally:
            self._told.put(life)

    def _listen(self) -> Iterator[Event]:
        """Take what the threads tell, waiting a little for the first."""
        try:
            more = self._running or self._group or self._waiting
            message = self._told.get(timeout=FLUSH / 4 if more else 0)
            while True:
                yield from self._hear(message)
                message = self._told.get_nowait()
        except Empty:
            return

    def _hear(self, message: StageReached | CourseJudged | CourseLife | _Looked) -> list[Event]:
        match message:
            case _Looked():
                self._looking -= 1
                return []
            case CourseLife():
                self._running -= 1
                began = self._began.pop(message.request.course_id)
                if message.error is None and self._budget:
                    self._took[message.request.course_id] = self._connections.clock() - began
                if not message.is_preview:
                    self._finished.append(message)
                    return []
                event = self._out(message)
                return [] if message.error is None else [event]
            case StageReached() if message.request.posting is not Posting.NOTHING:
                self._stages.append(message)
        return [message]

    def _is_due(self) -> bool:
        if not self._finished and not self._stages:
            return False
        waited = time.monotonic() - self._committed_at > max(FLUSH, COMMITTING * self._commit_took)
        return waited or len(self._finished) >= GROUP or not self._running

    def _commit(self) -> Iterator[Event]:
        """Put on record what was reached and what ended; then tell of the ends and free their courses."""
        finished, self._finished = self._finished, []
        began = time.monotonic()
        self._put_on_record(finished)
        self._committed_at = time.monotonic()
        self._commit_took = self._committed_at - began
        for each in finished:
            yield self._out(each)

    def _put_on_record(self, finished: Sequence[CourseLife]) -> None:
        """Commit the stages and these ends together or, where that is refused, each end by itself."""
        alike = {each.request.job_id for each in finished if each.shares}  # the stages are the other's
        reached = [
            Reached(job_id=each.request.job_id, stage=each.stage, at=each.at)
            for each in self._stages
            if each.request.job_id not in alike
        ]
        try:
            before = self._connections.warehouse.commit(
                record.progress, reached, [each.end for each in finished]
            )
        except UnavailableError as away:  # from each by itself as well
            for each in finished:
                each.fail(away)
        except Exception:  # noqa: BLE001  whose it is shows where each stands alone; the stages go with the next
            for each in finished:
                each.commit()
        else:
            self._stages = []
            for each in finished:
                if each.request.job_id in before:
                    each.lost()

    def _out(self, life: CourseLife) -> End:
        """Let go of a course that is at its end."""
        self._alive.remove(life)
        self._stages = [each for each in self._stages if each.request.job_id != life.request.job_id]
        return life.told()
