"""What a group of syncs leaves in the warehouse, in one transaction: jobs begun, stages reached, jobs ended.

Which table holds what is said in frames, logs, ledger, intents and history; here they are put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gpb_pipeline.passback.adoption import Adopted
from gpb_pipeline.passback.counts import Counts
from gpb_pipeline.passback.course import CanvasRead, Judgement, Outcome, SisRead, SyncType
from gpb_pipeline.warehouse import frames, history, intents, ledger, logs
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.frames import CourseFrames
from gpb_pipeline.warehouse.history import DIED, EndStatus
from gpb_pipeline.warehouse.intents import Intents


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A job as it begins; the caller holds its course's lock."""

    job_id: str
    course_id: str
    type: SyncType
    posted_by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Reached:
    """A job at a stage."""

    job_id: str
    stage: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A job at its end. Without `judgement` the course's frames stay what they were."""

    job_id: str
    course_id: str
    at: datetime
    status: EndStatus
    code: str | None
    cause: str | None
    canvas: CanvasRead | None
    sis: SisRead | None
    judgement: Judgement | None
    section_ids: list[str]
    adopted: Adopted | None
    outcome: Outcome | None
    unknown: Intents | None

    @property
    def counts(self) -> Counts:
        return Counts.none() if self.outcome is None else Counts.of(self.outcome)


def lost(end: Ended) -> Ended:
    """Make of it a job that died, so that the course's next sync looks for what it posted."""
    nothing = dict.fromkeys(("canvas", "sis", "judgement", "adopted", "outcome", "unknown"))
    return replace(end, status="Failed", code=DIED, **nothing)  # type: ignore[arg-type]  # all may be None


def begin(session: Connection, jobs: Sequence[Begun]) -> set[str]:
    """Begin these jobs; return the courses whose last sync may have posted more than the ledger knows."""
    interrupted = set()
    for job in jobs:
        history.fail_open_jobs(session, job.course_id, now=job.at)
        if history.left_unsure(session, job.course_id):
            interrupted.add(job.course_id)
        history.begin(
            session,
            job_id=job.job_id,
            course_id=job.course_id,
            type=job.type,
            posted_by=job.posted_by,
            at=job.at,
        )
    return interrupted


def progress(session: Connection, reached: Sequence[Reached], ended: Sequence[Ended]) -> None:
    """Put stages and ends on record, with all that the ended jobs leave."""
    for stage in reached:
        history.reach(session, job_id=stage.job_id, stage=stage.stage, at=stage.at)
    frames.replace(session, [each for end in ended for each in _frames_of(end)])
    for each in ended:
        _posted(session, each)
        history.end(
            session,
            job_id=each.job_id,
            at=each.at,
            status=each.status,
            counts=each.counts,
            code=each.code,
            cause=each.cause,
        )


def _frames_of(end: Ended) -> list[CourseFrames]:
    """Gather the frames of a course that was read, judged and posted to its end."""
    if end.canvas is None or end.sis is None or end.judgement is None:
        return []
    made = frames.of_canvas(end.canvas) | frames.of_sis(end.sis) | frames.of_judgement(end.judgement)
    return [CourseFrames(course_id=end.course_id, job_id=end.job_id, frames=made)]


def _posted(session: Connection, end: Ended) -> None:
    """Remember what was found, what was sent, and what came of every row."""
    if end.adopted is not None:
        ledger.record(session, ledger.found(end.adopted))
    if end.outcome is not None:
        ledger.record(session, ledger.accepted(end.outcome, job_id=end.job_id, at=end.at))
        logs.append(session, end.course_id, end.job_id, end.outcome)
    if end.unknown is not None:
        intents.settle(session, end.section_ids, end.unknown)
