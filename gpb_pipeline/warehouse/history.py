"""The sync history: each job, its stages and its end, append-only; a job as people and programs read it.

A job's row is committed while its course's lock is held, so a job without an end whose lock is free has died.
What came of single rows is in logs.py; ages and purging are in maintenance.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from gpb_pipeline.errors import TransientError
from gpb_pipeline.passback.rows.counts import Counts, Extracted, WriteCounts
from gpb_pipeline.passback.sync_types import READ_BACK, SyncType
from gpb_pipeline.warehouse import plain_rows
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.locks import LockedError, course_lock
from gpb_pipeline.warehouse.plain_rows import literal, marks

EndStatus = Literal["Completed", "Completed (with errors)", "Failed"]
Status = Literal["Running"] | EndStatus

DIED = "interrupted"
"""The code of a job whose process died: its successor adopts what it posted before it judges a delta."""
CANCELLED = "cancelled"
"""The code of a job that someone stopped: like a dead one, it may have posted what no stage tells of."""

POSTING_STAGES = ("Post Assignments", "Post Grades", "Verify")

_JOBS = """
WITH chosen AS MATERIALIZED (SELECT j.rowid AS place, j.* FROM warehouse.main.jobs j {chosen})
SELECT j.job_id, j.course_id, j.type, j.posted_by, j.started_at, coalesce(s.read_at, j.started_at) AS read_at,
    CASE WHEN e.judged_in IS NULL THEN s.stage ELSE 'Verify' END AS stage,
    greatest(j.started_at, s.reached_at, e.ended_at) AS updated_at, e.* EXCLUDE (job_id, ended_at)
FROM chosen j
LEFT JOIN warehouse.main.job_ends e USING (job_id)
LEFT JOIN (
    SELECT job_id, arg_max(stage, rowid) AS stage, max(reached_at) AS reached_at,
        min(reached_at) AS read_at
    FROM warehouse.main.job_stages WHERE job_id IN (SELECT job_id FROM chosen) GROUP BY job_id
) s USING (job_id)
"""
"""`chosen` says which jobs, so that nothing is joined for the others: a district has thousands a night."""
_LATEST = """
SELECT course_id, job_id, coalesce(judged_in, job_id), coalesce(status, 'Running'), stage, code, updated_at
FROM ({jobs})
"""
_NEWEST_FIRST = " ORDER BY j.started_at DESC, j.job_id DESC"
_LAST_BEGUN_FIRST = " ORDER BY j.place DESC"
"""In the order of the commits, for what hangs on it: a clock may be set back, and hosts have one each."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A job as it begins; the caller holds its course's lock."""

    job_id: str
    course_id: str
    type: SyncType
    posted_by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Reached:
    """A job at a stage."""

    job_id: str
    stage: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class End:
    """A job at its end; `code` and `cause` (in words, with the remedy) say why it failed."""

    job_id: str
    at: datetime
    status: EndStatus
    counts: Counts
    code: str | None = None
    cause: str | None = None
    judged_in: str | None = None
    input: str | None = None
    stamp: str | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A sync of one course. Times are in UTC; `stage` is the last it reached, None before the first.

    `read_at` is when its turn came, as far as that is known. `judged_in` is the job whose logs tell what
    became of its rows: itself, or the one before whose input its own was equal to, so that nothing was judged
    again. `input` and `stamp`: see inputs.py.
    """

    job_id: str
    course_id: str
    type: SyncType
    posted_by: str
    started_at: datetime
    read_at: datetime
    updated_at: datetime
    stage: str | None
    status: Status
    code: str | None
    cause: str | None
    judged_in: str
    input: str | None
    stamp: str | None
    counts: Counts

    def summary(self, zone: ZoneInfo) -> dict[str, object]:
        """Make the object that `gpb history --json` lists (decisions.md §7), times with `zone`'s offset."""
        return {
            "job_id": self.job_id,
            "type": self.type,
            "course_id": self.course_id,
            "time_started": self.started_at.astimezone(zone).isoformat(timespec="seconds"),
            "time_updated": self.updated_at.astimezone(zone).isoformat(timespec="seconds"),
            "posted_by": self.posted_by,
            "stage": self.stage,
            "status": self.status,
            "assignments": self.counts.assignments,
            "sis_assignments": self.counts.line_items.summary(),
            "sis_grades": self.counts.results.summary(),
            "code": self.code,
            "cause": self.cause,
        }


@dataclass(frozen=True, slots=True)
class Latest:
    """A course's latest sync, by what a list of thousands of courses says of it; the fields are a job's."""

    course_id: str
    job_id: str
    judged_in: str
    status: Status
    stage: str | None
    code: str | None
    updated_at: datetime


def begin(session: Connection, jobs: Sequence[Begun]) -> None:
    """Put jobs on record."""
    plain_rows.append(session, "jobs", [_renamed(job, at="started_at") for job in jobs])


