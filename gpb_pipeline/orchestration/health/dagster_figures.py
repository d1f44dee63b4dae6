"""What Dagster's store shows of the daemon, its schedules and its queue. Reads alone.

The store is read and nobody is asked: it tells what is so whether or not a daemon or a webserver runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import dagster as dg
from dagster._core.scheduler.instigation import (  # no public names
    InstigatorState,
    ScheduleInstigatorData,
    TickStatus,
)
from dagster._core.storage.dagster_run import ACTIVE_RUN_STATUSES, FINISHED_STATUSES
from dagster._utils.schedules import get_latest_completed_cron_tick
from dagster._utils.tags import TagConcurrencyLimitsCounter  # what the daemon's queue asks

from gpb_pipeline.orchestration.health.seen import DagsterFigures, Queue, Schedule, Tick
from gpb_pipeline.orchestration.health.signs import SILENCE
from gpb_pipeline.orchestration.jobs import nightly_grade_sync
from gpb_pipeline.orchestration.launch import CODE_LOCATION

LOOKED_AT = 500  # queued runs: the oldest tell whether it moves
FAILURES_LOOKED_AT = 1_000  # of a sensor: more than an hour of the one that ticks every five seconds
TICKS: Mapping[TickStatus, Tick] = {
    TickStatus.SUCCESS: "launched",
    TickStatus.SKIPPED: "skipped",
    TickStatus.FAILURE: "failed",
    TickStatus.STARTED: "under way",
}


def dagster_figures(
    instance: dg.DagsterInstance,
    schedules: Sequence[dg.ScheduleDefinition],
    sensors: Sequence[dg.SensorDefinition],
    now: datetime,
) -> DagsterFigures:
    """Look at it; `schedules` and `sensors` are those that there must be."""
    states = {
        state.instigator_name: state
        for state in instance.all_instigator_state()
        if state.origin.repository_origin.code_location_origin.location_name == CODE_LOCATION
    }
    sensing = {name: state for name, state in states.items() if state.instigator_type.value == "SENSOR"}
    beats = {
        part: datetime.fromtimestamp(beat.timestamp, UTC)
        for part, beat in instance.get_daemon_heartbeats().items()
    }
    lives = {part for part, at in beats.items() if now - at <= SILENCE}
    queued = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]), limit=LOOKED_AT, ascending=True
    )
    active = instance.get_runs(dg.RunsFilter(statuses=ACTIVE_RUN_STATUSES))
    return DagsterFigures(
        heartbeats={part: beats.get(part) for part in instance.get_required_daemon_types()},
        schedules=tuple(_schedule(instance, each, states.get(each.name), now) for each in schedules),
        unknown={
            each.name: now
            for part, declared in (("SCHEDULER", schedules), ("SENSOR", sensors))
            for each in declared
            if part in lives and each.name not in states
        },
        sensors_off=tuple(sorted(name for name, state in sensing.items() if not state.is_running)),
        sensors_failing={
            name: since
            for name, state in sorted(sensing.items())
            if state.is_running and (since := _failing_since(instance, state)) is not None
        },
        queue=Queue(
            queued=len(queued),
            under_way=len(active),
            oldest=queued[0].create_timestamp if queued else None,
            still_since=_still_since(instance, queued, active),
        ),
        nightly=any(
            run.job_name == nightly_grade_sync.name
            for run in (*active, *(record.dagster_run for record in queued))
        ),
    )


def _schedule(
    instance: dg.DagsterInstance,
    schedule: dg.ScheduleDefinition,
    state: InstigatorState | None,
    now: datetime,
) -> Schedule:
    """Look at one; of which no daemon has said anything yet, nothing is due, and it is told as unknown."""
    if state is None:
        return Schedule(name=schedule.name, on=True, due_at=None, ticked_at=None, tick=None)
    due_at = get_latest_completed_cron_tick(str(schedule.cron_schedule), now, schedule.execution_timezone)
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
    return Schedule(
        name=schedule.name,
        on=state.is_running,
        due_at=due_at.astimezone(UTC) if due_at > _gone_past(state) else None,
        ticked_at=datetime.fromtimestamp(ticks[0].timestamp, UTC) if ticks else None,
        tick=TICKS[ticks[0].status] if ticks else None,
    )


def _failing_since(instance: dg.DagsterInstance, state: InstigatorState) -> datetime | None:
    """Tell since when each tick of a sensor has failed; None where the newest did not."""
    of_it = partial(instance.get_ticks, state.instigator_origin_id, state.selector_id)
    well = of_it(statuses=[TickStatus.SUCCESS, TickStatus.SKIPPED], limit=1)
    failed = of_it(
        statuses=[TickStatus.FAILURE], after=well[0].timestamp if well else None, limit=FAILURES_LOOKED_AT
    )
    return datetime.fromtimestamp(failed[-1].timestamp, UTC) if failed else None


def _gone_past(state: InstigatorState) -> datetime:
    """Tell up to when the daemon has made its ticks, whatever its cron was then (docs/dagster.md, Q4)."""
    data = state.instigator_data
    times = [0.0]
    if isinstance(data, ScheduleInstigatorData):
        times += [each for each in (data.start_timestamp, data.last_iteration_timestamp) if each]
    return datetime.fromtimestamp(max(times), UTC)


def _still_since(
    instance: dg.DagsterInstance, queued: Sequence[dg.RunRecord], active: Sequence[dg.DagsterRun]
) -> datetime | None:
    """Tell since when nothing began or ended though a queued run could; None where none could, or waits."""
    first = next(_could_begin(instance, queued, active), None)
    if first is None:
        return None
    moved = instance.get_run_records(
        dg.RunsFilter(statuses=[*ACTIVE_RUN_STATUSES, *FINISHED_STATUSES]),
        limit=1,
        order_by="update_timestamp",
    )
    return max([first.create_timestamp, *(record.update_timestamp for record in moved)])


def _could_begin(
    instance: dg.DagsterInstance, queued: Sequence[dg.RunRecord], active: Sequence[dg.DagsterRun]
) -> Iterator[dg.RunRecord]:
    """Go through the queued runs for which dagster.yaml leaves a place, the oldest first."""
    limits = instance.get_concurrency_config().run_queue_config
    if limits is None or 0 <= limits.max_concurrent_runs <= len(active):
        return
    places = TagConcurrencyLimitsCounter(limits.tag_concurrency_limits or [], active)
    yield from (record for record in queued if not places.is_blocked(record.dagster_run))
