"""Reconcile and retract, for any number of courses: Canvas × holdings × SIS, and what is asked for of it.

What differs, and what a cause means, is passback/holdings/differences.py's; the look and the writes are those
of a sync (sync.py), in its own place in the history. The command line and Dagster's jobs both come here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from pandera.typing import DataFrame

from gpb_pipeline import endings
from gpb_pipeline.endings import Who
from gpb_pipeline.errors import PipelineError, UsageError
from gpb_pipeline.events import CourseFailed, CourseSynced, Event
from gpb_pipeline.passback.budget import Budget, CoursePace
from gpb_pipeline.passback.holdings.differences import CAUSES, MENDED, ORPHANED, Cause, Differences
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rows.settle import DONE
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.stream import Stream
from gpb_pipeline.sync import Connections, SyncRequest
from gpb_pipeline.warehouse import holdings
from gpb_pipeline.warehouse.history import EndStatus

NIGHTS = 6
"""A sixth of the courses is read back each night, so that none waits longer than seven."""
TRIED = 2
"""So many times that share are tried at most, where some cannot be read."""
UNREAD = timedelta(days=7)
"""A class that was not read back for so long is told."""


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """What was found of a course; `error`: why it could not be read."""

    course_id: str
    job_id: str
    status: EndStatus
    told: DataFrame[Differences] | None = None
    written: Counter[str] = field(default_factory=Counter)  # by the kind of a difference
    unread: tuple[str, ...] = ()  # classes that its sections have left, and that the SIS does not show
    believed: tuple[str, ...] = ()  # the lists without rows that were believed, by name
    error: PipelineError | None = None

    @property
    def counts(self) -> Counter[str]:
        return Counter() if self.told is None else Counter(self.told["cause"])


def causes_of(names: Iterable[str], allowed: Collection[Cause] = MENDED, *, field: str) -> frozenset[Cause]:
    """Read a field's causes; raises UsageError for one that there is not, or that is not mended so."""
    chosen: set[Cause] = set()
    offered = [cause for cause in CAUSES if cause in allowed]
    for name in names:
        found = next((cause for cause in offered if cause == name), None)
        if found is None:
            raise UsageError(
                f"there is no {name} here", item=field, remedy=f"Choose of: {', '.join(offered)}."
            )
        chosen.add(found)
    return frozenset(chosen)


def reconcile(
    connections: Connections,
    course_ids: Sequence[str],
    *,
    posted_by: str,
    mend: frozenset[Cause] = frozenset(),
    confirm: bool = False,
    believes: frozenset[str] | None = None,
    who: Who | None = None,
    until: datetime | None = None,
) -> Iterator[Reconciled]:
    """Hold courses against the SIS, each as it is done; writes exactly what `mend` names, under the guard.

    `confirm` releases what the guard holds, and believes lists without rows; of these only what `believes`
    names, if it is given: nothing where nobody named the courses, on a second look what the first one told.
    `who`: who has cancelled it, if it is; else it was who asked. `until`: a course that would not end by
    then, as the others take, is not begun.
    """
    return _run(
        connections,
        [
            SyncRequest(
                job_id=str(uuid4()),
                course_id=course_id,
                type="reconcile",
                posted_by=posted_by,
                mend=mend,
                confirm=confirm,
                believes=believes,
            )
            for course_id in course_ids
        ],
        who or (lambda: posted_by),
        Budget(until=until, pace=CoursePace(own={})) if until else None,
    )


def retract(
    connections: Connections,
    course_id: str,
    sourced_ids: Collection[str],
    *,
    posted_by: str,
    confirm: bool = False,
    believes: frozenset[str] | None = None,
    who: Who | None = None,
) -> Reconciled:
    """Take back these orphans of a course; none: only look. `believes`, `who`: as for reconcile."""
    [done] = _run(
        connections,
        [
            SyncRequest(
                job_id=str(uuid4()),
                course_id=course_id,
                type="retract",
                posted_by=posted_by,
                retract=frozenset(sourced_ids),
                confirm=confirm,
                believes=believes,
            )
        ],
        who or (lambda: posted_by),
    )
    return done


def orphans(told: DataFrame[Differences], causes: Collection[Cause] = ORPHANED) -> DataFrame[Differences]:
    """Keep what the SIS holds because of us and Canvas no longer supports."""
    return told[told["cause"].isin(list(causes)) & told["sourced_id"].notna()]


def chosen_orphans(
    told: DataFrame[Differences], causes: Collection[Cause], sourced_ids: Collection[str]
) -> frozenset[str]:
    """Choose orphans by cause and by sourcedId; raises UsageError for an id that is none of theirs."""
    there = orphans(told)
    unknown = set(sourced_ids) - set(there["sourced_id"])
    if unknown:
        raise UsageError(
            "Canvas still wants it, or the SIS holds no such thing because of us",
            item=f"sourcedId {', '.join(sorted(unknown))}",
            remedy="Choose of what `gpb retract COURSE --json` lists.",
        )
    return frozenset(orphans(told, causes)["sourced_id"]) | frozenset(sourced_ids)


def believed_of(found: Iterable[Reconciled]) -> frozenset[str]:
    """Name all lists that a first look believed: a second one believes no other."""
    return frozenset(name for each in found for name in each.believed)


def read_back(
    connections: Connections, *, posted_by: str, who: Who | None = None, until: datetime | None = None
) -> Iterator[Reconciled]:
    """Read back tonight's share of the courses, those of the longest need first, as far as there is time.

    One that cannot be read is none of the share: another is read in its place, and its own turn comes again
    when all others have had theirs.
    """
    waiting = connections.warehouse.read(holdings.longest_unread)
    share = math.ceil(len(waiting) / NIGHTS)
    waiting = waiting[: TRIED * share]
    while share and waiting and (until is None or connections.clock() < until):
        tonight, waiting = waiting[:share], waiting[share:]
        for each in reconcile(connections, tonight, posted_by=posted_by, who=who, until=until):
            share -= each.error is None
            yield each


def _written(outcome: Rows) -> Counter[str]:
    """Count what the SIS took, whatever was done to it, as differences are counted: columns and grades."""
    states = {"assignment": outcome.assignments["state"], "grade": outcome.grades["state"]}
    return +Counter({kind: int(state.isin(DONE.values()).sum()) for kind, state in states.items()})


def _run(
    connections: Connections, requests: Sequence[SyncRequest], who: Who, budget: Budget | None = None
) -> Iterator[Reconciled]:
    with Stream(connections, requests, budget) as stream:
        try:
            yield from _ends(stream)
        except BaseException as fault:
            stream.stop(endings.why(fault, who))
            raise


def _ends(events: Iterable[Event]) -> Iterator[Reconciled]:
    for event in events:
        if isinstance(event, CourseSynced):
            details = event.outcome.issues.set_index("code")["detail"]
            yield Reconciled(
                course_id=event.request.course_id,
                job_id=event.request.job_id,
                status=event.status,
                told=event.judged.differences,
                written=_written(event.outcome),
                unread=tuple(details[details.index == Code.CLASS_LEFT_UNREAD.value]),
                believed=tuple(details[details.index == Code.EMPTY_LIST_BELIEVED.value]),
            )
        elif isinstance(event, CourseFailed):
            yield Reconciled(
                course_id=event.request.course_id,
                job_id=event.request.job_id,
                status="Failed",
                error=event.error,
            )
