"""A district's days by a simulated clock, as the watcher sees them: well, or with one thing wrong since.

Each night thirty courses go through three places, each in its own time, which differs from night to night
and is longer on Mondays; a few fail, some are new. What is seen is made of that, by the code that looks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from gpb_pipeline.orchestration.health.seen import (
    DagsterFigures,
    Lag,
    Queue,
    Schedule,
    Seen,
    WarehouseFigures,
)
from gpb_pipeline.orchestration.health.signs import GIB
from gpb_pipeline.orchestration.health.tonight import tonight
from gpb_pipeline.orchestration.nights import Night
from gpb_pipeline.orchestration.schedules import READ_AFTER, RETRY_AFTER, TIDY_AFTER
from gpb_pipeline.passback.nightly import last_nightly, next_nightly
from gpb_pipeline.passback.rows.counts import Counts, Extracted, WriteCounts
from gpb_pipeline.warehouse.history import Job

ZONE = ZoneInfo("America/New_York")
AT = time(22)
COURSES, PLACES, GRADES = 30, 3, 400
PARTS = ("SENSOR", "BACKFILL", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING")
AFTER = {
    "nightly": timedelta(0),
    "nightly_retry": RETRY_AFTER,
    "reading_back": READ_AFTER,
    "tidying": TIDY_AFTER,
}
MONDAY = 0
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)

Fault = Literal["daemon killed", "schedule off", "queue stands still", "disk full", "SIS slow", "none"]


@dataclass(frozen=True)
class District:
    """Its days from `first` on; `fault` holds from `since` on; courses end by `until`, if there is one."""

    seed: int
    first: date
    until: time | None = None
    fault: Fault = "none"
    since: datetime = NEVER
    memory: dict[datetime, list[Job]] = field(default_factory=dict)

    def seen(self, now: datetime) -> Seen:
        began = last_nightly(now, AT, ZONE)
        dice = Random(f"{self.seed} {now}")  # noqa: S311
        return Seen(
            at=now.astimezone(UTC),
            zone=ZONE,
            dagster=self._dagster(now, dice),
            warehouse=self._warehouse(began, now, dice),
            free={"data": 0 if self._wrong("disk full", now) else round(dice.uniform(2, 40) * GIB)},
        )

    def _wrong(self, fault: Fault, now: datetime) -> bool:
        return self.fault == fault and now >= self.since

    def _dagster(self, now: datetime, dice: Random) -> DagsterFigures:
        alive = self.since if self._wrong("daemon killed", now) else now
        beats = {part: alive - dice.choice([20, 30, 45, 180]) * SECOND for part in PARTS}
        running = self._running(last_nightly(now, AT, ZONE), now)
        waits = running and dice.random() < 0.5
        stands = self._wrong("queue stands still", now)
        still = self.since if stands else now - dice.uniform(0, 60) * SECOND
        return DagsterFigures(
            heartbeats={part: at.astimezone(UTC) for part, at in beats.items()},
            schedules=tuple(self._schedule(name, now, alive) for name in AFTER),
            unknown={},
            sensors_off=(),
            sensors_failing={"discover_courses": now - 20 * MINUTE} if dice.random() < 0.1 else {},
            queue=Queue(
                queued=3 * waits,
                under_way=2 * running,
                oldest=now - 20 * MINUTE if waits else None,
                still_since=still.astimezone(UTC)
                if waits or self._wrong("queue stands still", now)
                else None,
            ),
            nightly=running,
        )

    def _schedule(self, name: str, now: datetime, alive: datetime) -> Schedule:
        at = (datetime.combine(self.first, AT) + AFTER[name]).time()
        due = last_nightly(now, at, ZONE)
        delay = Random(f"{self.seed} {name} {due}").uniform(5, 90) * SECOND  # noqa: S311
        ticked = due if due + delay <= min(now, alive) else last_nightly(due - MINUTE, at, ZONE)
        return Schedule(
            name=name,
            on=not (name == "nightly" and self._wrong("schedule off", now)),
            due_at=due.astimezone(UTC),
            ticked_at=ticked.astimezone(UTC),
            tick="skipped" if name == "nightly_retry" else "launched",
        )

    def _running(self, began: datetime, now: datetime) -> bool:
        return any(job.updated_at > now for job in self._jobs(began)) and now - began > MINUTE

    def _warehouse(self, began: datetime, now: datetime, dice: Random) -> WarehouseFigures:
        nights = [began]
        while len(nights) < 7:
            nights.append(last_nightly(nights[-1] - MINUTE, AT, ZONE))
        begun = [job for night in nights for job in self._jobs(night) if job.started_at <= now]
        jobs = [_at(job, now) for job in begun]
        night = Night(
            began=tuple(nights),
            until=next_nightly(began, self.until, ZONE) if self.until else None,
            due=tuple(str(course) for course in range(COURSES)),
            left_out=(),
            jobs=tuple(sorted(jobs, key=lambda job: job.started_at, reverse=True)),
        )
        half = dice.uniform(4, 22) * timedelta(hours=1)
        return WarehouseFigures(
            tonight=tonight(night, now.astimezone(UTC)),
            newest_commit=max([job.updated_at for job in jobs], default=now.astimezone(UTC)),
            unmerged_files=12 * sum(job.started_at >= began for job in jobs),
            lag=Lag(half=half, most=half + timedelta(hours=9)),
            not_read_back=0,
        )

    def _jobs(self, began: datetime) -> list[Job]:
        """Make the syncs of a night, once; of one that never begins there are none."""
        if began not in self.memory:
            stays_away = self.fault in {"daemon killed", "schedule off", "queue stands still"}
            away = stays_away and began >= self.since
            self.memory[began] = [] if away else list(self._night(began))
        return self.memory[began]

    def _night(self, began: datetime) -> Iterator[Job]:
        dice = Random(f"{self.seed} {began}")  # noqa: S311
        start = began.astimezone(UTC) + dice.uniform(20, 60) * SECOND
        free = [start] * PLACES
        end = next_nightly(began, self.until, ZONE).astimezone(UTC) if self.until else None
        night = (began.date() - self.first).days
        for course in sorted(range(COURSES), key=lambda each: (each + 7 * night) % COURSES):
            place = free.index(min(free))
            usual = Random(f"{self.seed} {course}").uniform(10, 60)  # noqa: S311
            new = dice.random() < 0.01
            heavy = dice.lognormvariate(0, 0.3) * (2 if began.weekday() == MONDAY else 1) * (6 if new else 1)
            length = usual * heavy * SECOND
            if end is not None and free[place] + length > end:
                continue
            job = _job(str(course), start, free[place], self._slowed(free[place], length), new=new)
            free[place] = job.updated_at
            yield replace(job, status="Failed", code="canvas_access") if dice.random() < 0.01 else job

    def _slowed(self, begins: datetime, length: timedelta) -> datetime:
        ends = begins + length
        if self.fault != "SIS slow" or ends <= self.since:
            return ends
        before = max(timedelta(0), self.since - begins)
        return begins + before + 10 * (length - before)


def _job(course_id: str, started: datetime, read: datetime, ended: datetime, *, new: bool) -> Job:
    nothing = Counts.none()
    sent = GRADES if new else GRADES // 50
    return Job(
        job_id=f"{started:%m%d%H%M}-{course_id}",
        course_id=course_id,
        type="nightly",
        posted_by="Canvas Integrations Admin",
        started_at=started,
        read_at=read,
        updated_at=ended,
        stage="Verify",
        status="Completed",
        code=None,
        cause=None,
        judged_in="",
        input=None,
        stamp=None,
        counts=replace(
            nothing,
            results=WriteCounts(sent=sent, created=sent),
            filtered=Extracted(sections=1, assignments=20, grades=GRADES),
        ),
    )


def _at(job: Job, now: datetime) -> Job:
    """Show a sync as the history has it at that moment."""
    if job.updated_at <= now:
        return job
    if job.read_at > now:
        return replace(
            job, read_at=job.started_at, updated_at=job.started_at, stage=None, status="Running", code=None
        )
    return replace(job, updated_at=job.read_at, stage="Get Grades", status="Running", code=None)


def looks(first: datetime, last: datetime, every: timedelta) -> Sequence[datetime]:
    count = round((last - first) / every)
    return [first + number * every for number in range(count + 1)]
