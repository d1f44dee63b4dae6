"""`gpb sync`, `remaster`, `preview`, `assignments` and `demo` as people and programs use them."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.cli.command import gpb, settle_in

COMPLETED, FAILED, USAGE, WITH_ERRORS = 0, 1, 2, 3
ALGEBRA, EARTH = "1001", "1005"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with running_sandbox(today=date(2026, 11, 24)) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def sandbox(running: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    running.reset()
    settle_in(monkeypatch, tmp_path, running.environment | {"DAGSTER_HOME": str(tmp_path / "home")})
    return running


def test_a_sync_says_at_once_what_it_is_and_at_its_end_what_came_of_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    done = gpb("sync", ALGEBRA, "--posted-by", "Ms. Rivera")
    assert done.status == COMPLETED
    (job,) = gpb("history", ALGEBRA, "--json").json
    assert f"Scheduled: course {ALGEBRA}, job {job['job_id']}" in done.out
    assert "Progress:" in done.out
    assert (job["posted_by"], job["type"], job["status"]) == ("Ms. Rivera", "manual", "Completed")
    assert job["sis_assignments"] == {"sent": 8, "created": 8, "percent": 100.0}
    assert job["sis_grades"] == {"sent": 64, "created": 64, "percent": 100.0}
    assert Counter(each["object"] for each in sandbox.writes()) == {"lineItem": 8, "result": 64}
    assert "telemetry:\n  enabled: false" in (tmp_path / "home" / "dagster.yaml").read_text()

    again = gpb("sync", ALGEBRA)
    assert again.status == COMPLETED
    newest, _ = gpb("history", ALGEBRA, "--json").json
    assert newest["sis_grades"] == {"sent": 0, "created": 0, "percent": None}
    assert len(sandbox.writes()) == 72


def test_the_exit_status_is_the_worst_of_all_courses(sandbox: Sandbox) -> None:
    assert gpb("sync", EARTH).status == WITH_ERRORS
    done = gpb("sync", ALGEBRA, EARTH, "999")
    assert done.status == FAILED
    assert done.err == (
        "gpb: course 999: Canvas has no such item, or hides it from this token. "
        "Check its id, and CANVAS_BASE_URL.\n"
    )
    assert {job["course_id"]: job["status"] for job in gpb("history", "--json").json} == {
        "999": "Failed",
        EARTH: "Completed (with errors)",
        ALGEBRA: "Completed",
    }


def test_an_id_that_the_course_lacks_is_wrong_usage_and_sends_nothing(sandbox: Sandbox) -> None:
    done = gpb("sync", ALGEBRA, "--section", "77")
    assert done.status == USAGE
    assert done.err == (
        f"gpb: course {ALGEBRA}, --section: the course has no section 77. "
        f"See `gpb assignments {ALGEBRA}` for what there is.\n"
    )
    assert gpb("sync", ALGEBRA, EARTH, "--section", "77").status == USAGE
    assert sandbox.writes() == []


def test_details_account_for_every_row(sandbox: Sandbox) -> None:
    gpb("sync", EARTH)
    (job,) = gpb("history", EARTH, "--json").json
    details = gpb("details", job["job_id"], "--json").json
    states = Counter(row["state"] for row in details["grades"])
    assert states["created"] == job["sis_grades"]["created"]
    assert states["created"] + states["failed"] == job["sis_grades"]["sent"]
    assert all(row["code"] for row in details["grades"] if row["state"] in {"skipped", "failed"})
    codes = {issue["code"] for issue in details["issues"]}
    assert {"student_not_on_roster", "student_without_sis_id", "below_zero"} <= codes


def test_a_preview_has_the_shape_of_details_and_sends_nothing(sandbox: Sandbox) -> None:
    preview = gpb("preview", ALGEBRA, "--json").json
    assert Counter(row["state"] for row in preview["grades"]) == {"would create": 64}
    assert preview["filtered"]["extracted"] == {"sections": 2, "assignments": 4, "grades": 64}
    shown = gpb("preview", EARTH).out
    assert "Who can act" in shown
    assert "Enroll the student in the SIS" in shown
    assert sandbox.writes() == []
    assert gpb("history", "--json").json == []


def test_assignments_are_offered_by_section_with_what_keeps_one_back() -> None:
    gpb("sync", ALGEBRA)
    offered = gpb("assignments", ALGEBRA, "--sort", "date", "--json").json
    assert len(offered) == 8
    assert all(each["selectable"] and each["last_sync"] and each["due_at"] for each in offered)
    assert offered == sorted(offered, key=lambda each: (each["due_at"], each["section_name"]))
    biology = gpb("assignments", "1003", "--json").json
    held_back = {each["assignment_name"]: each["code"] for each in biology if not each["selectable"]}
    assert held_back["Weekly Check-In"] == "duplicate_name"
    assert held_back["Lab Notebook Check"] == "no_due_date"


def test_a_remaster_shows_what_it_would_send_and_sends_it_all(sandbox: Sandbox) -> None:
    gpb("sync", ALGEBRA)
    done = gpb("remaster", ALGEBRA)  # nobody to ask: it is no terminal
    assert "would update" in done.out
    assert done.status == COMPLETED
    newest, _ = gpb("history", ALGEBRA, "--json").json
    assert (newest["type"], newest["sis_grades"]["created"]) == ("remaster", 64)
    assert len(sandbox.writes()) == 144


def test_a_missing_setting_is_one_line_before_any_run_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANVAS_API_TOKEN", "")
    done = gpb("sync", ALGEBRA)
    assert (done.status, done.out) == (FAILED, "")
    assert done.err == (
        "gpb: CANVAS_API_TOKEN: is not set. Set it in the environment or in .env (see .env.example).\n"
    )


def test_the_demo_ends_with_the_report_and_the_log_of_the_sis_alike(tmp_path: Path) -> None:
    demo = subprocess.run(
        [Path(sys.executable).with_name("gpb"), "demo"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ,
    )
    assert demo.returncode == COMPLETED, demo.stderr
    (total,) = [line for line in demo.stdout.splitlines() if "587" in line]
    assert [cell.strip() for cell in total.strip("│").split("│")] == ["", "69", "69", "587", "587"]
    assert len((tmp_path / ".gpb/sandbox/sis/writes.jsonl").read_text().splitlines()) == 69 + 587
