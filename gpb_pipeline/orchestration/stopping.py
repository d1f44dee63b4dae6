"""Why syncs are ended that do not end by themselves: cancelled, or stopped by a fault that nobody foresaw.

The stream ends them (stream.py). A process that was killed can do none of this; the next look finds it
(history.fail_dead_jobs).
"""

from collections.abc import Sequence

import dagster as dg

from gpb_pipeline.errors import PermanentError, PipelineError, unforeseen
from gpb_pipeline.sync import SyncRequest
from gpb_pipeline.warehouse import history

TIME_LIMIT = "maximum runtime"
"""In Dagster's own words of why it cancels a run."""


def cancelled(context: dg.AssetExecutionContext, requests: Sequence[SyncRequest]) -> PermanentError:
    """Say who cancelled the run; interrupted at its terminal it ends as cancelled, not as failed."""
    asked = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.RUN_CANCELING)
    if any(TIME_LIMIT in entry.message for entry in asked):
        who = "Dagster, for it ran longer than dagster.yaml allows (max_runtime_seconds)"
    elif asked:
        who = "someone in the Dagster UI"
    elif context.run.remote_job_origin is None:  # no code location: it runs in the process of whoever asked
        who = requests[0].posted_by
        context.instance.report_run_canceling(context.run, "Interrupted at the terminal.")
    else:
        who = "whoever ended its process (a restart of the host?)"
    return PermanentError(
        f"it was cancelled by {who}",
        item="the run",
        remedy="Sync again: what it posted is found and adopted.",
        code=history.CANCELLED,
    )


def fault_of_run(fault: BaseException) -> PermanentError:
    """Say where the fault is, and none of its words: they may name a student."""
    return unforeseen(
        fault,
        item="the run",
        remedy="Report it with the run's id; then sync again: what it posted is found and adopted.",
    )


def why(
    fault: BaseException, context: dg.AssetExecutionContext, requests: Sequence[SyncRequest]
) -> PipelineError:
    """Say what a stream's end by this means: what failed is told so, all else came from outside."""
    if isinstance(fault, PipelineError):
        return fault
    return fault_of_run(fault) if isinstance(fault, Exception) else cancelled(context, requests)
