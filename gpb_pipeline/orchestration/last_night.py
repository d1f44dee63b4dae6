"""The asset `last_night`: one look in the morning at the night as a whole, and a plot over the nights.

Made when the night's last batch has ended, and again after its retry (the sensor night_watch), or by a click.
What it says is night_report.py's.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from gpb_pipeline.orchestration import nights, run_log
from gpb_pipeline.orchestration.config import BY_ITSELF, QUEUE_TAG
from gpb_pipeline.orchestration.health.signs import NIGHT_IS_OVER
from gpb_pipeline.orchestration.jobs import nightly_grade_sync
from gpb_pipeline.orchestration.named import look_back
from gpb_pipeline.orchestration.night_report import NightReport, markdown, report, who_must_act
from gpb_pipeline.orchestration.partitions import known_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.settings import NightlySettings
from gpb_pipeline.warehouse import district, history
from gpb_pipeline.warehouse.ducklake import Connection

NIGHTS_BACK = 7
"""How far back a course's last sync is looked for: older ones count as that old."""
WATCH_INTERVAL = 60  # seconds, at least
LONGEST = timedelta(hours=20)
"""A night that has not ended so long after its begin is told as it stands, before the next begins."""


@dg.asset(
    group_name="history",
    kinds={"duckdb"},
    owners=["team:data"],
    description="The last night as a whole: courses due, synced and failed, each that someone must look at "
    "with why and who, how many hours old what the SIS holds is (lag), and how long the next night will take "
    "(forecast). The figures plot over the nights.",
)
@run_log.step()
def last_night(context: dg.AssetExecutionContext, passback: Passback) -> dg.MaterializeResult[None]:
    """Look at the last night that began."""
    with passback.warehouse() as warehouse:
        history.fail_dead_jobs(warehouse)
        found = warehouse.read(_looked_at, passback.zone, context.instance)
    return dg.MaterializeResult(
        metadata={
            "night": found.began.isoformat(timespec="minutes"),
            "who_must_act": who_must_act(found),
            "last_night": dg.MetadataValue.md(markdown(found, passback.pages)),
            **found.numbers,
        }
    )


last_night_report = dg.define_asset_job(
    "last_night_report",
    selection=dg.AssetSelection.assets(last_night),
    tags={QUEUE_TAG: BY_ITSELF},
    description="Look at the last night as a whole, now: due, synced, failed, why, and who can act.",
)


@dg.sensor(
    job=last_night_report,
    minimum_interval_seconds=WATCH_INTERVAL,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks at the night as a whole (last_night) once its last batch has ended, and again after "
    "the retry.",
)
@run_log.tick()
def night_watch(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Ask for the report where a nightly run has ended since the last one, and none is under way."""
    latest = context.instance.get_run_records(dg.RunsFilter(job_name=nightly_grade_sync.name), limit=1)
    if not latest:
        return dg.SkipReason("There has been no night yet.")
    if context.instance.get_runs_count(_UNDER_WAY):
        return dg.SkipReason("The night's batches still run.")
    ended = latest[0].dagster_run.run_id
    if context.cursor == ended:
        return dg.SkipReason("The last night has been looked at.")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=ended)], cursor=ended)


_UNDER_WAY = dg.RunsFilter(
    job_name=nightly_grade_sync.name,
    statuses=[
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ],
)


def is_over(instance: dg.DagsterInstance, began: datetime, now: datetime) -> bool:
    """Whether a night that began then is over: its retry was due, and no batch of it waits or runs."""
    since = now - began
    return since >= LONGEST or (since >= NIGHT_IS_OVER and not instance.get_runs_count(_UNDER_WAY))


def _looked_at(session: Connection, zone: ZoneInfo, instance: dg.DagsterInstance) -> NightReport:
    settings, now, known = NightlySettings.load(), datetime.now(UTC), known_courses(instance)
    night = look_back(session, instance, known=known, now=now, zone=zone, settings=settings, back=NIGHTS_BACK)
    seen = district.district(session, course_ids=set(night.due))
    unread = nights.not_read_back(session, now, zone, settings, known)
    return report(night, seen, unread, now)
