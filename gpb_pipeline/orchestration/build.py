"""All definitions together, made of settings and resources: those given, else the environment's."""

import dagster as dg
import stamina

from gpb_pipeline.orchestration import (
    assets,
    category_job,
    check_again,
    freshness,
    good_night,
    jobs,
    last_night,
    maintenance_jobs,
    reconcile_jobs,
    requested,
    schedules,
    sensors,
    stalled,
)
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.settings import NightlySettings, PassbackSettings

SENSORS = (
    sensors.discover_courses,
    sensors.sync_alerts,
    good_night.good_nights,
    last_night.night_watch,
    stalled.stalled_runs,
    requested.requested_syncs,
)


def build_defs(
    *,
    passback: Passback | None = None,
    nightly: NightlySettings | None = None,
    district: PassbackSettings | None = None,
) -> dg.Definitions:
    """Make what Dagster loads. Nothing is read from the network, and every setting has its default."""
    stamina.instrumentation.set_on_retry_hooks([])  # its default logs each wait by way of structlog
    night = nightly or NightlySettings.load()
    zone = (district or PassbackSettings.load()).timezone
    return dg.Definitions(
        assets=[assets.grade_passback, last_night.last_night],
        asset_checks=[check_again.sync_checks, freshness.synced_last_night],
        jobs=[
            *jobs.JOBS,
            *maintenance_jobs.JOBS,
            *reconcile_jobs.JOBS,
            check_again.check_again,
            category_job.sync_sis_categories,
            last_night.last_night_report,
            requested.answer_request,
        ],
        schedules=schedules.build(night, zone),
        sensors=SENSORS,
        resources={"passback": passback or Passback()},
        executor=dg.in_process_executor,
    )
