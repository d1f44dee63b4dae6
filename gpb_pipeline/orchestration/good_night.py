"""The dead man's switch: after each good night an address is called, whose service tells where no call came.

A night is good when it is over and has left no more unsynced than single courses' own troubles explain, which
the digest tells (alerts.py). One in which nothing was due was good: the daemon was there to see it.
"""

from datetime import UTC, datetime

import dagster as dg

from gpb_pipeline.orchestration import run_log, webhook
from gpb_pipeline.orchestration.health.signs import missed_much
from gpb_pipeline.orchestration.health.tonight import tonight
from gpb_pipeline.orchestration.last_night import is_over
from gpb_pipeline.orchestration.named import look_back
from gpb_pipeline.orchestration.partitions import known_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.passback.nightly import last_nightly
from gpb_pipeline.settings import AlertSettings, NightlySettings

INTERVAL = 300  # seconds, at least


@dg.sensor(
    minimum_interval_seconds=INTERVAL,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Calls GPB_ALERT_GOOD_NIGHT after each good night, once: whoever waits for that tells where "
    "none came. A call that fails is tried again at the next tick, and costs the night nothing.",
)
@run_log.tick()
def good_nights(context: dg.SensorEvaluationContext, passback: Passback) -> dg.SensorResult | dg.SkipReason:
    """Look whether the night is over, and was good; what someone makes up for by hand makes it good later."""
    settings, alerts, now = NightlySettings.load(), AlertSettings.load(), datetime.now(UTC)
    if not settings.enabled or alerts.good_night is None:
        return dg.SkipReason("Nights are switched off, or nobody waits for a call (GPB_ALERT_GOOD_NIGHT).")
    began = last_nightly(now, settings.at, passback.zone)
    if context.cursor == began.isoformat():
        return dg.SkipReason("Called after the last night.")
    if not is_over(context.instance, began, now):
        return dg.SkipReason("The night is not over yet.")
    with passback.warehouse() as warehouse:
        night = warehouse.read(
            look_back,
            context.instance,
            known=known_courses(context.instance),
            now=now,
            zone=passback.zone,
            settings=settings,
        )
    found = tonight(night, now)
    if missed_much(found):
        return dg.SkipReason(f"Not called: {found.not_synced} of {found.due} courses are not synced.")
    webhook.call_good_night(alerts)
    return dg.SensorResult(cursor=began.isoformat(), skip_reason="A good night: called.")
