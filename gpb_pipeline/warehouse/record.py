"""What a group of syncs leaves in the warehouse, in one transaction: jobs begun, stages reached, jobs ended.

Which table holds what is said in frames, logs, ledger, intents and history; here they are put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from gpb_pipeline.passback.course import CanvasRead, Judgement, Outcome, SisRead
from gpb_pipeline.passback.holdings.adoption import Adopted
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.warehouse import frames, history, intents, ledger, logs
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.frames import CourseFrames
from gpb_pipeline.warehouse.history import DIED, Begun, End, EndStatus, Reached
from gpb_pipeline.warehouse.intents import Intents
from gpb_pipeline.warehouse.ledger import Accepted
from gpb_pipeline.warehouse.logs import JobOutcome


@dataclass(frozen=True, kw_only=True)
class Unsettled:
    """What earlier syncs may have posted unseen, as of when a group of courses is locked.

    `courses`: those whose last sync stopped while it could post; `intents_open`: whether any writes of
    unknown outcome are on record, of these courses' sections or others.
    """

    courses: frozenset[str]
    intents_open: bool


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

    @cached_property
    def counts(self) -> Counts:
        return Counts.none() if self.outcome is None else Counts.of(self.outcome)


def lost(end: Ended) -> Ended:
    """Make of it a job that died, so that the course's next sync looks for what it posted."""
    nothing = dict.fromkeys(("canvas", "sis", "judgement", "adopted", "outcome", "unknown"))
    return replace(end, status="Failed", code=DIED, **nothing)  # type: ignore[arg-type]  # all may be None


def begin(session: Connection, jobs: Sequence[Begun]) -> Unsettled:
    """Begin these jobs; return what the SIS may hold of their courses that the ledger does not know."""
    past = history.fail_open_jobs(session, {job.course_id: job.at for job in jobs})
    history.begin(session, jobs)
    return Unsettled(courses=history.left_unsure(past), intents_open=intents.are_open(session))


def progress(session: Connection, reached: Sequence[Reached], ended: Sequence[Ended]) -> None:
    """Put stages and ends on record, with all that the ended jobs leave."""
    history.reach(session, reached)
    frames.replace(session, [each for end in ended for each in _frames_of(end)])
    ledger.record(session, [each for end in ended for each in _writes_of(end)])
    logs.append(session, [each for end in ended for each in _outcome_of(end)])
    settled = [(end.section_ids, end.unknown) for end in ended if end.unknown is not None]
    intents.settle(session, [each for ids, _ in settled for each in ids], [unknown for _, unknown in settled])
    history.end(session, [_end_of(end) for end in ended])


def _frames_of(end: Ended) -> list[CourseFrames]:
    """Gather the frames of a course that was read, judged and posted to its end."""
    if end.canvas is None or end.sis is None or end.judgement is None:
        return []
    made = frames.of_canvas(end.canvas) | frames.of_sis(end.sis) | frames.of_judgement(end.judgement)
    return [CourseFrames(course_id=end.course_id, job_id=end.job_id, frames=made)]


def _writes_of(end: Ended) -> list[Accepted]:
    """Gather what was found in the SIS, then what was sent to it."""
    found = [] if end.adopted is None else [ledger.found(end.adopted)]
    if end.outcome is None:
        return found
    return [*found, ledger.accepted(end.outcome, job_id=end.job_id, at=end.at)]


def _outcome_of(end: Ended) -> list[JobOutcome]:
    if end.outcome is None:
        return []
    return [JobOutcome(course_id=end.course_id, job_id=end.job_id, outcome=end.outcome)]


def _end_of(end: Ended) -> End:
    return End(
        job_id=end.job_id,
        at=end.at,
        status=end.status,
        counts=end.counts,
        code=end.code,
        cause=end.cause,
    )
