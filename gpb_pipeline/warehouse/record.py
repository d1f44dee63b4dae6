"""What a group of syncs leaves in the warehouse, in one transaction: jobs begun, stages reached, jobs ended.

Which table holds what is said in frames, logs, holdings and history; here they are put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Self

from pandera.typing import DataFrame

from gpb_pipeline.passback.course import CanvasRead, SisRead
from gpb_pipeline.passback.holdings.differences import Differences
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.warehouse import frames, history, holdings, inputs, logs, unsure
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.faults import taken_for_dead
from gpb_pipeline.warehouse.frames import CourseFrames
from gpb_pipeline.warehouse.history import DIED, Begun, End, EndStatus, Job, Reached
from gpb_pipeline.warehouse.holdings import Change, Sent
from gpb_pipeline.warehouse.logs import JobOutcome


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A job at its end. Without `judgement` the course's frames stay what they were.

    `like`: the job whose judgement it shares, and with it status, counts and logs. `input`: what a later one
    must be equal to, to share this one's.
    """

    job_id: str
    course_id: str
    at: datetime
    status: EndStatus
    code: str | None
    cause: str | None
    canvas: CanvasRead | None
    sis: SisRead | None
    judgement: Rows | None
    outcome: Rows | None
    differences: DataFrame[Differences] | None
    held: Change | None
    like: Job | None = None
    input: str | None = None

    @classmethod
    def alike(cls, job: Job, *, job_id: str, at: datetime) -> Self:
        """End as `job` did, whose judgement it shares, with nothing of its own."""
        return cls(
            job_id=job_id,
            course_id=job.course_id,
            at=at,
            status="Completed" if job.status == "Completed" else "Completed (with errors)",
            code=None,
            cause=None,
            canvas=None,
            sis=None,
            judgement=None,
            outcome=None,
            differences=None,
            held=None,
            like=job,
        )

    @cached_property
    def counts(self) -> Counts:
        if self.like is not None:
            return self.like.counts
        return Counts.none() if self.outcome is None else Counts.of(self.outcome)


def lost(end: Ended) -> Ended:
    """Make of it a job that died, so that the course's next sync looks for what it posted."""
    nothing = dict.fromkeys(("canvas", "sis", "judgement", "outcome", "differences", "held", "like", "input"))
    return replace(end, status="Failed", code=DIED, **nothing)  # type: ignore[arg-type]  # all may be None


def begin(session: Connection, jobs: Sequence[Begun], restored_at: datetime | None = None) -> frozenset[str]:
    """Begin these jobs; return the courses of which the SIS may hold more than is on record."""
    at = {job.course_id: job.at for job in jobs}
    past = history.fail_open_jobs(session, at)
    history.begin(session, jobs)
    return unsure.left(past, at, restored_at)


def intend(session: Connection, job_id: str, changes: Sequence[Change]) -> None:
    """Put first writes on record before they are made; not of a job taken for dead."""
    if history.ended(session, [job_id]):
        raise taken_for_dead(f"job {job_id}")
    holdings.bring(session, changes)


def progress(session: Connection, reached: Sequence[Reached], ended: Sequence[Ended]) -> frozenset[str]:
    """Put stages and ends on record, with all that the ended jobs leave; name the jobs that had an end.

    Such a job lost its lock and was taken for dead: the course's next sync looks for what it posted, and
    nothing that it leaves is put over what another may have left since.
    """
    history.reach(session, reached)
    before = history.ended(session, [end.job_id for end in ended])
    ended = [end for end in ended if end.job_id not in before]
    frames.replace(session, [each for end in ended for each in _frames_of(end)])
    holdings.bring(session, [end.held for end in ended if end.held is not None])
    holdings.append(session, [each for end in ended for each in _sent_of(end)])
    logs.append(session, [each for end in ended for each in _outcome_of(end)])
    stamps = inputs.stamps(session, [end.course_id for end in ended if _may_be_shared(end)])
    history.end(session, [_end_of(end, stamps.get(end.course_id)) for end in ended])
    return before


def _may_be_shared(end: Ended) -> bool:
    """Whether what it was judged by is what it leaves: one that changed what is held is no base."""
    return end.input is not None and end.held is not None and end.held.is_nothing


def _frames_of(end: Ended) -> list[CourseFrames]:
    if end.canvas is None or end.sis is None or end.judgement is None:
        return []
    return [frames.of_sync(end.course_id, end.job_id, end.canvas, end.sis, end.judgement)]


def _sent_of(end: Ended) -> list[Sent]:
    if end.outcome is None or end.held is None:
        return []
    return [holdings.sent(end.outcome, end.held.after, job_id=end.job_id, at=end.at)]


def _outcome_of(end: Ended) -> list[JobOutcome]:
    if end.outcome is None:
        return []
    return [
        JobOutcome(
            course_id=end.course_id, job_id=end.job_id, outcome=end.outcome, differences=end.differences
        )
    ]


def _end_of(end: Ended, stamp: str | None) -> End:
    return End(
        job_id=end.job_id,
        at=end.at,
        status=end.status,
        counts=end.counts,
        code=end.code,
        cause=end.cause,
        judged_in=end.like.job_id if end.like else None,
        input=end.input if stamp else None,
        stamp=stamp,
    )
