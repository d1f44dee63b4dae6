"""The warehouse in figures, for whoever watches it: its newest commit, its files, how late changes arrive.

No student and no course stands in them. What of them is trouble, orchestration/health says.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gpb_pipeline.warehouse.ducklake import METADATA, Connection

_NEWEST = "SELECT max(snapshot_time::TIMESTAMPTZ) FROM {metadata}.ducklake_snapshot"
_UNMERGED = """
SELECT sum(files) FROM (
    SELECT count(*) - count(DISTINCT table_id) AS files
    FROM {metadata}.ducklake_data_file WHERE end_snapshot IS NULL
    UNION ALL SELECT count(*) FROM {metadata}.ducklake_delete_file WHERE end_snapshot IS NULL
)
"""
_LAGS = """
WITH first AS (
    SELECT course_id, min(started_at) AS began_at FROM (
        SELECT course_id, started_at FROM warehouse.main.jobs
        UNION ALL SELECT course_id, started_at FROM warehouse.main.past_jobs
    ) GROUP BY course_id
),
change AS (
    SELECT sent_at, course_id, list_max(
        regexp_extract_all(canvas_state, '(?:posted|graded) at ([0-9-]+T[0-9:]+Z)', 1)
    )::TIMESTAMPTZ AS changed_at
    FROM warehouse.main.sent_results JOIN warehouse.main.jobs USING (job_id)
    WHERE sent_at >= $1 AND action IN ('created', 'updated') AND type IN ('manual', 'nightly')
)
SELECT quantile_cont(epoch(sent_at) - epoch(changed_at), [0.5, 0.95])
FROM change JOIN first USING (course_id)
WHERE changed_at BETWEEN greatest(began_at, $1 - INTERVAL 7 DAY, $2) AND sent_at
"""


def newest_commit(session: Connection) -> datetime:
    """Tell when the warehouse was last written to."""
    [(at,)] = session.execute(_NEWEST.format(metadata=METADATA)).fetchall()
    return at  # type: ignore[no-any-return]


def unmerged_files(session: Connection) -> int:
    """Count the files that maintenance has yet to merge: a table needs one."""
    [(count,)] = session.execute(_UNMERGED.format(metadata=METADATA)).fetchall()
    return int(count)


def change_lag(
    session: Connection, since: datetime, on_since: datetime
) -> tuple[timedelta, timedelta] | None:
    """Tell how late the changes arrived that were sent since then: half of them, 19 of 20 within so long.

    A change is a grade graded or posted in Canvas, in the week before, in a course that was synced before;
    what a first sync or a remaster sends was no change. What changed before `on_since` waited for nights that
    were off. None where there was none.
    """
    [(found,)] = session.execute(_LAGS, [since, on_since]).fetchall()
    if found is None:
        return None
    half, most = (timedelta(seconds=each) for each in found)
    return half, most
