"""All courses at a glance: each one's last sync, what that left open, the commonest causes.

One course's jobs are in history.py, why a sync left anything open in open_causes.py. Nothing here holds
student data.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gpb_pipeline.passback.rules.issues import Severity
from gpb_pipeline.warehouse import choices, history, open_causes
from gpb_pipeline.warehouse.details import IssueMeaning
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Latest
from gpb_pipeline.warehouse.open_causes import OpenCause
from gpb_pipeline.warehouse.plain_rows import literal

_NAMES = "SELECT course_id, min(course_name) FROM warehouse.main.canvas_courses GROUP BY course_id"


@dataclass(frozen=True, kw_only=True, slots=True)
class CourseLine:
    """A course, its last sync (None: never synced), and the errors and warnings that this left open."""

    course_id: str
    name: str
    last: Latest | None
    causes: tuple[OpenCause, ...]
    nightly: bool

    @property
    def errors(self) -> int:
        return self._items("error")

    @property
    def warnings(self) -> int:
        return self._items("warning")

    def _items(self, severity: Severity) -> int:
        return sum(each.items for each in self.causes if each.meaning.severity == severity)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A cause that last syncs met: in how many items, of which courses."""

    code: str
    meaning: IssueMeaning
    items: int
    courses: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class District:
    """Courses by name, and the causes that their last syncs met, by number of items."""

    courses: list[CourseLine]
    causes: list[Cause]


def district(
    session: Connection,
    *,
    course_ids: Collection[str] | None = None,
    only: Mapping[str, Collection[str]] = MappingProxyType({}),
    nightly_default: bool = False,
) -> District:
    """Read the state of these courses; None reads all that the warehouse knows.

    `only` names the courses of which some sections alone may be seen, and those sections. `nightly_default`
    is the institution's, for courses that nobody has switched.
    """

    def seen(course_id: str) -> bool:
        return course_ids is None or course_id in course_ids

    last = {job.course_id: job for job in history.latest_of_each(session, course_ids)}
    met = open_causes.of_jobs(session, list(last.values()), only)
    names = dict(session.execute(_NAMES).fetchall())
    nightly = choices.nightly_courses(session, default=nightly_default)
    lines = [
        CourseLine(
            course_id=course_id,
            name=names.get(course_id, f"Course {course_id}"),
            last=last.get(course_id),
            causes=_for_someone(met.get(last[course_id].job_id, ()) if course_id in last else ()),
            nightly=course_id in nightly,
        )
        for course_id in names.keys() | nightly.on | last.keys()
        if seen(course_id)
    ]
    return District(
        courses=sorted(lines, key=lambda line: (line.name.casefold(), line.course_id)), causes=_causes(lines)
    )


def course_name(session: Connection, course_id: str) -> str | None:
    """Read the name that the course had when it was last read; None if it never was."""
    where = f"course_id = {literal(course_id)}"
    query = f"SELECT min(course_name) FROM warehouse.main.canvas_courses WHERE {where}"  # noqa: S608
    ((name,),) = session.execute(query).fetchall()
    return None if name is None else str(name)


def _for_someone(met: Sequence[OpenCause]) -> tuple[OpenCause, ...]:
    """Leave out what is only told: nobody need act on it."""
    return tuple([each for each in met if each.meaning.severity != "info"])


def _causes(lines: Sequence[CourseLine]) -> list[Cause]:
    items: Counter[str] = Counter()
    met_in: defaultdict[str, set[str]] = defaultdict(set)
    meanings: dict[str, IssueMeaning] = {}
    for line in lines:
        for each in line.causes:
            items[each.code] += each.items
            met_in[each.code].add(line.course_id)
            meanings[each.code] = each.meaning
    return [
        Cause(code=code, meaning=meanings[code], items=count, courses=frozenset(met_in[code]))
        for code, count in items.most_common()
    ]
