"""A course's sync as Dagster sees it: by partition, by config, in part, failing."""

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.config import job_id
from gpb_pipeline.orchestration.specs import PRODUCTS
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import history
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.locks import course_lock
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, ENGLISH, Dagster
from gpb_pipeline_tests.sandbox.clients import CanvasUser

ALL = set(PRODUCTS)
READ = {key for key, product in PRODUCTS.items() if product.group in {"canvas", "sis", "filtered"}}


def test_one_partition_is_one_course_synced(school: Sandbox, dagster: Dagster) -> None:
    assert dagster.run(partition=ALGEBRA).success
    assert dagster.materialized_of(ALGEBRA) == ALL
    line = dagster.metadata("grade_syncs", ALGEBRA)
    assert line["status"] == "Completed"
    assert line["stage"] == "Verify"
    assert line["posted_by"] == "Dagster UI"
    assert line["type"] == "manual"
    assert line["sis_grades_created"] == count(school, "result") > 0
    assert line["sis_assignments_created"] == count(school, "lineItem") > 0
    assert line["time_started"].endswith("-05:00")
    assert line["details"] == f"http://127.0.0.1:8080/syncs/{line['job_id']}"
    assert line["GradesSync"].startswith("![GradesSync: ")


def test_a_batch_by_config_leaves_the_failing_course_out_and_the_run_red(
    school: Sandbox, dagster: Dagster
) -> None:
    school.set_faults("canvas", {"effect": "status", "path": f"/courses/{ENGLISH}/sections", "status": 403})
    result = dagster.run(config={"course_ids": [ALGEBRA, ENGLISH], "posted_by": "Ms. Rivera"})
    assert not result.success
    assert {key: dagster.materialized(key) for key in ALL} == {key: {ALGEBRA} for key in ALL}
    assert dagster.metadata("grade_syncs", ALGEBRA)["posted_by"] == "Ms. Rivera"
    failed = dagster.observation("grade_syncs", ENGLISH)
    assert failed["status"] == "Failed"
    assert failed["code"] == "canvas_access"
    assert failed["remedy"]
    assert failed["who"] == "Canvas admin"
    assert failed["course"] == f"Course {ENGLISH}"  # never read: it has no name yet
    told = failure(result)
    assert told.startswith("1 of 2 courses failed; the others are done.\nCourse 1002: ")
    assert "Canvas admin: " in told
    assert f"course {ENGLISH}: course {ENGLISH}" not in dagster.everything()


def test_the_filtered_assets_alone_are_a_preview(school: Sandbox, dagster: Dagster) -> None:
    assert dagster.run(partition=ALGEBRA, assets=sorted(READ)).success
    assert dagster.materialized_of(ALGEBRA) == READ
    assert school.writes() == []
    assert dagster.metadata("filtered_grades", ALGEBRA)["would_create"] > 0


def test_line_items_alone_are_posted_without_grades(school: Sandbox, dagster: Dagster) -> None:
    assert dagster.run(partition=ALGEBRA, assets=["sis_assignments", "grade_syncs"]).success
    assert dagster.materialized_of(ALGEBRA) == {"sis_assignments", "grade_syncs"}
    assert count(school, "lineItem") > 0
    assert count(school, "result") == 0


def test_a_second_sync_sends_nothing_and_a_remaster_everything(school: Sandbox, dagster: Dagster) -> None:
    dagster.run(partition=ALGEBRA)
    first = len(school.writes())
    dagster.run(partition=ALGEBRA)
    assert dagster.metadata("grade_syncs", ALGEBRA)["sis_grades_sent"] == 0
    assert len(school.writes()) == first
    dagster.run("remaster_grade_passback", partition=ALGEBRA, tags={"gpb/posted_by": "Mr. Okafor"})
    line = dagster.metadata("grade_syncs", ALGEBRA)
    assert (line["type"], line["posted_by"]) == ("remaster", "Mr. Okafor")
    assert len(school.writes()) == 2 * first


