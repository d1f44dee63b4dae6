"""Courses of a batch that failed, as partitions that failed: red in the UI, and found by its Failed filter.

Dagster calls a partition failed where a run that was to make it has failed. Of a run by partitions it knows
which; of a batch, whose courses stand in its config, it is told here.
"""

from collections.abc import Collection

import dagster as dg
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent  # no public way plans it

from gpb_pipeline.orchestration.specs import PRODUCTS

MARKED = frozenset(key for key, product in PRODUCTS.items() if product.group in {"passback", "history"})
"""The assets where one looks for it; every other would cost an event a course on a night when all fail."""


def mark(context: dg.AssetExecutionContext, course_id: str, selected: Collection[str]) -> None:
    """Say that this run was to make the course's partitions, which it then has not."""
    if context.has_partition_key or context.has_partition_key_range:
        return
    step = context.op_execution_context.get_step_execution_context()
    for key in sorted(MARKED.intersection(selected)):
        planned = AssetMaterializationPlannedData(dg.AssetKey(key), partition=course_id)
        event = DagsterEvent.build_asset_materialization_planned_event(
            context.job_name, step.step.key, planned
        )
        context.instance.report_dagster_event(event, context.run.run_id)
