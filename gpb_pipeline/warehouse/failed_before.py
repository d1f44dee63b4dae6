"""What of a course failed in its last sync, by assignment and section: told where it is to go again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.sync_types import READ_BACK
from gpb_pipeline.warehouse.details import IssueMeaning, meaning
from gpb_pipeline.warehouse.ducklake import Connection

_FAILED = """
WITH last AS (
    SELECT coalesce(e.judged_in, j.job_id) AS job_id
    FROM warehouse.main.jobs j JOIN warehouse.main.job_ends e USING (job_id)
    WHERE j.course_id = $course AND NOT list_contains($read_back::VARCHAR[], j.type)
        AND e.status IN ('Completed', 'Completed (with errors)')
    ORDER BY j.started_at DESC, j.job_id DESC LIMIT 1
)
SELECT assignment_id, section_id, code, 0 FROM warehouse.main.sis_assignments
WHERE course_id = $course AND job_id = (FROM last) AND state = 'failed'
UNION ALL
SELECT assignment_id, section_id, code, count(*) FROM warehouse.main.sis_grades
WHERE course_id = $course AND job_id = (FROM last) AND state = 'failed' AND code <> $follows
GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True, kw_only=True)
class FailedBefore:
    """Why an assignment in a section failed, or so many of its `grades`."""

    code: str
    meaning: IssueMeaning
    grades: int


def failed_before(session: Connection, course_id: str) -> Mapping[tuple[str, str], list[FailedBefore]]:
    """List it by assignment and section, of the last sync that went to its end."""
    asked = {"course": course_id, "read_back": list(READ_BACK), "follows": Code.ASSIGNMENT_NOT_SENT.value}
    found: defaultdict[tuple[str, str], list[FailedBefore]] = defaultdict(list)
    for assignment_id, section_id, code, grades in session.execute(_FAILED, asked).fetchall():
        found[assignment_id, section_id].append(FailedBefore(code=code, meaning=meaning(code), grades=grades))
    return found
