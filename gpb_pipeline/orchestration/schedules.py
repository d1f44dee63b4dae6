"""When what runs by itself: the night's syncs, their one retry, the reading back, and the tidying afterwards.

Times are the settings' when the code is loaded (build): reload it after a change of GPB_NIGHTLY_AT or
GPB_TIMEZONE. The institution's switch and the courses' choices are read at each tick.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

import dagster as dg

from gpb_pipeline.orchestration import nights
from gpb_pipeline.orchestration.assets import COURSES_A_RUN, grade_passback
from gpb_pipeline.orchestration.config import POSTED_BY_TAG, TYPE_TAG
from gpb_pipeline.orchestration.jobs import YET_TO_BEGIN, nightly_grade_sync
from gpb_pipeline.orchestration.maintenance_jobs import purge_history
from gpb_pipeline.orchestration.nights import Night
from gpb_pipeline.orchestration.partitions import known_courses
from gpb_pipeline.orchestration.reconcile_jobs import reconcile, reconcile_op
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.settings import NightlySettings
from gpb_pipeline.warehouse import history

RETRY_AFTER, READ_AFTER, TIDY_AFTER = timedelta(hours=2), timedelta(hours=4), timedelta(hours=5)
SWITCHED_OFF = "Nightly syncs are switched off for the institution (GPB_NIGHTLY_ENABLED)."

Asked = dg.SkipReason | list[dg.RunRequest]


def build(at: time, zone: str) -> list[dg.ScheduleDefinition]:
    """Make the schedules of nights that begin `at` this time of day in this IANA zone."""
    running = dg.DefaultScheduleStatus.RUNNING
    return [
        dg.schedule(
            job=nightly_grade_sync,
            cron_schedule=_cron(at),
            execution_timezone=zone,
            default_status=running,
            description="Each night, the courses that have opted in, in batches.",
        )(nightly),
        dg.schedule(
            job=nightly_grade_sync,
            cron_schedule=_cron(at, RETRY_AFTER),
            execution_timezone=zone,
            default_status=running,
            description="Once more, the courses that the night left out or that failed for a cause that "
            "passes.",
        )(nightly_retry),
        dg.schedule(
            job=reconcile,
            cron_schedule=_cron(at, READ_AFTER),
            execution_timezone=zone,
            default_status=running,
            description="Each night after the syncs: the courses whose classes were read back longest ago "
            "are held against the SIS, so that each is every seven nights. Nothing is written.",
        )(reading_back),
        dg.ScheduleDefinition(
            name="tidying",
            job=purge_history,
            cron_schedule=_cron(at, TIDY_AFTER),
            execution_timezone=zone,
            default_status=running,
            description="Each night after the syncs: what is past its age goes, and the warehouse is made "
            "small.",
        ),
    ]


def nightly(context: dg.ScheduleEvaluationContext, passback: Passback) -> Asked:
    """Launch the batches of the night; a skip says why there are none."""
    if not NightlySettings.load().enabled:
        return dg.SkipReason(SWITCHED_OFF)
    night = _tonight(context, passback)
    if night.left_out:
        context.log.warning("opted in, and no current course: %s", ", ".join(night.left_out))
    if not night.due:
        return dg.SkipReason("No current course has opted in (`gpb nightly enable`).")
    return list(_batches(night.due, f"{night.began[0]:%Y-%m-%d}"))


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
    return list(_batches(again, f"{night.began[0]:%Y-%m-%d}-retry"))


def reading_back(context: dg.ScheduleEvaluationContext) -> Asked:
    """Launch the night's reading back, where nights are on at all."""
    if not NightlySettings.load().enabled:
        return dg.SkipReason(SWITCHED_OFF)
    config = {"nightly": True, "posted_by": NightlySettings.load().posted_by}
    return [
        dg.RunRequest(
            run_key=f"{context.scheduled_execution_time:%Y-%m-%d}-reading",
            run_config={"ops": {reconcile_op.name: {"config": config}}},
        )
    ]


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
        )


def _batches(course_ids: Sequence[str], key: str) -> Iterator[dg.RunRequest]:
    posted_by = NightlySettings.load().posted_by
    for number, start in enumerate(range(0, len(course_ids), COURSES_A_RUN)):
        batch = list(course_ids[start : start + COURSES_A_RUN])
        config = {"course_ids": batch, "posted_by": posted_by, "type": "nightly"}
        yield dg.RunRequest(
            run_key=f"{key}-{number}",
            run_config={"ops": {grade_passback.op.name: {"config": config}}},
            tags={TYPE_TAG: "nightly", POSTED_BY_TAG: posted_by},
        )
