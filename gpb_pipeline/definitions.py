"""What Dagster loads: the one `defs`. Nothing is read from the network, and every setting has its default."""

import dagster as dg
import stamina

from gpb_pipeline.orchestration import (
    assets,
    category_job,
    checks,
    freshness,
    jobs,
    maintenance_jobs,
    schedules,
    sensors,
)
from gpb_pipeline.orchestration.resources import Passback

stamina.instrumentation.set_on_retry_hooks([])  # its default logs each wait by way of structlog

defs = dg.Definitions(
    assets=[assets.grade_passback],
    asset_checks=[checks.sync_checks, freshness.synced_last_night],
    jobs=[*jobs.JOBS, *maintenance_jobs.JOBS, category_job.sync_sis_categories],
    schedules=[schedules.nightly, schedules.nightly_retry, schedules.tidying],
    sensors=[sensors.discover_courses, sensors.sync_alerts],
    resources={"passback": Passback()},
    executor=dg.in_process_executor,
)
