"""One course's sync from its lock to its end: the owner of both, of the writes between, and of the commit.

Nothing of a course is written, queued or held after its end, and whatever fails is that course's alone. What
happens between is sync.py's; many courses at once, and the commits that they share, stream.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import ParamSpec, TypeVar

from gpb_pipeline.brake import Brake
from gpb_pipeline.canvas.courses import Head, read_head
from gpb_pipeline.canvas.errors import NotFoundError
from gpb_pipeline.equality import input_of, may_share
from gpb_pipeline.errors import PermanentError, PipelineError, SettingsError, unforeseen
from gpb_pipeline.events import CourseFailed, CourseJudged, CourseSynced, CourseUnchanged, StageReached
from gpb_pipeline.sync import (
    Connections,
    CourseSync,
    Judged,
    Posted,
    Posting,
    Stage,
    SyncRequest,
    kept_out,
    may_write,
)
from gpb_pipeline.warehouse import history, record
from gpb_pipeline.warehouse.faults import taken_for_dead
from gpb_pipeline.warehouse.history import Begun, EndStatus
from gpb_pipeline.warehouse.inputs import Base
from gpb_pipeline.warehouse.locks import Held, course_lock
from gpb_pipeline.warehouse.record import Ended

P = ParamSpec("P")
T = TypeVar("T")


class WriteQueue(Executor):
    """A course's writes in the pool that all courses share; once it is closed, none is there any more."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._queued: set[Future[object]] = set()
        self._closed = False
        self._lock = Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        with self._lock:
            if self._closed:
                raise RuntimeError("a write after the course's end")
            future = self._pool.submit(fn, *args, **kwargs)
            self._queued.add(future)  # type: ignore[arg-type]  # only its end is looked at
        future.add_done_callback(self._queued.discard)
        return future

    def close(self) -> None:
        """Take back what has not begun, and wait for the answer of what has."""
        with self._lock:
            self._closed = True
            queued = list(self._queued)
        wait([each for each in queued if not each.cancel()])


