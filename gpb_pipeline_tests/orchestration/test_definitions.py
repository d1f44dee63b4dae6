"""What Dagster loads: without any setting, and with the names that the design fixes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg

from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration.specs import PRODUCTS

PROJECT = Path(__file__).parents[2]
CHECK = """
import dagster as dg
from gpb_pipeline.definitions import defs
dg.Definitions.validate_loadable(defs)
nightly = defs.resolve_schedule_def("nightly")
print(nightly.cron_schedule, nightly.execution_timezone)
"""


def test_it_loads_without_a_setting_and_at_the_time_that_one_names(tmp_path: Path) -> None:
    assert loaded(tmp_path) == "0 22 * * * America/New_York"
    chosen = {"GPB_NIGHTLY_AT": "23:15", "GPB_TIMEZONE": "America/Chicago"}
    assert loaded(tmp_path, **chosen) == "15 23 * * * America/Chicago"


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
    }


def test_the_instance_takes_the_projects_dagster_yaml(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.get_settings("telemetry")["enabled"]
        assert not instance.run_retries_enabled
        assert instance.run_monitoring_max_runtime_seconds == 5400


def loaded(folder: Path, **environment: str) -> str:
    """What a fresh process prints that loads the definitions, with these variables and no other of ours."""
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **environment}
    done = subprocess.run(
        [sys.executable, "-c", CHECK], cwd=folder, env=bare, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.strip()
