"""What a run's own log says, in our words. What the history says of its syncs is the warehouse's."""

import logging

import dagster as dg


def errors_in(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """Read the errors of a run's log that are our own words, not Dagster's."""
    return [
        entry.user_message
        for entry in instance.all_logs(run_id)
        if int(entry.level) >= logging.ERROR and not entry.is_dagster_event
    ]
