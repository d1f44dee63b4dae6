"""Who cancelled a run. What that means for its syncs is gpb_pipeline/endings.py's.

A process that was killed can tell nothing; the next look finds it (history.fail_dead_jobs).
"""

import dagster as dg

ALIVE = "both sides still answer"
"""What a run says where nothing else is to be told: without a word it is taken for dead (stalled.py)."""
NO_PROGRESS = "no progress for 15 minutes"
"""In the words of why a run is cancelled by stalled.py."""


def who_cancelled(context: dg.AssetExecutionContext | dg.OpExecutionContext, posted_by: str) -> str:
    """Name who cancelled the run; interrupted at its terminal it ends as cancelled, not as failed."""
    asked = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.RUN_CANCELING)
    if any(NO_PROGRESS in entry.message for entry in asked):
        return f"the sensor stalled_runs: {NO_PROGRESS}"
    if asked:
        return "someone in the Dagster UI"
    if context.run.remote_job_origin is None:  # no code location: it runs in the process of whoever asked
        context.instance.report_run_canceling(context.run, "Interrupted at the terminal.")
        return posted_by
    return "whoever ended its process (a restart of the host?)"
