"""The nights of nightly syncs: when each began, which courses were due, which are worth another try.

Pure functions of choices and history, and the one read that they need. The schedules that ask are in
schedules.py, alerts in alerts.py; when the next night is, passback/nightly.py says.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from gpb_pipeline.passback.course import READ_BACK
from gpb_pipeline.passback.nightly import last_nightly
from gpb_pipeline.settings import NightlySettings
from gpb_pipeline.warehouse import choices, history
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job

TRANSIENT = frozenset(
    {
        "canvas_changed",
        "canvas_short_read",
        "canvas_throttled",
        "canvas_unavailable",
        history.DIED,
        "lock_lost",
        "short_read",
        "sis_unavailable",
        "sis_unknown_outcome",
        "sync_running",
        "warehouse_conflict",
        "warehouse_unavailable",
    }
)
"""The codes of failures that another try the same night may mend; no other is retried."""


@dataclass(frozen=True, kw_only=True)
class Night:
    """A night and those before it, as the history has them.

    `began`: when each began, newest first; `due`: the courses that the newest should sync (none where the
    institution has switched nights off); `left_out`: those that opted in and are no current courses; `jobs`:
    every sync since the oldest, newest first, and no reading back.
    """

    began: tuple[datetime, ...]
    due: tuple[str, ...]
    left_out: tuple[str, ...]
    jobs: tuple[Job, ...]


def look(
    session: Connection,
    *,
    now: datetime,
    zone: ZoneInfo,
    settings: NightlySettings,
    known: Collection[str],
    back: int = 1,
) -> Night:
    """Read the night that `now` (aware) belongs to, and the `back` - 1 before it; `known` are the keys."""
    began = [last_nightly(now, settings.at, zone)]
    while len(began) < back:
        began.append(last_nightly(began[-1] - timedelta(minutes=1), settings.at, zone))
    opted_in = _opted_in(choices.nightly(session), began[0]) if settings.enabled else []
    return Night(
        began=tuple(began),
        due=tuple(course_id for course_id in opted_in if course_id in known),
        left_out=tuple(course_id for course_id in opted_in if course_id not in known),
        jobs=tuple(
            job for job in history.jobs(session, since=began[-1].astimezone(UTC)) if job.type not in READ_BACK
        ),
    )


def worth_another_try(night: Night) -> list[str]:
    """List the due courses that the night left out, or whose one try failed for a transient cause."""
    tries: dict[str, list[Job]] = {course_id: [] for course_id in night.due}
    for job in night.jobs:
        if job.course_id in tries and job.type == "nightly" and job.started_at >= night.began[0]:
            tries[job.course_id].append(job)
    return [
        course_id
        for course_id, tonight in tries.items()
        if not tonight or (len(tonight) == 1 and _may_pass(tonight[0]))
    ]


def still_running(night: Night) -> bool:
    """Say whether a nightly sync runs; dead ones have been ended before (history.fail_dead_jobs)."""
    return any(job.type == "nightly" and job.status == "Running" for job in night.jobs)


def not_synced(night: Night) -> list[str]:
    """List the due courses without a sync that came to its end since the night began."""
    done = {
        job.course_id
        for job in night.jobs
        if job.started_at >= night.began[0] and job.status.startswith("Completed")
    }
    return [course_id for course_id in night.due if course_id not in done]


def _opted_in(chosen: pd.DataFrame, night: datetime) -> list[str]:
    """List the courses whose choice, made before the night began, is to sync."""
    return chosen["course_id"][chosen["enabled"] & (chosen["chosen_at"] <= pd.Timestamp(night))].to_list()


def _may_pass(job: Job) -> bool:
    return job.status == "Failed" and job.code in TRANSIENT