@dataclass(kw_only=True, eq=False)
class CourseLife:
    """A course on its way; a preview has neither lock nor history. `run` is another thread's, once."""

    request: SyncRequest
    connections: Connections
    started_at: datetime
    head: Head | None = None
    kept_out: PermanentError | None = None  # why it is not synced as it is
    interrupted: bool = False  # its last sync stopped while it could post
    base: Base | None = None  # whose judgement it shares, if its input is equal
    shares: bool = False
    judged: Judged | None = None
    posted: Posted | None = None
    error: PipelineError | None = None
    ended_at: datetime | None = None
    _held: Held | None = None
    _lock: ExitStack = field(default_factory=ExitStack)

    @property
    def is_preview(self) -> bool:
        return self.request.posting is Posting.NOTHING

    @property
    def begun(self) -> Begun:
        return Begun(
            job_id=self.request.job_id,
            course_id=self.request.course_id,
            type=self.request.type,
            posted_by=self.request.posted_by,
            at=self.started_at,
        )

    def look(self) -> None:
        """Ask for the course's own id and its state: several names are one course, with one lock.

        One that Canvas does not have and that never had a sync is no course: it comes into no history.
        Nor does what would write where this configuration may not.
        """
        try:
            if may_write(self.request):
                self.connections.sis.settings.require_writable()
        except SettingsError as refused:
            self.fail(refused)
            return
        try:
            self.head = read_head(self.connections.canvas, self.request.course_id)
        except NotFoundError as missing:
            if not self.connections.warehouse.read(history.jobs, self.request.course_id, limit=1):
                self.fail(missing)
            return
        except PipelineError:  # told where the course is read, in its own place in the history
            return
        self.request = replace(self.request, course_id=self.head.course.course_id)
        self.kept_out = kept_out(self.request, self.head.course)

    def lock(self) -> None:
        """Take the course; raises LockedError where another sync has it. A preview takes nothing."""
        if self.is_preview:
            return
        held = course_lock(self.connections.warehouse.settings, self.request.course_id)
        self._held = self._lock.enter_context(held)

    def run(self, pool: Executor, brake: Brake, tell: Callable[[StageReached | CourseJudged], None]) -> None:
        """Go through the stages; once it returns, nothing of the course is written any more."""
        writes = WriteQueue(pool)
        try:
            sync = CourseSync(
                connections=self.connections,
                request=self.request,
                head=self.head,
                reached=lambda stage: tell(self._reached(stage)),
                writes=writes,
                brake=brake,
                assure=self._held.assure if self._held else lambda: None,
            )
            read = sync.read()
            self.shares = self.base is not None and input_of(self.connections, read) == self.base.job.input
            if self.shares:
                return
            self.judged = sync.judged(read, interrupted=self.interrupted)
            tell(CourseJudged(request=self.request, judged=self.judged))
            if self._held is not None:
                self._held.assure()
                self.posted = sync.posted(self.judged)
                self.error = self.posted.stopped_by
        except BaseException as failure:  # noqa: BLE001  a fault of ours costs this course, not the night
            self.fail(failure)
        finally:
            writes.close()
            self.error = brake.why or self.error
            self.ended_at = self.connections.clock()

    def fail(self, failure: BaseException) -> None:
        """Let it end by this; what is no PipelineError is a fault of ours."""
        self.error = failure if isinstance(failure, PipelineError) else self._fault(failure)
        self.ended_at = self.ended_at or self.connections.clock()

    @property
    def end(self) -> Ended:
        """What its end puts on record; raises nothing but faults of ours."""
        error, whole = self.error, self.judged if self.error is None else None
        if self.base is not None and self.shares and error is None:
            return self._shared(self.base)
        return Ended(
            job_id=self.request.job_id,
            course_id=self.request.course_id,
            at=self.ended_at or self.started_at,
            status="Failed" if error else _status(self.posted),
            code=error.code if error else None,
            cause=str(error) if error else None,
            canvas=whole.canvas if whole else None,
            sis=whole.sis if whole else None,
            judgement=whole.judgement if whole else None,
            outcome=self.posted.outcome if self.posted else None,
            differences=self.judged.differences if self.judged else None,
            held=self.posted.held if self.posted else None,
            input=self._left_input(),
        )

    def commit(self) -> None:
        """Put its end on record by itself; refused, it is one that died, so that the next sync looks.

        Refused even so, its job has no end, and the next look at the history finds that it died.
        """
        for what in (lambda end: end, record.lost):
            try:
                if self.connections.warehouse.commit(record.progress, [], [what(self.end)]):
                    self.lost()
            except Exception as refused:  # noqa: BLE001  a fault of ours too: what it left is not on record
                self.fail(refused)
            else:
                return

    def lost(self) -> None:
        """Let it end as one whose lock fell with its session, and that was taken for dead since."""
        self.fail(taken_for_dead(f"course {self.request.course_id}"))

    def told(self) -> CourseSynced | CourseUnchanged | CourseFailed:
        """Free the course, and tell how it ended."""
        self._lock.close()
        end = self.end
        if self.base is not None and end.like is not None:
            return CourseUnchanged(
                request=self.request, base=self.base, started_at=self.started_at, at=end.at
            )
        if self.error is not None or self.judged is None or self.posted is None:
            error = self.error or self._fault(None)
            return CourseFailed(
                request=self.request,
                error=error,
                counts=end.counts,
                started_at=self.started_at,
                at=end.at,
            )
        return CourseSynced(
            request=self.request,
            judged=self.judged,
            outcome=self.posted.outcome,
            counts=end.counts,
            status=end.status,
            started_at=self.started_at,
            at=end.at,
        )

    def _shared(self, base: Base) -> Ended:
        return Ended.alike(base.job, job_id=self.request.job_id, at=self.ended_at or self.started_at)

    def _left_input(self) -> str | None:
        """What a later sync must read, to share this one's judgement; None where none may."""
        if self.error is not None or self.judged is None or self.posted is None:
            return None
        if not self.posted.quiet or not may_share(self.request, interrupted=self.interrupted):
            return None
        return input_of(self.connections, self.judged.read)

    def _reached(self, stage: Stage) -> StageReached:
        return StageReached(request=self.request, stage=stage, at=self.connections.clock())

    def _fault(self, bug: BaseException | None) -> PipelineError:
        return unforeseen(
            bug,
            item=f"course {self.request.course_id}",
            remedy=f"Report it with the job id {self.request.job_id}.",
        )


def _status(posted: Posted | None) -> EndStatus:
    """Find whether an item failed; skips and warnings do not change it (docs/decisions.md §8.2)."""
    if posted is None:
        return "Completed"
    states = posted.outcome.assignments["state"], posted.outcome.grades["state"]
    return "Completed (with errors)" if any((each == "failed").any() for each in states) else "Completed"