def reach(session: Connection, stages: Sequence[Reached]) -> None:
    """Put on record which stages jobs reached."""
    plain_rows.append(session, "job_stages", [_renamed(stage, at="reached_at") for stage in stages])


def end(session: Connection, ends: Sequence[End]) -> None:
    """Put the ends of jobs on record."""
    plain_rows.append(session, "job_ends", [_end(each) for each in ends])


def jobs(
    session: Connection,
    course_id: str | None = None,
    *,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Job]:
    """List the jobs of a course, or of all, that began at `since` (with its zone) or later, newest first."""
    of_course = "" if course_id is None else f" AND j.course_id = {literal(course_id)}"
    begun = "" if since is None else f" AND j.started_at >= {literal(since)}"
    most = "" if limit is None else f" LIMIT {limit}"
    chosen = f"WHERE true{of_course}{begun}{_NEWEST_FIRST}{most}"
    return _jobs(session.execute(_JOBS.format(chosen=chosen) + _NEWEST_FIRST))


def nightly_before(session: Connection, at: datetime) -> list[str]:
    """List the courses with a nightly sync on record that began before then (with its zone)."""
    query = "SELECT DISTINCT course_id FROM warehouse.main.jobs WHERE type = 'nightly' AND started_at < "
    return [course_id for (course_id,) in session.execute(query + literal(at)).fetchall()]


def nightly_minutes(session: Connection, since: datetime) -> list[datetime]:
    """List the minutes since then (with its zone) in which a nightly sync began, purged ones too."""
    query = f"""
    SELECT DISTINCT date_trunc('minute', started_at) FROM (
        SELECT type, started_at FROM warehouse.main.jobs
        UNION ALL SELECT type, started_at FROM warehouse.main.past_jobs
    ) WHERE type = 'nightly' AND started_at >= {literal(since)}
    """  # noqa: S608  our own text
    return [at for (at,) in session.execute(query).fetchall()]


def latest_of_each(session: Connection, course_ids: Collection[str] | None = None) -> list[Latest]:
    """List the latest sync of each of these courses, or of every one, newest first.

    What only read a course back is none.
    """
    if course_ids is not None and not course_ids:
        return []
    of_courses = "" if course_ids is None else f" AND j.course_id IN {marks(list(course_ids))}"
    one_each = (
        f"WHERE j.type NOT IN {marks(READ_BACK)}{of_courses}"
        " QUALIFY row_number() OVER (PARTITION BY j.course_id ORDER BY j.started_at DESC, j.job_id DESC) = 1"
    )
    query = _LATEST.format(jobs=_JOBS.format(chosen=one_each) + _NEWEST_FIRST)
    return [Latest(*row) for row in session.execute(query, [*READ_BACK, *(course_ids or ())]).fetchall()]


def job(session: Connection, job_id: str) -> Job | None:
    """Read one job; None if there is none of that id, or no longer."""
    found = _jobs(session.execute(_JOBS.format(chosen=f"WHERE j.job_id = {literal(job_id)}")))
    return found[0] if found else None


def of_courses(session: Connection, course_ids: Collection[str]) -> list[Job]:
    """List all jobs of these courses, last begun first."""
    return _of_courses(session, list(course_ids))


def drift(session: Connection, since: datetime) -> dict[str, int]:
    """Count by course what readings back since then showed edited or deleted in the SIS."""
    return dict(session.execute(_DRIFT, [since]).fetchall())


_DRIFT = """
SELECT j.course_id, count(*) FROM warehouse.main.jobs j JOIN warehouse.main.issues i USING (job_id)
WHERE j.type = 'reconcile' AND j.started_at >= $1 AND i.code IN ('edited_in_sis', 'assignment_edited_in_sis')
GROUP BY 1 ORDER BY 1
"""


def with_input(session: Connection, course_ids: Sequence[str]) -> list[Job]:
    """List the jobs of these courses whose judgement an equal input may share, last begun first."""
    return _of_courses(session, course_ids, " WHERE e.input IS NOT NULL")


def _of_courses(session: Connection, course_ids: Sequence[str], where: str = "") -> list[Job]:
    if not course_ids:
        return []
    query = _JOBS.format(chosen=f"WHERE j.course_id IN {marks(course_ids)}") + where + _LAST_BEGUN_FIRST
    return _jobs(session.execute(query, list(course_ids)))


def judged_in(session: Connection) -> frozenset[str]:
    """Name every job whose logs are those of a job in the history: its own, or an equal later one's."""
    query = """
    SELECT DISTINCT coalesce(e.judged_in, j.job_id)
    FROM warehouse.main.jobs j LEFT JOIN warehouse.main.job_ends e USING (job_id)
    """
    return frozenset(job_id for (job_id,) in session.execute(query).fetchall())


