"""When what runs by itself: the night's syncs, their one retry, the reading back, and the tidying afterwards.

Times are the settings' when the code is loaded (build): reload it after a change of GPB_NIGHTLY_AT or
GPB_TIMEZONE. The institution's switch and the courses' choices are read at each tick.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import dagster as dg

from gpb_pipeline.orchestration import nights, run_log
from gpb_pipeline.orchestration.assets import grade_passback
from gpb_pipeline.orchestration.config import POSTED_BY_TAG, TYPE_TAG
from gpb_pipeline.orchestration.jobs import YET_TO_BEGIN, nightly_grade_sync
from gpb_pipeline.orchestration.maintenance_jobs import purge_history
from gpb_pipeline.orchestration.nights import Night
from gpb_pipeline.orchestration.partitions import known_courses
from gpb_pipeline.orchestration.reconcile_jobs import reconcile, reconcile_op
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.passback.budget import planned
from gpb_pipeline.passback.nightly import last_nightly
from gpb_pipeline.settings import NightlySettings, PassbackSettings
from gpb_pipeline.warehouse import history

RETRY_AFTER, READ_AFTER, TIDY_AFTER = timedelta(hours=2), timedelta(hours=4), timedelta(hours=5)
USUAL = timedelta(hours=6)
"""A night that has to end sooner has all of it sooner, in proportion."""
SWITCHED_OFF = "Nightly syncs are switched off for the institution (GPB_NIGHTLY_ENABLED)."

Asked = dg.SkipReason | list[dg.RunRequest]


def build(night: NightlySettings, zone: str) -> list[dg.ScheduleDefinition]:
    """Make the schedules of nights that begin, and end, at these times of day in this IANA zone."""
    at, short = night.at, _share_of_usual(night.at, night.until)
    running = dg.DefaultScheduleStatus.RUNNING
    return [
        dg.schedule(
            job=nightly_grade_sync,
            cron_schedule=_cron(at),
            execution_timezone=zone,
            default_status=running,
            description="Each night, the courses that have opted in, in batches: first those that were tried "
            "longest ago, and none that would not end by GPB_NIGHTLY_UNTIL.",
        )(nightly),
        dg.schedule(
            job=nightly_grade_sync,
            cron_schedule=_cron(at, RETRY_AFTER * short),
            execution_timezone=zone,
            default_status=running,
            description="Once more, the courses that the night left out or that failed for a cause that "
            "passes.",
        )(nightly_retry),
        dg.schedule(
            job=reconcile,
            cron_schedule=_cron(at, READ_AFTER * short),
            execution_timezone=zone,
            default_status=running,
            description="Each night after the syncs: the courses whose classes were read back longest ago "
            "are held against the SIS, so that each is every seven nights, and none that would not end by "
            "GPB_NIGHTLY_UNTIL. Nothing is written.",
        )(reading_back),
        dg.ScheduleDefinition(
            name="tidying",
            job=purge_history,
            cron_schedule=_cron(at, TIDY_AFTER * short),
            execution_timezone=zone,
            default_status=running,
            description="Each night after the syncs: what is past its age goes, and the warehouse is made "
            "small.",
        ),
    ]


@run_log.tick()
def nightly(context: dg.ScheduleEvaluationContext, passback: Passback) -> Asked:
    """Launch the batches of the night; a skip says why there are none."""
    if not NightlySettings.load().enabled:
        return dg.SkipReason(SWITCHED_OFF)
    night = _tonight(context, passback)
    if night.left_out:
        context.log.warning("opted in, and no current course: %s", ", ".join(night.left_out))
    if not night.due:
        return dg.SkipReason("No current course is switched on (`gpb nightly enable`).")
    return _planned(context, passback, night, night.due, f"{night.began[0]:%Y-%m-%d}")


@run_log.tick()
def nightly_retry(context: dg.ScheduleEvaluationContext, passback: Passback) -> Asked:
    """Launch the second try of a night; permanent causes are not tried again."""
    if not NightlySettings.load().enabled:
        return dg.SkipReason(SWITCHED_OFF)
    night = _tonight(context, passback)
    if context.instance.get_runs_count(YET_TO_BEGIN) or nights.still_running(night):
        return dg.SkipReason("The night's batches still run; what they leave goes tomorrow.")
    again = nights.worth_another_try(night)
    if not again:
        return dg.SkipReason("Every course that was due is done, or failed for a cause that stays.")
    return _planned(context, passback, night, again, f"{night.began[0]:%Y-%m-%d}-retry")


@run_log.tick()
def reading_back(context: dg.ScheduleEvaluationContext) -> Asked:
    """Launch the night's reading back, where nights are on at all."""
    if not NightlySettings.load().enabled:
        return dg.SkipReason(SWITCHED_OFF)
    settings, zone = NightlySettings.load(), PassbackSettings.load().zone
    config: dict[str, object] = {"nightly": True, "posted_by": settings.posted_by}
    began = last_nightly(context.scheduled_execution_time, settings.at, zone)
    if until := nights.until_of(began, zone, settings):
        config["until"] = until.isoformat()
    return [
        dg.RunRequest(
            run_key=f"{context.scheduled_execution_time:%Y-%m-%d}-reading",
            run_config={"ops": {reconcile_op.name: {"config": config}}},
        )
    ]