def test_only_the_chosen_assignments_go(school: Sandbox, dagster: Dagster) -> None:
    offered = CanvasUser(school).all(f"/courses/{ALGEBRA}/assignments?per_page=100")
    chosen = next(each for each in offered if each["post_to_sis"])
    dagster.run("remaster_grade_passback", partition=ALGEBRA, config={"assignments": [str(chosen["id"])]})
    assert {each["values"]["title"] for each in school.writes() if each["object"] == "lineItem"} == {
        chosen["name"]
    }


def test_a_form_that_contradicts_itself_is_refused_before_anything_is_sent(
    school: Sandbox, dagster: Dagster
) -> None:
    result = dagster.run(config={"course_ids": [ALGEBRA, ENGLISH], "assignments": ["1"]})
    assert "Choose them for one course" in failure(result)
    assert "Choose partitions, or set course_ids" in failure(dagster.run())
    wrong_tag = dagster.run(partition=ALGEBRA, tags={"gpb/type": "hourly"})
    assert "gpb/type" in failure(wrong_tag)
    assert school.writes() == []


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"course_ids": ["999", "abc", ENGLISH]}, "course_ids 'abc': is no course id."),
        ({"course_ids": ["01001", " 1002 ", ""]}, "course_ids '': is no course id."),
        ({"course_ids": ["sis_course_id:NONE"]}, "course sis_course_id:NONE: Canvas has no such item"),
        (
            {"course_ids": [ALGEBRA], "sections": ["77"]},
            "course 1001, sections: the course has no ",
        ),
        (
            {"course_ids": ["01001"], "assignments": ["7"]},
            "course 1001, assignments: the course has no ",
        ),
        ({"course_ids": [ALGEBRA, ENGLISH], "sections": ["7"]}, "sections, assignments: sections or assign"),
    ],
)
@pytest.mark.parametrize("job", ["grade_sync", "remaster_grade_passback", "nightly_grade_sync"])
def test_wrong_usage_of_a_form_names_its_field_and_enters_no_history_and_no_partition(
    school: Sandbox, dagster: Dagster, warehouse: Warehouse, job: str, form: dict[str, object], told: str
) -> None:
    assert failure(dagster.run(job, config=form)).startswith(told)
    assert warehouse.read(history.jobs) == []
    assert dagster.instance.get_dynamic_partitions("course") == []
    assert school.writes() == []


@pytest.mark.long
def test_of_a_batch_what_is_no_course_is_told_and_the_others_run_by_their_own_ids(
    school: Sandbox, dagster: Dagster, warehouse: Warehouse
) -> None:
    result = dagster.run(config={"course_ids": ["01001", "999", " 1002 ", ALGEBRA]})
    assert failure(result).startswith(
        "1 of 3 courses failed; the others are done.\nCourse 999: Canvas has no"
    )
    assert dagster.materialized("grade_syncs") == {ALGEBRA, ENGLISH}
    assert sorted(dagster.instance.get_dynamic_partitions("course")) == [ALGEBRA, ENGLISH]
    run = job_id(result.run_id, "")
    assert {job.job_id for job in warehouse.read(history.jobs)} == {f"{run}{ALGEBRA}", f"{run}{ENGLISH}"}


def test_a_course_that_was_synced_and_is_gone_from_canvas_is_told_in_the_history(
    school: Sandbox, dagster: Dagster, warehouse: Warehouse
) -> None:
    dagster.run(partition=ALGEBRA)
    body = {"errors": [{"message": "The specified resource does not exist."}]}
    gone = {"effect": "status", "status": 404, "path": f"/courses/{ALGEBRA}", "times": None, "body": body}
    school.set_faults("canvas", gone)
    assert not dagster.run(config={"course_ids": [ALGEBRA]}).success
    assert warehouse.read(history.jobs)[0].code == "canvas_not_found"
    assert dagster.observation("grade_syncs", ALGEBRA)["code"] == "canvas_not_found"


