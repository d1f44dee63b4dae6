"""What each course's last reading back found otherwise, by assignment and cause. No student data here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from gpb_pipeline.passback.holdings.differences import CAUSES, Cause, CauseMeaning
from gpb_pipeline.passback.sync_types import READ_BACK
from gpb_pipeline.warehouse.ducklake import Connection


@dataclass(frozen=True, kw_only=True)
class Found:
    """A cause that an assignment's columns or grades have, as the job found it; `course` by its name."""

    course_id: str
    course: str
    job_id: str
    at: datetime
    assignment: str
    cause: Cause
    columns: int
    grades: int

    @property
    def meaning(self) -> CauseMeaning:
        return CAUSES[self.cause]


def found(session: Connection, course_ids: Collection[str] | None = None) -> list[Found]:
    """List what the last readings of these courses found, by course, assignment and cause; None: of all."""
    rows = session.execute(_FOUND, [list(READ_BACK)])
    names = [column[0] for column in rows.description or []]
    every = [Found(**dict(zip(names, row, strict=True))) for row in rows.fetchall()]
    return [each for each in every if course_ids is None or each.course_id in course_ids]


_FOUND = """
WITH reading AS (
    SELECT job_id, course_id, started_at FROM warehouse.main.jobs JOIN warehouse.main.job_ends USING (job_id)
    WHERE list_contains($1, type) AND status <> 'Failed'
    QUALIFY row_number() OVER (PARTITION BY course_id ORDER BY started_at DESC, job_id DESC) = 1
), name AS (
    SELECT course_id, min(course_name) AS course FROM warehouse.main.canvas_courses GROUP BY course_id
)
SELECT course_id, coalesce(any_value(course), 'Course ' || course_id) AS course, job_id,
    any_value(started_at) AS at, any_value(assignment_name) AS assignment, cause,
    count(*) FILTER (kind = 'assignment') AS columns, count(*) FILTER (kind = 'grade') AS grades
FROM reading JOIN warehouse.main.differences d USING (job_id, course_id) LEFT JOIN name USING (course_id)
GROUP BY course_id, job_id, d.assignment_id, cause
ORDER BY course, course_id, assignment, d.assignment_id, cause
"""
