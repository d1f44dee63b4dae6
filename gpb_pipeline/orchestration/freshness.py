"""The check that each night was done: every course that had opted in has been synced since it began.

Not by partition: it is about a night. The alerts sensor records it with its digest; in the UI it
can be run again.
"""

from datetime import UTC, datetime

import dagster as dg

from gpb_pipeline.orchestration import nights, run_log
from gpb_pipeline.orchestration.metadata import Metadata
from gpb_pipeline.orchestration.named import look_back
from gpb_pipeline.orchestration.nights import Night
from gpb_pipeline.orchestration.partitions import known_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.settings import NightlySettings

NAME, ASSET = "synced_last_night", "grade_syncs"
SHOWN = 50  # course ids


@dg.asset_check(
    asset=ASSET,
    name=NAME,
    description="Every course that has opted in was synced since the last night began. Where not: see the "
    "night's runs for why; `gpb sync COURSE` makes up for it.",
)
@run_log.step()
def synced_last_night(context: dg.AssetCheckExecutionContext, passback: Passback) -> dg.AssetCheckResult:
    """Look at the last night that began."""
    with passback.warehouse() as warehouse:
        night = warehouse.read(
            look_back,
            context.instance,
            known=known_courses(context.instance),
            now=datetime.now(UTC),
            zone=passback.zone,
            settings=NightlySettings.load(),
        )
    found = evaluation(night)
    return dg.AssetCheckResult(passed=found.passed, severity=found.severity, metadata=found.metadata)


def evaluation(night: Night) -> dg.AssetCheckEvaluation:
    """Evaluate it for a night that has been looked at."""
    late = nights.not_synced(night)
    described: Metadata = {
        "night": night.began[0].isoformat(timespec="minutes"),
        "due": len(night.due),
        "not_synced": len(late),
        "courses": ", ".join(late[:SHOWN]),
    }
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(ASSET),
        check_name=NAME,
        passed=not late,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=described,
    )
