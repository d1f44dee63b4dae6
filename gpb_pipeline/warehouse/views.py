"""The views that an analyst opens with plain DuckDB: their columns are a promise, the tables' are not.

What each column means stands in docs/analysts.md; how they are opened, too. They hold student data as the
tables do, and are no wall: whoever may attach the warehouse reads all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from gpb_pipeline.warehouse.ducklake import Connection

_COURSES = "SELECT course_id, min(course_name) AS course_name FROM warehouse.main.canvas_courses GROUP BY ALL"
_SECTIONS = """
SELECT section_id, min(course_id) AS course_id, min(section_name) AS section_name
FROM warehouse.main.canvas_sections GROUP BY section_id
"""
_ASSIGNMENTS = """
SELECT assignment_id, min(assignment_name) AS assignment_name
FROM warehouse.main.canvas_assignments GROUP BY assignment_id
"""
_STUDENTS = """
SELECT user_id, min(student_name) AS student_name FROM warehouse.main.canvas_enrollments GROUP BY user_id
"""
_EVERY_JOB = """
SELECT job_id, course_id, type, posted_by FROM warehouse.main.jobs
UNION ALL SELECT job_id, course_id, type, posted_by FROM warehouse.main.past_jobs
"""
_LATEST = """
SELECT j.job_id, j.course_id, coalesce(e.judged_in, j.job_id) AS judged_in, e.ended_at
FROM warehouse.main.jobs j JOIN warehouse.main.job_ends e USING (job_id)
WHERE j.type NOT IN ('reconcile', 'retract') AND e.status <> 'Failed'
QUALIFY row_number() OVER (PARTITION BY j.course_id ORDER BY j.started_at DESC) = 1
"""
_CURRENT_SIS_GRADES = f"""
WITH job AS ({_EVERY_JOB}), course AS ({_COURSES}), section AS ({_SECTIONS}), assignment AS ({_ASSIGNMENTS}),
    student AS ({_STUDENTS})
SELECT coalesce(job.course_id, section.course_id) AS course_id, course_name, section_id, section_name,
    h.class_id, h.assignment_id, assignment_name, h.user_id, student_name, h.student_id, h.score, h.exempt,
    i.points_possible, i.category_id, i.due_on_wire AS due_at, h.certainty, h.sent_at, h.job_id,
    h.line_item_id, h.result_id
FROM warehouse.main.holdings_results h
LEFT JOIN warehouse.main.holdings_line_items i USING (section_id, class_id, assignment_id)
LEFT JOIN job ON job.job_id = h.job_id
LEFT JOIN section USING (section_id)
LEFT JOIN course ON course.course_id = coalesce(job.course_id, section.course_id)
LEFT JOIN assignment ON assignment.assignment_id = h.assignment_id
LEFT JOIN student ON student.user_id = h.user_id
WHERE h.certainty IN ('known', 'unconfirmed') AND (h.score IS NOT NULL OR h.exempt)
"""  # noqa: S608  our own text
_GRADE_HISTORY = f"""
WITH job AS ({_EVERY_JOB}), course AS ({_COURSES}), section AS ({_SECTIONS}), assignment AS ({_ASSIGNMENTS}),
    student AS ({_STUDENTS})
SELECT s.sent_at, s.action, s.score, s.exempt, coalesce(job.course_id, section.course_id) AS course_id,
    course_name, s.section_id, section_name, s.class_id, s.assignment_id, assignment_name, s.user_id,
    student_name, s.student_id, s.canvas_state, job.type, job.posted_by, s.job_id, s.line_item_id, s.result_id
FROM warehouse.main.sent_results s
LEFT JOIN job USING (job_id)
LEFT JOIN section ON section.section_id = s.section_id
LEFT JOIN course ON course.course_id = coalesce(job.course_id, section.course_id)
LEFT JOIN assignment ON assignment.assignment_id = s.assignment_id
LEFT JOIN student ON student.user_id = s.user_id
"""  # noqa: S608  our own text
_SKIPS_BY_SCHOOL = f"""
WITH latest AS ({_LATEST}), school AS (
    SELECT section_id, min(school_id) AS school_id FROM warehouse.main.sis_classes GROUP BY section_id
), rows_kept AS (
    SELECT job_id, 'assignment' AS kind, section_id, assignment_id, state, code
    FROM warehouse.main.sis_assignments
    UNION ALL SELECT job_id, 'grade', section_id, assignment_id, state, code FROM warehouse.main.sis_grades
)
SELECT school_id, kind, state, code, count(*) AS rows_kept_back,
    count(DISTINCT (section_id, assignment_id)) AS assignments, count(DISTINCT latest.course_id) AS courses
FROM latest JOIN rows_kept ON rows_kept.job_id = latest.judged_in LEFT JOIN school USING (section_id)
WHERE state IN ('skipped', 'failed')
GROUP BY ALL
"""  # noqa: S608  our own text
_LAG = f"""
WITH job AS ({_EVERY_JOB}), sent AS (
    SELECT job.course_id, s.sent_at, s.sent_at - greatest(g.graded_at, g.posted_at) AS waited
    FROM warehouse.main.sent_results s JOIN job USING (job_id)
    JOIN warehouse.main.sis_grades g USING (job_id, section_id, assignment_id, student_id)
    WHERE job.type <> 'remaster' AND s.action IN ('created', 'updated')
)
SELECT course_id, CAST(sent_at AS DATE) AS day, count(*) AS grades,
    quantile_cont(epoch(waited), 0.5) / 3600 AS p50_hours,
    quantile_cont(epoch(waited), 0.95) / 3600 AS p95_hours
FROM sent WHERE waited IS NOT NULL
GROUP BY ALL
"""  # noqa: S608  our own text


@dataclass(frozen=True)
class View:
    """A view and what it has, in a line that the warehouse keeps beside it."""

    name: str
    told: str
    query: str

    @property
    def comment(self) -> str:
        """What is told, with a mark of the query, by which an older one is known."""
        return f"{self.told} [{blake2b(self.query.encode(), digest_size=4).hexdigest()}]"


VIEWS = (
    View(
        "current_sis_grades",
        "Student data. Each grade that the SIS holds because of us, as it took it last.",
        _CURRENT_SIS_GRADES,
    ),
    View(
        "grade_history",
        "Student data. Each value ever sent for a grade, by whom, and what Canvas said then.",
        _GRADE_HISTORY,
    ),
    View(
        "skips_by_school",
        "No students. What the latest sync of each course kept back, counted by school, kind and code.",
        _SKIPS_BY_SCHOOL,
    ),
    View(
        "lag",
        "No students. Hours from grading or posting in Canvas to the SIS, by course and day (UTC).",
        _LAG,
    ),
)


def create(session: Connection) -> None:
    """Create what is missing or of an older query; each run of a command comes here, so mostly nothing."""
    query = "SELECT view_name, comment FROM duckdb_views() WHERE database_name = 'warehouse'"
    present = dict(session.execute(query).fetchall())
    for view in VIEWS:
        if present.get(view.name) != view.comment:
            session.execute(f"CREATE OR REPLACE VIEW warehouse.main.{view.name} AS {view.query}")
            session.execute(f"COMMENT ON VIEW warehouse.main.{view.name} IS '{view.comment}'")