def _share_of_usual(at: time, until: time | None) -> float:
    """Say how much of a usual night there is; all of it without a time to end by."""
    if until is None:
        return 1.0
    clock = [datetime.combine(datetime.min, each) for each in (at, until)]  # noqa: DTZ901  two clock faces
    length = (clock[1] - clock[0]) % timedelta(days=1) or timedelta(days=1)
    return min(1.0, length / USUAL)


def _cron(at: time, after: timedelta = timedelta(0)) -> str:
    """Spell the time of day, or the time so long after it, for a scheduler that knows the zone."""
    then = datetime.combine(datetime.min, at) + after  # noqa: DTZ901  a clock face
    return f"{then.minute} {then.hour} * * *"


def _tonight(context: dg.ScheduleEvaluationContext, passback: Passback) -> Night:
    with passback.warehouse() as warehouse:
        history.fail_dead_jobs(warehouse)  # so that what died is seen as failed
        return warehouse.read(
            nights.look,
            now=context.scheduled_execution_time,
            zone=passback.zone,
            settings=NightlySettings.load(),
            known=known_courses(context.instance),
            back=nights.NIGHTS_BACK,
        )


def _planned(
    context: dg.ScheduleEvaluationContext,
    passback: Passback,
    night: Night,
    course_ids: Sequence[str],
    key: str,
) -> Asked:
    """Ask for the batches for which the night has room, those of the greatest need first."""
    with passback.warehouse() as warehouse:
        latest = warehouse.read(history.latest_of_each, course_ids)
    plan = planned(
        course_ids,
        {job.course_id: job.updated_at for job in latest},
        night.pace,
        now=context.scheduled_execution_time,
        until=night.until,
        night=night.length or timedelta(0),
    )
    if plan.too_long:
        context.log.warning("longer than the night, and first: %s", ", ".join(plan.too_long))
    if plan.left:
        context.log.warning("no time for them, and first in the next night: %s", ", ".join(plan.left))
    if not plan.too_long and not plan.batches:
        return dg.SkipReason("The night has no time left (GPB_NIGHTLY_UNTIL): they go first in the next.")
    alone = [_batch(plan.too_long, f"{key}-long", until=None)] if plan.too_long else []
    return alone + [
        _batch(batch, f"{key}-{number}", until=night.until) for number, batch in enumerate(plan.batches)
    ]


def _batch(course_ids: Sequence[str], key: str, *, until: datetime | None) -> dg.RunRequest:
    posted_by = NightlySettings.load().posted_by
    config = {"course_ids": list(course_ids), "posted_by": posted_by, "type": "nightly"}
    if until is not None:
        config["until"] = until.isoformat()
    return dg.RunRequest(
        run_key=key,
        run_config={"ops": {grade_passback.op.name: {"config": config}}},
        tags={TYPE_TAG: "nightly", POSTED_BY_TAG: posted_by},
    )
