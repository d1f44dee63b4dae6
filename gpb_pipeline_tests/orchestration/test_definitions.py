"""What Dagster loads: without any setting, and with the names that the design fixes."""

import os
import shutil
import subprocess
import sys
import tomllib
from datetime import time
from pathlib import Path

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.build import build_defs
from gpb_pipeline.orchestration.category_job import CategoryEdit, CategoryEdits
from gpb_pipeline.orchestration.check_again import CheckConfig
from gpb_pipeline.orchestration.config import GradeSyncConfig
from gpb_pipeline.orchestration.launch import CODE_LOCATION
from gpb_pipeline.orchestration.maintenance_jobs import NightlyConfig
from gpb_pipeline.orchestration.reconcile_jobs import ReconcileConfig, RetractConfig
from gpb_pipeline.orchestration.requested import Answered
from gpb_pipeline.orchestration.specs import PRODUCTS
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import NightlySettings, PassbackSettings
from gpb_pipeline_tests.orchestration.conftest import Dagster

PROJECT = Path(__file__).parents[2]
CHECK = """
import dagster as dg
from gpb_pipeline.definitions import defs
dg.Definitions.validate_loadable(defs)
nightly = defs.resolve_schedule_def("nightly")
print(nightly.cron_schedule, nightly.execution_timezone)
"""


@pytest.mark.long
def test_it_loads_without_a_setting_and_at_the_time_that_one_names(tmp_path: Path) -> None:
    assert loaded(tmp_path) == "0 22 * * * America/New_York"
    chosen = {"GPB_NIGHTLY_AT": "23:15", "GPB_TIMEZONE": "America/Chicago"}
    assert loaded(tmp_path, **chosen) == "15 23 * * * America/Chicago"


def test_they_are_built_of_the_settings_given_and_no_import_reads_one(tmp_path: Path) -> None:
    chosen = build_defs(
        nightly=NightlySettings(at=time(4, 5)), district=PassbackSettings(timezone="America/Denver")
    )
    nightly = chosen.resolve_schedule_def("nightly")
    assert (nightly.cron_schedule, nightly.execution_timezone) == ("5 4 * * *", "America/Denver")
    assert chosen.resolve_schedule_def("nightly_retry").cron_schedule == "5 6 * * *"
    dg.Definitions.validate_loadable(chosen)
    wrong = {"GPB_NIGHTLY_AT": "noon", "GPB_TIMEZONE": "Mars/Olympus", "DAGSTER_HOME": "relative"}
    assert loaded(tmp_path, code="import gpb_pipeline.orchestration.build", **wrong) == ""


def test_dg_and_dagster_find_them_where_the_workspace_does(tmp_path: Path) -> None:
    """`dg check defs` takes root_module's `definitions`, under the name with which `gpb` tags its runs."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["dg"]
    assert project["directory_type"] == "project"
    location = f"module_name: {project['project']['root_module']}.definitions"
    workspace = (PROJECT / "workspace.yaml").read_text("utf-8")
    assert location in workspace
    assert f"location_name: {CODE_LOCATION}" in workspace
    assert project["project"]["code_location_name"] == CODE_LOCATION
    command = [str(Path(sys.executable).parent / "dagster"), "definitions", "validate", "-w"]
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [*command, str(PROJECT / "workspace.yaml")], cwd=tmp_path, env=bare, capture_output=True, check=False
    )
    assert done.returncode == 0


def test_every_field_of_every_jobs_form_says_what_it_is_for() -> None:
    forms = (
        Answered,
        CategoryEdit,
        CategoryEdits,
        CheckConfig,
        GradeSyncConfig,
        NightlyConfig,
        ReconcileConfig,
        RetractConfig,
    )
    for form in forms:
        for name, field in form.model_fields.items():
            assert field.description, f"{form.__name__}.{name}"
    for job in defs.resolve_all_job_defs():
        assert job.description or job.name.startswith("__"), job.name


def test_every_jobs_launchpad_opens_with_its_whole_form() -> None:
    """The UI fills it with the defaults, so that each field must have one."""
    for job in defs.resolve_all_job_defs():
        assert dg.validate_run_config(job, {}) is not None, job.name


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ("set_nightly_sync", "course_ids: no course was given."),
        ("answer_request", "request_id: no request was given."),
        ("retract", "course_id '': is no course id."),
        ("sync_sis_categories", "course_id '': is no course id."),
        ("grade_sync", "run: no course was given."),
        ("remaster_grade_passback", "run: no course was given."),
        ("nightly_grade_sync", "run: no course was given."),
    ],
)
def test_a_form_launched_as_it_opens_refuses_in_words(
    school: Sandbox, dagster: Dagster, job: str, told: str
) -> None:
    done = defs.resolve_job_def(job).execute_in_process(instance=dagster.instance, raise_on_error=False)
    [step] = [event for event in done.all_events if event.is_step_failure]
    assert told in str(step.step_failure_data.user_failure_data)
    assert school.writes() == []


def test_the_assets_are_the_designs() -> None:
    graph = defs.resolve_asset_graph()
    groups = {key.to_user_string(): graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert groups == {
        "canvas_sections": "canvas",
        "canvas_assignment_groups": "canvas",
        "canvas_assignments": "canvas",
        "canvas_enrollments": "canvas",
        "canvas_submissions": "canvas",
        "sis_categories": "sis",
        "filtered_assignments": "filtered",
        "filtered_grades": "filtered",
        "sis_assignments": "passback",
        "sis_grades": "passback",
        "grade_syncs": "history",
        "last_night": "history",
    }
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description
        assert node.owners
        if key.to_user_string() in PRODUCTS:
            assert isinstance(node.partitions_def, dg.DynamicPartitionsDefinition)
            described = "dagster/column_schema" in node.metadata
            assert described == (PRODUCTS[key.to_user_string()].schema is not None)


def test_the_jobs_are_the_designs() -> None:
    jobs = {job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")}
    assert jobs >= {
        "grade_sync",
        "remaster_grade_passback",
        "nightly_grade_sync",
        "check_again",
        "check_connections",
        "set_nightly_sync",
        "purge_history",
        "sync_sis_categories",
        "last_night_report",
        "answer_request",
    }


def test_the_instance_takes_the_projects_dagster_yaml(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.get_settings("telemetry")["enabled"]
        assert not instance.run_retries_enabled
        assert not instance.run_monitoring_max_runtime_seconds  # no run is ended for its length


def loaded(folder: Path, code: str = CHECK, **environment: str) -> str:
    """What a fresh process prints that loads the definitions, with these variables and no other of ours."""
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=bare, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.strip()
