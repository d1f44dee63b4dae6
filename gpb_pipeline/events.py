"""What is told of a sync while it goes on, one event a thing that happened. How they come about: stream.py.

Each names its request. A course's last event is CourseSynced, CourseUnchanged, CourseFailed, CourseSkipped or
CourseLeft; a preview's, CourseJudged or CourseFailed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.sync import Judged, Stage, SyncRequest
from gpb_pipeline.warehouse.history import EndStatus
from gpb_pipeline.warehouse.inputs import Base


@dataclass(frozen=True, kw_only=True)
class StageReached:
    """A course has come to a stage."""

    request: SyncRequest
    stage: Stage
    at: datetime


@dataclass(frozen=True, kw_only=True)
class CourseWaiting:
    """Another sync of the course runs; this one begins when that has ended."""

    request: SyncRequest


@dataclass(frozen=True, kw_only=True)
class CourseSkipped:
    """A nightly sync that met a running one, and left the course to it."""

    request: SyncRequest
    reason: str


@dataclass(frozen=True, kw_only=True)
class CourseLeft:
    """A course was not begun, for it would not have ended in time; it goes first in the next night."""

    request: SyncRequest


@dataclass(frozen=True, kw_only=True)
class CourseJudged:
    """A course was read and judged; nothing is posted yet. The last event of a preview."""

    request: SyncRequest
    judged: Judged


@dataclass(frozen=True, kw_only=True)
class CourseSynced:
    """A course's sync came to its end, item failures included; committed."""

    request: SyncRequest
    judged: Judged
    outcome: Rows
    counts: Counts
    status: EndStatus
    started_at: datetime
    at: datetime


@dataclass(frozen=True, kw_only=True)
class CourseUnchanged:
    """A course's input was that of an earlier sync (`base`), whose judgement it shares; committed."""

    request: SyncRequest
    base: Base
    started_at: datetime
    at: datetime


@dataclass(frozen=True, kw_only=True)
class CourseFailed:
    """A course's sync stopped before its end; nothing was written afterwards. `counts`: what went before."""

    request: SyncRequest
    error: PipelineError
    counts: Counts
    started_at: datetime
    at: datetime


End = CourseSynced | CourseUnchanged | CourseFailed
Event = StageReached | CourseWaiting | CourseSkipped | CourseLeft | CourseJudged | End
