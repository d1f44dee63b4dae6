"""Checks: logged by the stream for each course, the same when run again from the warehouse."""

from typing import Any

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.check_specs import CHECKS, SYNCED
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, BIOLOGY, ENGLISH, Dagster

CHECK_KEYS = {dg.AssetCheckKey(dg.AssetKey(check.asset), name) for name, check in CHECKS.items()}


@pytest.mark.long
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
    assert set(where.records[0].data) == {
        "assignment",
        "section_id",
        "items",
        "code",
        "cause",
        "remedy",
        "who",
    }

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


def test_every_course_that_was_tried_has_its_check_red_yellow_or_green_as_it_is(
    school: Sandbox, dagster: Dagster
) -> None:
    """English is refused by Canvas, before and after it was ever synced; Biology loses grades at the SIS."""
    courses = {"course_ids": [ALGEBRA, ENGLISH, BIOLOGY]}
    refused = {"effect": "status", "path": f"/courses/{ENGLISH}/sections", "status": 403, "times": None}
    school.set_faults("canvas", refused)
    first = recorded(dagster, dagster.run(config=courses).run_id)
    ended = {course: each for (name, course), each in first.items() if name == SYNCED}
    assert {course: (each.passed, each.severity.value) for course, each in ended.items()} == {
        ALGEBRA: (True, "WARN"),
        BIOLOGY: (False, "WARN"),
        ENGLISH: (False, "ERROR"),
    }
    red: dict[str, Any] = {key: value.value for key, value in ended[ENGLISH].metadata.items()}
    assert (red["status"], red["code"], red["who"]) == ("Failed", "canvas_access", "Canvas admin")
    assert red["cause"]
    assert red["remedy"]
    yellow: dict[str, Any] = {key: value.value for key, value in ended[BIOLOGY].metadata.items()}
    assert (yellow["course"], yellow["status"]) == (f"Biology ({BIOLOGY})", "Completed (with errors)")
    assert yellow["items_failed"] > 0
    assert "SIS admin" in yellow["who"]
    assert shown(dagster) == {ALGEBRA: "SUCCEEDED", BIOLOGY: "FAILED", ENGLISH: "FAILED"}
    assert said(run_again(dagster, BIOLOGY)) == said({key: first[key] for key in first if BIOLOGY in key})

    school.set_faults("canvas")
    assert dagster.run(config=courses).success
    assert shown(dagster)[ENGLISH] == "SUCCEEDED"
    school.set_faults("canvas", refused)
    dagster.run(config=courses)
    assert shown(dagster) == {ALGEBRA: "SUCCEEDED", BIOLOGY: "FAILED", ENGLISH: "FAILED"}
    again = run_again(dagster, ENGLISH)[SYNCED, ENGLISH]
    assert (again.severity.value, again.metadata["who"].value) == ("ERROR", "Canvas admin")
    assert shown(dagster)[ENGLISH] == "FAILED"
    assert school.writes()


def test_checking_again_says_which_courses_were_not_checked_whole_and_why(
    school: Sandbox, dagster: Dagster
) -> None:
    refused = {"effect": "status", "path": f"/courses/{ENGLISH}/sections", "status": 403, "times": None}
    school.set_faults("canvas", refused)
    dagster.run(config={"course_ids": [ALGEBRA, ENGLISH]})
    config = {"ops": {"evaluate_checks": {"config": {"course_ids": ["01001", ENGLISH, "999"]}}}}
    result = defs.resolve_job_def("check_again").execute_in_process(
        instance=dagster.instance, run_config=config
    )
    [output] = [each for each in result.all_node_events if each.is_successful_output]
    told = output.step_output_data.metadata
    counted = {name: told[name].value for name in ("courses_checked_whole", "courses_not_checked_whole")}
    assert counted == {"courses_checked_whole": 1, "courses_not_checked_whole": 2}
    table = told["not_checked_whole"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [tuple(row.data.values()) for row in table.records] == [
        (ENGLISH, 1, "course_synced alone was evaluated, for no sync of it has come to its end"),
        ("999", 0, "not checked, for it was never synced"),
    ]
    wrong = {"ops": {"evaluate_checks": {"config": {"course_ids": ["abc"]}}}}
    refusal = defs.resolve_job_def("check_again").execute_in_process(
        instance=dagster.instance, run_config=wrong, raise_on_error=False
    )
    assert "course_ids 'abc': is no course id." in str(refusal.failure_data_for_node("evaluate_checks"))


def shown(dagster: Dagster) -> dict[str, str]:
    """How the check's Partitions show each course; what they would show as Missing is left out."""
    key = dg.AssetCheckKey(dg.AssetKey("grade_syncs"), SYNCED)
    found = dagster.instance.event_log_storage.get_asset_check_partition_info([key])
    return {str(each.partition_key): each.latest_execution_status.value for each in found if each.is_current}


Evaluations = dict[tuple[str, str], dg.AssetCheckEvaluation]


def run_again(dagster: Dagster, *course_ids: str) -> Evaluations:
    config = {"ops": {"evaluate_checks": {"config": {"course_ids": list(course_ids)}}}}
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
