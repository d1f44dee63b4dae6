"""Checks: logged by the stream for each course, the same when run again from the warehouse."""

import dagster as dg

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.checks import CHECKS
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, BIOLOGY, Dagster

CHECK_KEYS = {dg.AssetCheckKey(dg.AssetKey(check.asset), name) for name, check in CHECKS.items()}


def test_the_stream_evaluates_every_check_of_every_course_and_so_does_a_check_run_again(
    school: Sandbox, dagster: Dagster
) -> None:
    streamed = recorded(dagster, dagster.run(config={"course_ids": [ALGEBRA, BIOLOGY]}).run_id)
    assert set(streamed) == {(key.name, course) for key in CHECK_KEYS for course in (ALGEBRA, BIOLOGY)}
    assert streamed["every_item_accounted_for", BIOLOGY].passed
    assert streamed["sis_holds_what_was_sent", BIOLOGY].passed
    assert not streamed["due_dates", BIOLOGY].passed

    where = streamed["due_dates", BIOLOGY].metadata["where"]
    assert isinstance(where, dg.TableMetadataValue)
    assert set(where.records[0].data) == {"assignment", "section_id", "items", "code", "cause", "remedy"}

    of_biology = {key: each for key, each in streamed.items() if BIOLOGY in key}
    assert said(run_again(dagster, BIOLOGY)) == said(of_biology)
    assert said(run_again(dagster)) == said(streamed)


def test_materializing_with_the_checks_selected_evaluates_each_once(
    school: Sandbox, dagster: Dagster
) -> None:
    """The asset page's button selects the checks too; their own step then has nothing left to do."""
    dagster.add(ALGEBRA)
    job = defs.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(instance=dagster.instance, partition_key=ALGEBRA)
    assert result.success
    evaluated = [each.check_name for each in result.get_asset_check_evaluations()]
    assert sorted(evaluated) == sorted(CHECKS)


Evaluations = dict[tuple[str, str], dg.AssetCheckEvaluation]


def run_again(dagster: Dagster, *course_ids: str) -> Evaluations:
    config = {"ops": {"sync_checks": {"config": {"course_ids": list(course_ids)}}}}
    result = defs.resolve_job_def("check_again").execute_in_process(
        instance=dagster.instance, run_config=config
    )
    assert result.success
    return recorded(dagster, result.run_id)


def recorded(dagster: Dagster, run_id: str) -> Evaluations:
    """What the instance keeps of the checks that a run evaluated, by check and course."""
    storage = dagster.instance.event_log_storage
    found = {}
    for key in CHECK_KEYS:
        for record in storage.get_asset_check_execution_history(key, limit=100):
            evaluation = record.evaluation
            if record.run_id == run_id and isinstance(evaluation, dg.AssetCheckEvaluation):
                found[key.name, str(evaluation.partition)] = evaluation
    return found


def said(evaluations: Evaluations) -> dict[tuple[str, str], object]:
    return {key: (each.passed, each.severity, each.metadata) for key, each in evaluations.items()}