@pytest.mark.parametrize(
    ("job", "chosen"),
    [
        ("remaster_grade_passback", "manual"),
        ("remaster_grade_passback", "nightly"),
        ("nightly_grade_sync", "remaster"),
    ],
)
def test_a_job_does_what_its_name_says_or_refuses(
    school: Sandbox, dagster: Dagster, warehouse: Warehouse, job: str, chosen: str
) -> None:
    told = failure(dagster.run(job, partition=ALGEBRA, config={"type": chosen}))
    assert told.startswith(f"type: {chosen} was chosen, and the run's tag gpb/type says ")
    assert warehouse.read(history.jobs) == []


def test_a_nightly_sync_leaves_a_course_to_the_sync_that_runs(school: Sandbox, dagster: Dagster) -> None:
    with course_lock(WarehouseSettings.load(), ALGEBRA):
        assert dagster.run("nightly_grade_sync", config={"course_ids": [ALGEBRA], "type": "nightly"}).success
    assert dagster.materialized("grade_syncs") == frozenset()
    assert f"Course {ALGEBRA}: left out, another sync of it is running" in dagster.everything()


def test_without_settings_a_run_says_which_is_missing(
    dagster: Dagster, school: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIS_CLIENT_ID")
    assert "SIS_CLIENT_ID: is not set" in failure(dagster.run(partition=ALGEBRA))


def test_of_a_batch_the_failed_courses_partitions_are_failed_and_the_others_materialized(
    school: Sandbox, dagster: Dagster
) -> None:
    school.set_faults("canvas", {"effect": "status", "path": f"/courses/{ENGLISH}/sections", "status": 403})
    run = dagster.run(config={"course_ids": [ALGEBRA, ENGLISH]})
    for key in ("sis_grades", "grade_syncs"):
        attempts = dagster.instance.event_log_storage
        failed = attempts.get_latest_asset_partition_materialization_attempts_without_materializations(
            dg.AssetKey(key)
        )
        assert {course: by[0] for course, by in failed.items()} == {ENGLISH: run.run_id}


def test_names_stand_beside_ids(school: Sandbox, dagster: Dagster) -> None:
    dagster.run(partition=ALGEBRA)
    for key in PRODUCTS:
        assert dagster.metadata(key, ALGEBRA)["course"] == f"Algebra I ({ALGEBRA})"
    school.set_faults("canvas", {"effect": "status", "path": f"/courses/{ALGEBRA}/sections", "status": 403})
    assert f"Algebra I ({ALGEBRA}): " in failure(dagster.run(partition=ALGEBRA))


@pytest.mark.parametrize("selected", [["sis_grades"], ["filtered_grades", "sis_grades"], None])
def test_assets_launched_without_a_partition_are_refused_in_words(
    school: Sandbox, dagster: Dagster, selected: list[str] | None
) -> None:
    """Once something was synced, Dagster itself looks for the partition before our code is asked."""
    dagster.run(partition=ALGEBRA)
    written = len(school.writes())
    result = defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=dagster.instance,
        asset_selection=[dg.AssetKey(key) for key in selected or PRODUCTS],
        raise_on_error=False,
    )
    assert not result.success
    assert "no course was given. Choose partitions" in dagster.everything()
    assert "Cannot access partition_key" not in dagster.everything()
    assert len(school.writes()) == written


def count(school: Sandbox, written: str) -> int:
    return sum(each["object"] == written for each in school.writes())


def failure(result: dg.ExecuteInProcessResult) -> str:
    [step] = [event for event in result.all_events if event.is_step_failure]
    return str(step.step_failure_data.user_failure_data.description)  # type: ignore[union-attr]


def test_the_history_alone_is_no_sync_and_says_so(dagster: Dagster, school: Sandbox) -> None:
    run = dagster.run(partition=ALGEBRA, assets=["grade_syncs"])
    assert not run.success
    assert "launch grade_sync" in str(run.failure_data_for_node("grade_passback"))
    assert school.writes() == []
