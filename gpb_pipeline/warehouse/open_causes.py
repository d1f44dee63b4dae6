"""Why a sync left anything open, as people act on it: what stopped it, and causes with what they hold back.

A grade whose assignment was not sent is a consequence: it is counted with its assignment's cause, and is a
cause of its own only where none is on record. Programs read issues one by one (details.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from gpb_pipeline.passback.rules.issues import Code, Severity
from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.warehouse.details import IssueMeaning, meaning
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job, Latest

_MET = """
WITH met AS (
    SELECT job_id, code, section_id, assignment_id, user_id, detail FROM warehouse.main.issues
    SEMI JOIN (SELECT unnest($jobs::VARCHAR[]) AS job_id) USING (job_id)
    WHERE NOT list_contains($limited::VARCHAR[], course_id) OR list_contains($only::VARCHAR[], section_id)
), waiting AS (
    SELECT job_id, section_id, assignment_id,
        coalesce(try_cast(split_part(detail, ' ', 1) AS BIGINT), 1) AS grades
    FROM met WHERE code = $follows
), cause AS (
    SELECT job_id, code, section_id, assignment_id, user_id IS NULL AS of_assignment
    FROM met WHERE code <> $follows
)
SELECT job_id, code, count(*), coalesce(sum(grades) FILTER (of_assignment), 0)::BIGINT
FROM cause LEFT JOIN waiting USING (job_id, section_id, assignment_id) GROUP BY ALL
UNION ALL
SELECT job_id, $follows, sum(grades)::BIGINT, 0
FROM waiting ANTI JOIN (FROM cause WHERE of_assignment) USING (job_id, section_id, assignment_id) GROUP BY ALL
"""
_GRAVITY: Sequence[Severity] = ("error", "warning", "info")


@dataclass(frozen=True, kw_only=True)
class OpenCause:
    """A cause: how many items it concerns, how many grades wait for these; `stopped`: it ended the sync."""

    code: str
    meaning: IssueMeaning
    items: int
    waiting: int = 0
    stopped: bool = False


def of_jobs(
    session: Connection,
    jobs: Sequence[Job | Latest],
    only: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> dict[str, tuple[OpenCause, ...]]:
    """Give each of these jobs its causes: what stopped it, then errors, then what concerns most items.

    `only` names the courses of which some sections alone may be seen, and those sections.
    """
    met: defaultdict[str, list[OpenCause]] = defaultdict(list)
    asked = {
        "jobs": [job.judged_in for job in jobs],
        "limited": list(only),
        "only": [section_id for each in only.values() for section_id in each],
        "follows": Code.ASSIGNMENT_NOT_SENT.value,
    }
    for job_id, code, items, waiting in session.execute(_MET, asked).fetchall():
        met[job_id].append(_cause(code, items, waiting))
    found: dict[str, tuple[OpenCause, ...]] = {}
    for job in jobs:
        causes = met.get(job.judged_in, [])
        if job.code is not None:
            causes = [*causes, _stop(job.code, job.stage)]
        if causes:
            found[job.job_id] = tuple(sorted(causes, key=_gravest_first))
    return found


@lru_cache(maxsize=4096)
def _cause(code: str, items: int, waiting: int) -> OpenCause:
    """Make a cause once for all courses that have it alike: a district has thousands."""
    return OpenCause(code=code, meaning=meaning(code), items=items, waiting=waiting)


def _gravest_first(cause: OpenCause) -> tuple[bool, int, int, str]:
    return not cause.stopped, _GRAVITY.index(cause.meaning.severity), -cause.items, cause.code


def _stop(code: str, stage: str | None) -> OpenCause:
    """Say in everybody's words what stopped a sync; the job's own cause is more exact, and the operator's."""
    stop = stop_of(code)
    said = IssueMeaning(
        severity="error",
        type="course",
        stage=stage or "Get Assignments",
        message=stop.cause,
        remedy=stop.remedy,
        to_instructor=stop.to_instructor,
        who=stop.who,
    )
    return OpenCause(code=code, meaning=said, items=1, stopped=True)
