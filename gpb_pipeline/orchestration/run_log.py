"""What a run's own log says, in our words. What the history says of its syncs is the warehouse's.

A fault that nobody foresaw may name a student in its words, and Dagster keeps what it is told: so all that
Dagster calls is within `step` or `tick`.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from gpb_pipeline import endings
from gpb_pipeline.errors import PipelineError, unforeseen

CODE = "code"


@contextmanager
def step() -> Iterator[None]:
    """End an op, an asset or a check in our words alone, with the fault's code."""
    try:
        yield
    except dg.Failure:
        raise
    except PipelineError as fault:
        raise failure(fault) from None
    except Exception as fault:  # noqa: BLE001  its words go no further
        raise failure(endings.fault_of_run(fault)) from None


@contextmanager
def tick() -> Iterator[None]:
    """End the tick of a sensor or a schedule in our words alone."""
    try:
        yield
    except PipelineError:
        raise
    except Exception as fault:  # noqa: BLE001  its words go no further
        raise unforeseen(
            fault, item="a tick", remedy="Report it with the tick's time; the next one tries again."
        ) from None


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
