"""What a run's own log says, in our words. What the history says of its syncs is the warehouse's."""

import logging

import dagster as dg

from gpb_pipeline.errors import PipelineError

CODE = "code"


def failure(fault: PipelineError) -> dg.Failure:
    """Make the end of a step that a fault of ours ends, so that its log has the fault's words and code."""
    return dg.Failure(str(fault), metadata={CODE: fault.code}, allow_retries=False)


def cause_in(instance: dg.DagsterInstance, run_id: str) -> tuple[str | None, str | None]:
    """Read why a run failed, in our words, and its code; None where its log has none."""
    said, code = errors_in(instance, run_id), None
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        ended = entry.get_dagster_event().step_failure_data.user_failure_data
        if ended is not None and ended.description:
            said.append(ended.description)
            told = ended.metadata.get(CODE)
            code = str(told.value) if told else None
    return (said[0] if said else None), code


def errors_in(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """Read the errors of a run's log that are our own words, not Dagster's."""
    return [
        entry.user_message
        for entry in instance.all_logs(run_id)
        if int(entry.level) >= logging.ERROR and not entry.is_dagster_event
    ]
