"""Why is this grade in the SIS? Every value ever sent for a student's assignment, and what Canvas said then.

It is read from the append-only table of what was sent, which is never purged; the names come from the last
read. What is found is private.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gpb_pipeline.passback.frames import typed
from gpb_pipeline.passback.rows.frames import GradeRows
from gpb_pipeline.passback.rows.grades import canvas_state
from gpb_pipeline.warehouse.ducklake import Connection

_WRITES = """
WITH job AS (
    SELECT job_id, course_id, type, posted_by, true AS in_history FROM warehouse.main.jobs
    UNION ALL SELECT job_id, course_id, type, posted_by, false FROM warehouse.main.past_jobs
), section AS (
    SELECT section_id, min(section_name) AS section_name
    FROM warehouse.main.canvas_sections WHERE course_id = $course GROUP BY section_id
)
SELECT s.sent_at, s.action, s.score, s.exempt, s.section_id, section_name, s.job_id, job.type, job.posted_by,
    coalesce(job.in_history, false) AS in_history, s.canvas_state, s.line_item_id, s.result_id
FROM warehouse.main.sent_results s LEFT JOIN job USING (job_id) LEFT JOIN section USING (section_id)
WHERE s.assignment_id = $assignment AND s.user_id = $student
    AND (job.course_id = $course OR section.section_id IS NOT NULL)
    AND ($whole OR list_contains($only::VARCHAR[], s.section_id))
ORDER BY s.sent_at DESC, s.section_id
"""
_LAST = """
SELECT g.* EXCLUDE (job_id), j.job_id, j.started_at, n.section_name
FROM warehouse.main.jobs j LEFT JOIN warehouse.main.job_ends e USING (job_id)
JOIN warehouse.main.sis_grades g ON g.job_id = coalesce(e.judged_in, j.job_id)
LEFT JOIN warehouse.main.canvas_sections n ON n.section_id = g.section_id AND n.course_id = g.course_id
WHERE g.course_id = $course AND g.assignment_id = $assignment AND g.user_id = $student
    AND ($whole OR list_contains($only::VARCHAR[], g.section_id))
QUALIFY rank() OVER (PARTITION BY g.section_id ORDER BY j.started_at DESC) = 1
ORDER BY g.section_id, g.covered DESC, g.class_id, g.student_id
"""
_NAMES = """
SELECT
    (SELECT min(student_name) FROM warehouse.main.canvas_enrollments
        WHERE course_id = $course AND user_id = $student
            AND ($whole OR list_contains($only::VARCHAR[], section_id))),
    (SELECT min(assignment_name) FROM warehouse.main.canvas_assignments
        WHERE course_id = $course AND assignment_id = $assignment)
"""


@dataclass(frozen=True, kw_only=True)
class SentValue:
    """A value that the SIS accepted, and the job that sent it, whose details are gone once past their age."""

    sent_at: datetime
    action: str
    score: float | None = field(repr=False)
    exempt: bool
    section_id: str
    section_name: str | None
    job_id: str
    type: str | None
    posted_by: str | None
    in_history: bool
    canvas_state: str | None = field(repr=False)
    line_item_id: str
    result_id: str


@dataclass(frozen=True, kw_only=True)
class LastState:
    """What the latest sync made of the grade in a section; `started_at` is that sync's, in UTC.

    A section has two where its class or the student's SIS id changed: what goes, then what stays behind.
    """

    job_id: str
    started_at: datetime
    section_id: str
    section_name: str | None
    state: str
    code: str | None
    canvas_state: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Trace:
    """All that is known of a student's grade for an assignment, newest first."""

    course_id: str
    assignment_id: str
    assignment_name: str | None
    student_id: str
    student_name: str | None = field(repr=False)
    writes: list[SentValue]
    last: list[LastState]

    def as_json(self, zone: ZoneInfo) -> dict[str, object]:
        """Make the object of `gpb trace --json`, times with `zone`'s offset."""
        return {
            "course_id": self.course_id,
            "assignment_id": self.assignment_id,
            "assignment_name": self.assignment_name,
            "student_id": self.student_id,
            "student_name": self.student_name,
            "sent": [
                {
                    "time_sent": _iso(write.sent_at, zone),
                    "action": write.action,
                    "submitted_grade": write.score,
                    "exempt": write.exempt,
                    "section_id": write.section_id,
                    "job_id": write.job_id,
                    "type": write.type,
                    "posted_by": write.posted_by,
                    "canvas_said": write.canvas_state and said(write.canvas_state, lambda at: _iso(at, zone)),
                    "sis_assignment_id": write.line_item_id,
                    "sis_result_id": write.result_id,
                }
                for write in self.writes
            ],
            "last_sync": [
                {
                    "job_id": last.job_id,
                    "time_started": _iso(last.started_at, zone),
                    "section_id": last.section_id,
                    "state": last.state,
                    "code": last.code,
                    "canvas_said": said(last.canvas_state, lambda at: _iso(at, zone)),
                }
                for last in self.last
            ],
        }


def of_grade(
    session: Connection,
    course_id: str,
    *,
    student_id: str,
    assignment_id: str,
    only: frozenset[str] | None = None,
) -> Trace:
    """Trace a grade by Canvas's ids, through syncs of this course and through the sections it now has.

    `only` are the sections that whoever asks may see: what was sent for others is not theirs to know.
    """
    place = {
        "course": course_id,
        "assignment": assignment_id,
        "student": student_id,
        "whole": only is None,
        "only": sorted(only or ()),
    }
    ((student_name, assignment_name),) = session.execute(_NAMES, place).fetchall()
    return Trace(
        course_id=course_id,
        assignment_id=assignment_id,
        assignment_name=assignment_name,
        student_id=student_id,
        student_name=student_name,
        writes=[SentValue(**row) for row in _records(session, _WRITES, place)],
        last=_last_states(_records(session, _LAST, place)),
    )


def _last_states(rows: list[dict[str, Any]]) -> list[LastState]:
    grades = typed(GradeRows, {name: [row[name] for row in rows] for name in GradeRows.to_schema().columns})
    names = [each.name for each in fields(LastState)]
    said = zip(rows, canvas_state(grades), strict=True)
    records = ({**row, "canvas_state": text} for row, text in said)
    return [LastState(**{name: record[name] for name in names}) for record in records]


def _records(session: Connection, query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    rows = session.execute(query, values)
    names = [column[0] for column in rows.description or []]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def said(words: str | None, shown: Callable[[datetime], str]) -> str:
    """Give what Canvas said (rows/grades.py's canvas_state) with each of its instants as `shown` has it."""
    return _INSTANT.sub(lambda found: shown(datetime.fromisoformat(found[0])), words or "")


def _iso(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")
