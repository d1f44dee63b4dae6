"""All courses at a glance: each one's last sync, what failed lately, the commonest causes.

One course's jobs are in history.py, one job's rows in details.py. Nothing here holds student data.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from gpb_pipeline.passback.rules.issues import Severity
from gpb_pipeline.warehouse import choices, details, history
from gpb_pipeline.warehouse.details import Meaning
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job

_ISSUES = """
SELECT job_id, code, count(*) FROM warehouse.main.issues
WHERE list_contains($jobs::VARCHAR[], job_id)
    AND (NOT list_contains($limited::VARCHAR[], course_id) OR list_contains($only::VARCHAR[], section_id))
GROUP BY ALL
"""
_NAMES = "SELECT course_id, min(course_name) FROM warehouse.main.canvas_courses GROUP BY course_id"


@dataclass(frozen=True, kw_only=True)
class CourseLine:
    """A course, its last sync (None: never synced), and the errors and warnings that this left open."""

    course_id: str
    name: str
    last: Job | None
    errors: int
    warnings: int
    nightly: bool


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A cause that last syncs met: in how many items, of which courses."""

    code: str
    meaning: Meaning
    items: int
    courses: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class District:
    """Courses by name, causes by number of items, and syncs since `since` that failed or had errors."""

    since: datetime
    courses: list[CourseLine]
    causes: list[Cause]
    unsuccessful: list[Job]


def district(
    session: Connection,
    *,
    since: datetime,
    course_ids: Collection[str] | None = None,
    only: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> District:
    """Read the state of these courses; None reads all that the warehouse knows.

    `only` names the courses of which some sections alone may be seen, and those sections.
    """

    def seen(course_id: str) -> bool:
        return course_ids is None or course_id in course_ids

    last = {job.course_id: job for job in history.latest_of_each(session, course_ids)}
    causes, counted = _causes(session, list(last.values()), only)
    names = dict(session.execute(_NAMES).fetchall())
    chosen = choices.nightly(session)
    nightly = set(chosen["course_id"][chosen["enabled"]])
    lines = [
        CourseLine(
            course_id=course_id,
            name=names.get(course_id, f"Course {course_id}"),
            last=last.get(course_id),
            errors=counted[course_id, "error"],
            warnings=counted[course_id, "warning"],
            nightly=course_id in nightly,
        )
        for course_id in names.keys() | nightly | last.keys()
        if seen(course_id)
    ]
    return District(
        since=since,
        courses=sorted(lines, key=lambda line: (line.name.casefold(), line.course_id)),
        causes=causes,
        unsuccessful=history.unsuccessful(session, since, course_ids),
    )


def course_name(session: Connection, course_id: str) -> str | None:
    """Read the name that the course had when it was last read; None if it never was."""
    query = "SELECT min(course_name) FROM warehouse.main.canvas_courses WHERE course_id = $1"
    ((name,),) = session.execute(query, [course_id]).fetchall()
    return None if name is None else str(name)


def _causes(
    session: Connection, jobs: list[Job], only: Mapping[str, Collection[str]]
) -> tuple[list[Cause], Counter[tuple[str, Severity]]]:
    course_of = {job.judged_in: job.course_id for job in jobs}
    counted: Counter[tuple[str, Severity]] = Counter()
    items: Counter[str] = Counter()
    met_in: defaultdict[str, set[str]] = defaultdict(set)
    meanings: dict[str, Meaning] = {}
    sections = [section_id for each in only.values() for section_id in each]
    asked = {"jobs": list(course_of), "limited": list(only), "only": sections}
    rows = session.execute(_ISSUES, asked).fetchall()
    met = [(course_of[job_id], code, details.meaning(code), count) for job_id, code, count in rows]
    stops = [(job.course_id, stop.code, _STOPPED, 1) for job in jobs if (stop := details.stop_of(job))]
    for course_id, code, said, count in [*met, *stops]:
        counted[course_id, said.severity] += count
        if said.severity != "info":
            items[code] += count
            met_in[code].add(course_id)
            meanings[code] = said
    causes = [
        Cause(code=code, meaning=meanings[code], items=count, courses=frozenset(met_in[code]))
        for code, count in items.most_common()
    ]
    return causes, counted


_STOPPED = Meaning(
    severity="error",
    type="course",
    stage="Get Assignments",
    message="The sync stopped before its end.",
    remedy="See the course's last sync.",
    who="operator",
)
"""One for all courses: what stopped each, and where, is told with its job."""
