"""Runs without progress are ended and told: hung, or left behind by a host that was killed.

None is ended for its length. Progress is whatever a run logs: each stage of a course, and where nothing else
is to be told, that both sides still answer (Connections.pulse). What becomes of its syncs: stopping.py.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.orchestration import run_log, webhook
from gpb_pipeline.orchestration.stopping import NO_PROGRESS
from gpb_pipeline.settings import AlertSettings

STALLED_AFTER = timedelta(minutes=15)
WATCH_INTERVAL = 60  # seconds, at least


@dg.sensor(
    minimum_interval_seconds=WATCH_INTERVAL,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs that have made no progress for 15 minutes, and tells of each: in its log, in the "
    "run's, and to GPB_ALERT_WEBHOOK. A run that is only long is left alone.",
)
@run_log.tick()
def stalled_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look at the newest event of each run under way."""
    stalled = without_progress(context.instance, datetime.now(UTC))
    for run in stalled:
        end(context.instance, run)
        text = f"Run {run.run_id[:8]} of {run.job_name} was ended: {NO_PROGRESS}. See its log, and its host."
        context.log.error("%s", text)
        try:
            webhook.post(text, AlertSettings.load())
        except PipelineError as fault:
            context.log.error("%s", fault)
    return dg.SkipReason(f"{len(stalled)} runs were ended." if stalled else "All runs make progress.")


def without_progress(instance: dg.DagsterInstance, now: datetime) -> list[dg.DagsterRun]:
    """List the runs under way that have logged nothing for so long."""
    running = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    before = (now - STALLED_AFTER).timestamp()
    return [run for run in running if _newest(instance, run) < before]


def _newest(instance: dg.DagsterInstance, run: dg.DagsterRun) -> float:
    """Tell when it last logged something."""
    return instance.get_records_for_run(run.run_id, limit=1, ascending=False).records[0].timestamp


def end(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Cancel it; where no process answers to that, there is none, and it has failed.

    Dagster's own monitoring ends one that does not heed it.
    """
    instance.report_run_canceling(run, message=f"Canceling: {NO_PROGRESS}.")
    launcher = instance.run_launcher
    try:
        heard = launcher.terminate(run.run_id)
    except Exception:  # noqa: BLE001  its code server is gone, and the run with it
        heard = False
    if not heard:
        instance.report_run_failed(run, message=f"Ended, and no process of it was found: {NO_PROGRESS}.")