def open_jobs(session: Connection) -> list[Job]:
    """List the jobs without an end: running, or dead and not yet found so."""
    without_end = "ANTI JOIN warehouse.main.job_ends USING (job_id)"
    return _jobs(session.execute(_JOBS.format(chosen=without_end) + _NEWEST_FIRST))


def ended(session: Connection, job_ids: Sequence[str]) -> frozenset[str]:
    """Name those of these jobs that have an end on record."""
    if not job_ids:
        return frozenset()
    query = f"SELECT job_id FROM warehouse.main.job_ends WHERE job_id IN {marks(job_ids)}"  # noqa: S608
    return frozenset(job_id for (job_id,) in session.execute(query, list(job_ids)).fetchall())


def fail_dead_jobs(warehouse: Warehouse, *, now: datetime | None = None) -> list[str]:
    """End every job whose process died as Failed; return their ids. Running ones are left alone."""
    dead = _dead_jobs(warehouse)
    return warehouse.commit(_end_dead, dead, now or datetime.now(UTC)) if dead else []


def fail_dead_jobs_at_once(warehouse: Warehouse) -> None:
    """The same for who only looks and does not wait: where somebody else commits, the next look ends them."""
    if dead := _dead_jobs(warehouse):
        with suppress(TransientError):
            warehouse.commit_at_once(_end_dead, dead, datetime.now(UTC))


def _dead_jobs(warehouse: Warehouse) -> list[str]:
    """Name the open jobs whose course nobody holds.

    A lock is let go as soon as it was had, and no commit is waited for with it: a night must not meet it.
    """
    dead: list[str] = []
    for job in warehouse.read(open_jobs):
        try:
            with course_lock(warehouse.settings, job.course_id):
                dead.append(job.job_id)  # it was open before, and has no lock
        except LockedError:
            continue
    return dead


def _end_dead(session: Connection, job_ids: Sequence[str], now: datetime) -> list[str]:
    still = [job for job in open_jobs(session) if job.job_id in job_ids]
    end(session, [_dead(job, now) for job in still])
    return [job.job_id for job in still]


def fail_open_jobs(session: Connection, courses: Mapping[str, datetime]) -> list[Job]:
    """End the open jobs of these courses as Failed, each at its course's time; the caller holds their locks.

    Returns all jobs of these courses as they were before, last begun first.
    """
    past = of_courses(session, courses)
    end(session, [_dead(job, courses[job.course_id]) for job in past if job.status == "Running"])
    return past


def _dead(job: Job, at: datetime) -> End:
    cause = f"job {job.job_id}: its process died. Sync again: what it posted is found and adopted."
    return End(job_id=job.job_id, at=at, status="Failed", counts=Counts.none(), code=DIED, cause=cause)


def _end(each: End) -> dict[str, Any]:
    counts = each.counts
    return {
        "job_id": each.job_id,
        "ended_at": each.at,
        "status": each.status,
        "code": each.code,
        "cause": each.cause,
        "judged_in": each.judged_in,
        "input": each.input,
        "stamp": each.stamp,
        "assignments": counts.assignments,
        "line_items_sent": counts.line_items.sent,
        "line_items_created": counts.line_items.created,
        "results_sent": counts.results.sent,
        "results_created": counts.results.created,
        "results_withdrawn": counts.withdrawn,
        **{f"filtered_{name}": count for name, count in asdict(counts.filtered).items()},
        **{f"extracted_{name}": count for name, count in asdict(counts.extracted).items()},
    }


def _renamed(each: Begun | Reached, *, at: str) -> dict[str, object]:
    row = asdict(each)
    return row | {at: row.pop("at")}


def _jobs(rows: Connection) -> list[Job]:
    names = [column[0] for column in rows.description or []]
    return [_job(dict(zip(names, row, strict=True))) for row in rows.fetchall()]


def _job(row: dict[str, Any]) -> Job:
    count = {name: value or 0 for name, value in row.items()}
    return Job(
        job_id=row["job_id"],
        course_id=row["course_id"],
        type=row["type"],
        posted_by=row["posted_by"],
        started_at=row["started_at"],
        read_at=row["read_at"],
        updated_at=row["updated_at"],
        stage=row["stage"],
        status=row["status"] or "Running",
        code=row["code"],
        cause=row["cause"],
        judged_in=row["judged_in"] or row["job_id"],
        input=row["input"],
        stamp=row["stamp"],
        counts=Counts(
            assignments=count["assignments"],
            line_items=WriteCounts(sent=count["line_items_sent"], created=count["line_items_created"]),
            results=WriteCounts(sent=count["results_sent"], created=count["results_created"]),
            withdrawn=count["results_withdrawn"],
            filtered=_three(count, "filtered"),
            extracted=_three(count, "extracted"),
        ),
    )


def _three(count: dict[str, int], what: str) -> Extracted:
    return Extracted(
        sections=count[f"{what}_sections"],
        assignments=count[f"{what}_assignments"],
        grades=count[f"{what}_grades"],
    )
