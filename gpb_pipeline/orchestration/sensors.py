"""What watches: courses come and go as Canvas lists them, and a night's trouble is told once.

What is trouble, alerts.py says; who was due, nights.py.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import dagster as dg

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import account_courses
from gpb_pipeline.orchestration import alerts, freshness, nights, run_log, webhook
from gpb_pipeline.orchestration.alerts import Problem
from gpb_pipeline.orchestration.last_night import is_over
from gpb_pipeline.orchestration.named import look_back
from gpb_pipeline.orchestration.partitions import COURSE, known_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.passback.nightly import last_nightly
from gpb_pipeline.settings import AlertSettings, CanvasSettings, NightlySettings
from gpb_pipeline.warehouse import district, history
from gpb_pipeline.warehouse.ducklake import Connection

DISCOVERY_INTERVAL, ALERT_INTERVAL = 900, 300  # seconds, at least
NIGHTS_BACK = 7
"""How far back a digest looks, for bad nights and for the sync before."""


@dg.sensor(
    minimum_interval_seconds=DISCOVERY_INTERVAL,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Keeps the course partitions as Canvas lists the account's running courses. A course that is "
    "missing twice in a row is retired: its key goes, its history stays.",
)
@run_log.tick()
def discover_courses(
    context: dg.SensorEvaluationContext, passback: Passback
) -> dg.SensorResult | dg.SkipReason:
    """Add and retire keys; a failed or empty read retires nothing, a short one would have to come twice."""
    with CanvasClient(CanvasSettings.load()) as canvas:
        listed = {course.course_id for course in account_courses(canvas)}
    if not listed:
        return dg.SkipReason("Canvas lists no running course in the account; the keys stay as they are.")
    known = known_courses(context.instance)
    missing = known - listed
    with passback.warehouse() as warehouse:
        running = {job.course_id for job in warehouse.read(history.open_jobs)}
    missed_before = set(json.loads(context.cursor or "[]"))
    retired = (missing & missed_before) - running
    new = listed - known
    changes = [COURSE.build_add_request(sorted(new, key=_by_number))] if new else []
    gone = [COURSE.build_delete_request(sorted(retired, key=_by_number))] if retired else []
    changed = f"{len(new)} courses added, {len(retired)} retired."
    return dg.SensorResult(
        dynamic_partitions_requests=[*changes, *gone],
        cursor=json.dumps(sorted(missing - retired)),
        skip_reason=changed if new or retired else f"The {len(known)} keys are as Canvas lists them.",
    )


@dataclass(frozen=True, kw_only=True)
class AlertMemory:
    """What the alerts remember, ISO 8601: the night that was told, and when; since when nights are on."""

    night: str
    on_since: str | None
    told_at: str | None = None


@dg.sensor(
    minimum_interval_seconds=ALERT_INTERVAL,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends syncs whose process died, and tells once a night what is wrong and who can act: in its "
    "log, and to GPB_ALERT_WEBHOOK. A quiet night is not told, nor what was resolved before.",
)
@run_log.tick()
def sync_alerts(context: dg.SensorEvaluationContext, passback: Passback) -> dg.SensorResult:
    """Look at the history; a webhook that fails is tried again at the next tick."""
    settings, now = NightlySettings.load(), datetime.now(UTC)
    began = last_nightly(now, settings.at, passback.zone)
    told = AlertMemory(**json.loads(context.cursor)) if context.cursor else None
    before = told.on_since if told else None
    on_since = (before or now.isoformat()) if settings.enabled else None
    with passback.warehouse() as warehouse:
        history.fail_dead_jobs(warehouse)
        if told is None:  # what was before the first look is no news
            return _remember(AlertMemory(night=began.isoformat(), on_since=on_since), "Watching from now on.")
        if told.night == began.isoformat() or not is_over(context.instance, began, now):
            return _remember(replace(told, on_since=on_since), "The night is told, or not over yet.")
        known = known_courses(context.instance)
        night = warehouse.read(
            look_back,
            context.instance,
            known=known,
            now=now,
            zone=passback.zone,
            settings=settings,
            back=NIGHTS_BACK,
        )
        if on_since is None or datetime.fromisoformat(on_since) > began:
            night = replace(night, due=())  # nights were switched on since
        since = datetime.fromisoformat(told.told_at) if told.told_at else night.began[1]
        drift = warehouse.read(history.drift, since)  # what the last digest told not
        unread = warehouse.read(nights.not_read_back, now, passback.zone, settings, known)
        found = alerts.problems(night, passback.pages, drift, unread)
        if found:
            _tell(context, alerts.digest(found, warehouse.read(_names, found)))
    reason = f"Told what is wrong: {len(found)} in all." if found else "A quiet night."
    events = [freshness.evaluation(night)] if night.due else []
    memory = AlertMemory(night=began.isoformat(), on_since=on_since, told_at=now.isoformat())
    return _remember(memory, reason, events)


def _remember(
    told: AlertMemory, reason: str, events: Sequence[dg.AssetCheckEvaluation] = ()
) -> dg.SensorResult:
    return dg.SensorResult(cursor=json.dumps(asdict(told)), skip_reason=reason, asset_events=events)


def _tell(context: dg.SensorEvaluationContext, text: str) -> None:
    context.log.warning("%s", text)
    webhook.post(text, AlertSettings.load())


def _names(session: Connection, found: Sequence[Problem]) -> dict[str, str]:
    courses = {problem.course_id for problem in found}
    named = {course_id: district.course_name(session, course_id) for course_id in courses}
    return {course_id: name for course_id, name in named.items() if name is not None}


def _by_number(course_id: str) -> tuple[int, str]:
    """Sort ids as the numbers that they are, so that the list of partitions reads well."""
    return (int(course_id) if course_id.isdecimal() else 0, course_id)
