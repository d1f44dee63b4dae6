"""The one multi-asset of a sync: takes its courses from the run and streams them (design.md §4).

Events are yielded rather than outputs: an output of a ranged run marks every partition, failed ones too; an
event marks exactly the course that it names. Which ones there are, telling.py says.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing

import dagster as dg

from gpb_pipeline.errors import PipelineError, UsageError
from gpb_pipeline.orchestration.config import GradeSyncConfig
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.orchestration.specs import SPECS
from gpb_pipeline.orchestration.telling import HISTORY, DagsterEvent, Teller
from gpb_pipeline.sync import Posting

COURSES_A_RUN = 50
"""Courses of a backfill or of the night in one run: the launch is no cost, and a run is soon done."""


@dg.multi_asset(
    name="grade_passback",
    specs=SPECS,
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.multi_run(COURSES_A_RUN),
)
def grade_passback(
    context: dg.AssetExecutionContext, config: GradeSyncConfig, passback: Passback
) -> Iterator[DagsterEvent]:
    """Sync the run's courses, as far as the selected assets say: read, judge, post, verify."""
    selected = {key.to_user_string() for key in context.selected_asset_keys}
    try:
        teller = Teller(context, passback, selected)
        requests = config.requests(
            courses_of(context, config),
            run_id=context.run.run_id,
            tags=context.run.tags,
            posting=posting_of(selected),
        )
        with closing(passback.stream(requests)) as events:  # where a run is cancelled, nothing more is sent
            for event in events:
                yield from teller.tell(event)
    except PipelineError as fault:
        raise dg.Failure(str(fault), allow_retries=False) from None
    if failed := teller.failed:
        raise dg.Failure(
            f"{len(failed)} of {len(requests)} courses failed: {', '.join(failed)}. The run's log says of "
            "each what to do; the others are done.",
            allow_retries=False,
        )


def courses_of(context: dg.AssetExecutionContext, config: GradeSyncConfig) -> Sequence[str]:
    """Take the courses from the config, else from the run's partitions; raises UsageError without either."""
    if config.course_ids:
        return config.course_ids
    if context.has_partition_key or context.has_partition_key_range:
        return list(context.partition_keys)
    raise UsageError(
        "no course was given", item="run", remedy="Choose partitions, or set course_ids in the run's config."
    )


def posting_of(selected: Collection[str]) -> Posting:
    """What is selected says what is done: nothing of `passback` is a preview.

    Raises UsageError for the history alone, which a preview would leave as it is under a green run.
    """
    if "sis_grades" in selected:
        return Posting.GRADES
    if "sis_assignments" in selected:
        return Posting.LINE_ITEMS
    if HISTORY in selected:
        raise UsageError(
            "a sync is what fills it, and none was selected",
            item=HISTORY,
            remedy="Materialize sis_grades as well (all assets of the Lineage page), or launch grade_sync.",
        )
    return Posting.NOTHING
