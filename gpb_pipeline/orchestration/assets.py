"""The one multi-asset of a sync: takes its courses from the run and streams them (docs/decisions.md §4).

Events are yielded rather than outputs: an output of a ranged run marks every partition, failed ones too; an
event marks exactly the course that it names. Which ones there are, telling.py says.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import dagster as dg

from gpb_pipeline import endings
from gpb_pipeline.asked import own_ids, require_parts
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.course_names import FORM
from gpb_pipeline.errors import PipelineError, UsageError
from gpb_pipeline.orchestration import run_log
from gpb_pipeline.orchestration.config import GradeSyncConfig
from gpb_pipeline.orchestration.partitions import cause_of
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.orchestration.restored import looked_for
from gpb_pipeline.orchestration.specs import SPECS
from gpb_pipeline.orchestration.stopping import who_cancelled
from gpb_pipeline.orchestration.telling import HISTORY, DagsterEvent, Teller
from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline.sync import Posting, SyncRequest

COURSES_A_RUN = 50
"""Courses of a backfill in one run: the launch is no cost, and a run is soon done."""
PARTITIONS = replace(FORM, courses="partition")
TOLD = 20
"""Courses that a run's error tells of one by one; its table has all."""


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
    with run_log.step():
        teller = Teller(context, passback, selected)
        course_ids = courses_of(context, config)
        requests = config.requests(
            course_ids,
            run_id=context.run.run_id,
            tags=context.run.tags,
            posting=posting_of(selected),
        )
        _require_parts(requests)
        until = config.ends_by
    yield from _streamed(context, passback, teller, requests, until)
    if teller.failed:
        raise failure(teller, len(requests))


def _streamed(
    context: dg.AssetExecutionContext,
    passback: Passback,
    teller: Teller,
    requests: Sequence[SyncRequest],
    until: datetime | None,
) -> Iterator[DagsterEvent]:
    """Sync them; whatever stops it, no sync of these stays open, and each end is told."""
    who, first = partial(who_cancelled, context, requests[0].posted_by), partial(looked_for, context)
    with run_log.step():
        with passback.stream(requests, until, teller.pulse, first) as stream:
            try:
                for event in stream:
                    yield from teller.tell(event)
            except BaseException as fault:  # Dagster's too, that interrupts or closes us
                for ended in stream.stop(endings.why(fault, who)):
                    for told in teller.tell(ended):
                        context.log_event(told)  # nobody takes any that we yield
                raise
        teller.tell_left(stream.left_takes)


def failure(teller: Teller, courses: int) -> dg.Failure:
    """Tell of the courses that failed, where one looks first: in the error of the run."""
    rows = [
        {
            "course": teller.named(each.request.course_id),
            "cause": cause_of(each.error, each.request.course_id),
            "remedy": each.error.remedy,
            "who": stop_of(each.error.code).who,
            "code": each.error.code,
        }
        for each in teller.failed
    ]
    lines = [f"{row['course']}: {row['cause']}. {row['who']}: {row['remedy']}" for row in rows[:TOLD]]
    more = [f"… and {len(rows) - TOLD} more, in the table below."] if len(rows) > TOLD else []
    head = f"{len(rows)} of {courses} courses failed; the others are done."
    return dg.Failure(
        "\n".join([head, *lines, *more]),
        metadata={
            "failed": dg.MetadataValue.table([dg.TableRecord(row) for row in rows]),
            run_log.CODE: rows[0]["code"],
        },
        allow_retries=False,
    )


def courses_of(context: dg.AssetExecutionContext, config: GradeSyncConfig) -> Sequence[str]:
    """Take the courses from the config, else from the run's partitions, by their own ids.

    Raises UsageError without either, and for what cannot be a course.
    """
    if config.course_ids:
        return own_ids(config.course_ids, FORM)
    if context.has_partition_key or context.has_partition_key_range:
        return own_ids(context.partition_keys, PARTITIONS)
    raise UsageError(
        "no course was given", item="run", remedy="Choose partitions, or set course_ids in the run's config."
    )


def _require_parts(requests: Sequence[SyncRequest]) -> None:
    """Raise UsageError for a section or an assignment that the one course does not have.

    What else Canvas says the sync will meet too, and puts on record.
    """
    chosen = requests[0].selection
    if chosen.from_list or not (chosen.sections or chosen.assignments):
        return
    with CanvasClient(CanvasSettings.load()) as canvas:
        try:
            require_parts(
                canvas,
                requests[0].course_id,
                FORM,
                sections=chosen.sections or (),
                assignments=chosen.assignments or (),
            )
        except UsageError:
            raise
        except PipelineError:
            return


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
