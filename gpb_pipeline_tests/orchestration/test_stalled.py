"""A run that makes no progress is ended and told; one that is only long is left alone."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.stalled import end, stalled_runs, without_progress
from gpb_pipeline.orchestration.stopping import NO_PROGRESS

JOB = defs.resolve_job_def("nightly_grade_sync")


def under_way(home: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that says that it has begun; no process of it is there, as after its host was killed."""
    run = home.create_run_for_job(JOB, status=dg.DagsterRunStatus.STARTED)
    home.report_engine_event("a stage", run)
    return run


def test_a_run_is_stalled_after_fifteen_minutes_without_a_word_and_not_before(
    home: dg.DagsterInstance,
) -> None:
    run, now = under_way(home), datetime.now(UTC)
    assert without_progress(home, now + timedelta(minutes=14)) == []
    assert [each.run_id for each in without_progress(home, now + timedelta(minutes=16))] == [run.run_id]


def test_a_run_of_many_hours_that_says_a_word_is_left_alone(home: dg.DagsterInstance) -> None:
    run = under_way(home)
    [began] = home.get_run_records()
    home.report_engine_event("both sides still answer", run)
    latest = home.get_records_for_run(run.run_id, limit=1, ascending=False).records[0]
    assert latest.timestamp > began.create_timestamp.timestamp()
    now = datetime.fromtimestamp(latest.timestamp, UTC) + timedelta(minutes=14)
    assert without_progress(home, now) == []


def test_one_whose_process_is_gone_has_failed_for_want_of_progress(home: dg.DagsterInstance) -> None:
    run = under_way(home)
    end(home, run)
    found = home.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status is dg.DagsterRunStatus.FAILURE
    said = [str(entry.dagster_event.message) for entry in home.all_logs(run.run_id) if entry.dagster_event]
    assert sum(NO_PROGRESS in each for each in said) == 2  # why it is cancelled, and why it failed
    with dg.build_sensor_context(instance=home) as context:
        assert stalled_runs.evaluate_tick(context).skip_message == "All runs make progress."
