"""Why syncs are ended that do not end by themselves: cancelled, or stopped by a fault that nobody foresaw.

The stream ends them (stream.py); who cancelled a run of Dagster's, orchestration/stopping.py finds out.
"""

from collections.abc import Callable

from gpb_pipeline.errors import PermanentError, PipelineError, unforeseen
from gpb_pipeline.warehouse import history

Who = Callable[[], str]


def cancelled(by: str | None = None) -> PermanentError:
    """Say that syncs were stopped, and by whom where somebody knows."""
    return PermanentError(
        f"it was cancelled by {by}" if by else "it was stopped",
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


def why(fault: BaseException, who: Who) -> PipelineError:
    """Say what a stream's end by this means: what failed is told so, all else came from outside."""
    if isinstance(fault, PipelineError):
        return fault
    return fault_of_run(fault) if isinstance(fault, Exception) else cancelled(who())
