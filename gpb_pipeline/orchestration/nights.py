"""The nights of nightly syncs: when each began, which courses were due, which are worth another try.

Pure functions of choices and history, and the reads that they need. The schedules that ask are in
schedules.py, alerts in alerts.py; when the next night is, passback/nightly.py says.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from gpb_pipeline.passback.budget import CoursePace, Took, pace_of
from gpb_pipeline.passback.nightly import last_nightly, next_nightly
from gpb_pipeline.passback.sync_types import READ_BACK
from gpb_pipeline.reconcile import UNREAD
from gpb_pipeline.settings import NightlySettings
from gpb_pipeline.warehouse import choices, history, holdings
from gpb_pipeline.warehouse.choices import NightlyChoice
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
NIGHTS_BACK = 7
"""So many nights tell how long courses take."""
ON_BACK = 9
"""So many nights tell since when they are on: more than a reading back takes, or a change that lags."""
DOUBT = 2
"""What the night expected of a course may have been so much more than what the history does."""


@dataclass(frozen=True, kw_only=True)
class Night:
    """A night and those before it, as the history has them.

    `began`: when each began, newest first; `until`: by when courses of the newest end, None for no such time;
    `due`: the courses that the newest should sync (none where the institution has switched nights off), by
    their choice or by its default; `left_out`: those that opted in and are no current courses; `jobs`: every
    sync since the oldest, newest first, and no reading back.
    """

    began: tuple[datetime, ...]
    until: datetime | None
    due: tuple[str, ...]
    left_out: tuple[str, ...]
    jobs: tuple[Job, ...]

    @property
    def length(self) -> timedelta | None:
        """How long the newest is; None without a time to end by."""
        return self.until - self.began[0] if self.until else None

    @cached_property
    def pace(self) -> CoursePace:
        """How long courses take, by every nightly sync that came to its end."""
        return pace_of(
            Took(
                course_id=job.course_id,
                began=job.read_at,
                ended=job.updated_at,
                whole=sent_whole(job),
            )
            for job in self.jobs
            if job.type == "nightly" and job.status.startswith("Completed")
        )


def look(
    session: Connection,
    *,
    now: datetime,
    zone: ZoneInfo,
    settings: NightlySettings,
    known: Collection[str],
    named: Collection[str] | None = None,
    back: int = 1,
) -> Night:
    """Read the night that `now` (aware) belongs to, and the `back` - 1 before it; `known` are the keys.

    `named` are the courses of its runs, for looking back; None while it is planned, which makes them.
    """
    began = _began(now, settings, zone, back)
    by_default = known
    if named is not None and settings.default:  # who came since, or since the default was set, was not due
        by_default = {*named, *history.nightly_before(session, began[0])}.intersection(known)
    opted_in = _opted_in(choices.nightly(session), began[0], settings, by_default) if settings.enabled else []
    return Night(
        began=tuple(began),
        until=until_of(began[0], zone, settings),
        due=tuple(course_id for course_id in opted_in if course_id in known),
        left_out=tuple(course_id for course_id in opted_in if course_id not in known),
        jobs=tuple(
            job for job in history.jobs(session, since=began[-1].astimezone(UTC)) if job.type not in READ_BACK
        ),
    )


def on_since(
    session: Connection, now: datetime, zone: ZoneInfo, settings: NightlySettings
) -> datetime | None:
    """Tell when the first of the nights began that each had a sync, up to the newest.

    Nine tell. None where neither the newest had one, which may be yet to launch it, nor the one before.
    """
    began = _began(now, settings, zone, ON_BACK)
    synced = history.nightly_minutes(session, began[-1])
    since = None
    for number, (night, end) in enumerate(zip(began, [now, *began], strict=False)):
        if any(night.timestamp() <= at.timestamp() < end.timestamp() for at in synced):
            since = night
        elif number:
            break
    return since


def not_read_back(
    session: Connection,
    now: datetime,
    zone: ZoneInfo,
    settings: NightlySettings,
    known: Collection[str],
) -> list[str]:
    """List the current courses with a class not read back for seven nights, once nights are on so long."""
    since = on_since(session, now, zone, settings) if settings.enabled else None
    before = last_nightly(now, settings.at, zone) - UNREAD
    if since is None or since > before:
        return []
    unread = holdings.unread_since(session, before.astimezone(UTC))
    return [course_id for course_id in unread if course_id in known]


def until_of(began: datetime, zone: ZoneInfo, settings: NightlySettings) -> datetime | None:
    """Say by when the courses of a night that began then end; None for no such time."""
    return next_nightly(began, settings.until, zone) if settings.until else None


def left_for_the_next(night: Night) -> list[str]:
    """List the due courses that were not begun because the night had no time for them.

    Where so much was left that they could have ended, or nothing was tried at all, it was something else.
    """
    tonight = [job for job in night.jobs if job.type == "nightly" and job.started_at >= night.began[0]]
    tried = {job.course_id for job in night.jobs if job.started_at >= night.began[0]}
    if night.until is None or not tonight:
        return []
    ended, expected = max(job.updated_at for job in tonight), night.pace.expected
    return [
        course_id
        for course_id in night.due
        if course_id not in tried and ended + DOUBT * (expected(course_id) or timedelta(0)) > night.until
    ]


def longer_than(night: Night) -> list[str]:
    """List the due courses that take longer than the whole night."""
    return [] if night.length is None else night.pace.longer_than(night.length, night.due)


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


def sent_whole(job: Job) -> bool:
    """Say whether a sync sent most of its course, as a first one does."""
    return 2 * job.counts.results.created > job.counts.filtered.grades


def spelt(length: timedelta) -> str:
    """Spell a length of time as people say it."""
    if length < timedelta(minutes=2):
        return f"{length.total_seconds():.0f} seconds"
    hours, minutes = divmod(round(length / timedelta(minutes=1)), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} minutes"


def _began(now: datetime, settings: NightlySettings, zone: ZoneInfo, back: int) -> list[datetime]:
    began = [last_nightly(now, settings.at, zone)]
    while len(began) < back:
        began.append(last_nightly(began[-1] - timedelta(minutes=1), settings.at, zone))
    return began


def _opted_in(
    chosen: Sequence[NightlyChoice], night: datetime, settings: NightlySettings, by_default: Collection[str]
) -> list[str]:
    """List the courses whose choice, made before the night began, is to sync; by default, those of none."""
    on = [each.course_id for each in chosen if each.enabled and each.chosen_at <= night]
    if not settings.default:
        return on
    off = frozenset(each.course_id for each in chosen if not each.enabled)
    return sorted({*on, *(course_id for course_id in by_default if course_id not in off)})


def _may_pass(job: Job) -> bool:
    return job.status == "Failed" and job.code in TRANSIENT
