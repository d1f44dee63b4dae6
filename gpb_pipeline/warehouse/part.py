"""Jobs as someone who is limited to sections of their course may see them: counted from those rows alone.

Which rows of a log they see is in log_pages.py; who is limited to what is the pages' business.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from gpb_pipeline.passback.rows.counts import Counts, Extracted, WriteCounts
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job

_WHERE = """
WHERE list_contains($jobs::VARCHAR[], job_id) AND list_contains($sections::VARCHAR[], section_id)
GROUP BY job_id
"""
_COUNTED = """
    count(*) FILTER (WHERE state IN ('created', 'updated')), count(*) FILTER (WHERE state = 'failed')
"""
_ASSIGNMENTS = f"""
SELECT job_id, count(DISTINCT section_id), count(DISTINCT assignment_id),
    count(DISTINCT section_id) FILTER (WHERE state <> 'skipped'),
    count(DISTINCT assignment_id) FILTER (WHERE state <> 'skipped'), {_COUNTED}
FROM warehouse.main.sis_assignments {_WHERE}
"""  # noqa: S608  no value stands in it
_GRADES = f"""
SELECT job_id, count(DISTINCT (assignment_id, user_id)),
    count(DISTINCT (assignment_id, user_id)) FILTER (WHERE state <> 'skipped'),
    count(*) FILTER (WHERE state = 'withdrawn'), {_COUNTED}
FROM warehouse.main.sis_grades {_WHERE}
"""  # noqa: S608


def of_sections(session: Connection, jobs: Sequence[Job], sections: Collection[str]) -> list[Job]:
    """Count these jobs by the rows of these sections; what stopped one may name others, and is left out.

    One that was not judged anew has the rows of the job that was, and has written nothing itself.
    """
    asked = {"jobs": [job.judged_in for job in jobs], "sections": sorted(sections)}
    assignments = {row[0]: row[1:] for row in session.execute(_ASSIGNMENTS, asked).fetchall()}
    grades = {row[0]: row[1:] for row in session.execute(_GRADES, asked).fetchall()}
    return [
        replace(
            job,
            cause=None,
            counts=_counts(
                assignments.get(job.judged_in, (0,) * 6),
                grades.get(job.judged_in, (0,) * 5),
                wrote=job.judged_in == job.job_id,
            ),
        )
        for job in jobs
    ]


def _counts(assignments: tuple[int, ...], grades: tuple[int, ...], *, wrote: bool) -> Counts:
    sections_read, assignments_read, sections, kept, line_items, refused_line_items = assignments
    grades_read, grades_kept, withdrawn, results, refused_results = grades
    none = WriteCounts(sent=0, created=0)
    return Counts(
        assignments=kept,
        line_items=WriteCounts(sent=line_items + refused_line_items, created=line_items) if wrote else none,
        results=WriteCounts(sent=results + refused_results, created=results) if wrote else none,
        withdrawn=withdrawn if wrote else 0,
        filtered=Extracted(sections=sections, assignments=kept, grades=grades_kept),
        extracted=Extracted(sections=sections_read, assignments=assignments_read, grades=grades_read),
    )
