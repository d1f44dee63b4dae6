"""What Dagster loads: the one `defs`. Nothing is read from the network, and every setting has its default."""

import dagster as dg
import stamina

from gpb_pipeline.orchestration import assets, checks, jobs
from gpb_pipeline.orchestration.resources import Passback

stamina.instrumentation.set_on_retry_hooks([])  # its default logs each wait by way of structlog

defs = dg.Definitions(
    assets=[assets.grade_passback],
    asset_checks=[checks.sync_checks],
    jobs=[jobs.grade_sync, jobs.remaster_grade_passback, jobs.nightly_grade_sync],
    resources={"passback": Passback()},
    executor=dg.in_process_executor,
)
