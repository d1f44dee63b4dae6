"""Canaries: students and secrets, all run for real, and nothing of them is where it may not be.

Dagster's UI has no login (docs/decisions.md §9). What may show students is listed here, and on record when it
does.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import requests

from gpb_pipeline.definitions import defs
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.orchestration import schedules
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import NightlySettings, WebSettings
from gpb_pipeline.warehouse import history, maintenance, opening
from gpb_pipeline_tests.cli.command import gpb
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, BIOLOGY, Dagster
from gpb_pipeline_tests.sandbox.clients import CanvasUser
from gpb_pipeline_tests.web.serving import served

SCORE = 13.5791
SHOW_STUDENTS = {"grades", "issues.csv", "grades.csv"}
COMMANDS = (
    "history",
    "history --json",
    "courses",
    f"assignments {ALGEBRA}",
    f"preview {ALGEBRA}",
    f"reconcile {ALGEBRA}",
    f"categories show {ALGEBRA}",
    "nightly show",
    "doctor",
    "health",
    "purge --dry-run",
    "sis show",
)
"""What shows no student to whoever asks it so."""


@dataclass(frozen=True)
class Canaries:
    """What must not be found: ids as whole words, for a short one is a part of other numbers."""

    words: frozenset[str]
    name: str  # of the one with the score

    def in_text(self, text: str) -> set[str]:
        return {each for each in self.words if re.search(rf"(?<![\w.]){re.escape(each)}(?![\w.-])", text)}

    def in_files(self, folder: Path) -> set[str]:
        texts = (path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())
        long = {each for each in self.words if len(each) > 5 or not each.isdigit()}  # else any number's part
        return {each for text in texts for each in self.in_text(text) & long}


@pytest.fixture
def planted(school: Sandbox) -> Canaries:
    """A student of Algebra with a score that could be nothing else, and all others as they are."""
    canvas = CanvasUser(school)
    people = [
        each
        for course in (ALGEBRA, BIOLOGY)
        for each in canvas.all(f"/courses/{course}/enrollments?per_page=100&type[]=StudentEnrollment")
    ]
    student = next(each["user"] for each in people if str(each["course_id"]) == ALGEBRA)
    assignment = canvas.all(f"/courses/{ALGEBRA}/assignments?per_page=100")[0]["id"]
    place = f"/courses/{ALGEBRA}/submissions/{assignment}/{student['id']}"
    school.control("canvas", "PATCH", place, {"score": SCORE})
    kinds = ("name", "sortable_name", "id", "sis_user_id")
    private = {str(each["user"][kind]) for each in people for kind in kinds if each["user"][kind]}
    secrets = {school.environment[name] for name in ("CANVAS_API_TOKEN", "SIS_CLIENT_SECRET")}
    assert len(private) > 20
    return Canaries(frozenset({*private, str(SCORE), *secrets}), student["name"])


@pytest.fixture
def synced(
    school: Sandbox, planted: Canaries, home: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Dagster]:
    """The real job, with refusals of the SIS that name the student, into a DAGSTER_HOME on disk."""
    monkeypatch.setenv("DAGSTER_HOME", home.root_directory)
    told = {"imsx_codeMinor": "invaliddata", "imsx_description": f"{planted.name} is not on the roster"}
    refusal = {"effect": "status", "method": "PUT", "path": "/results/", "status": 422, "body": told}
    school.set_faults("sis", {**refusal, "skip": 30, "times": 3})
    dagster = Dagster(home)
    dagster.run(config={"course_ids": [ALGEBRA, BIOLOGY], "posted_by": "Ms. Rivera"})
    yield dagster
    school.set_faults("sis")


def test_a_planted_student_and_secrets_are_nowhere_that_is_not_for_them(
    school: Sandbox,
    planted: Canaries,
    synced: Dagster,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    kept = synced.everything()
    assert SCORE in {each["values"].get("score") for each in school.writes()}
    assert f"({BIOLOGY}): Completed" in kept
    assert planted.in_text(kept) == set()
    for command in COMMANDS:
        done = gpb(*command.split())
        assert done.out, (command, done.err)
        assert planted.in_text(done.out + done.err) == set(), command
    out, err = capfd.readouterr()
    assert planted.in_text(out + err) == set()
    assert planted.in_files(Path(synced.instance.root_directory)) == set()
    asked = [*school.requests_seen("canvas"), *school.requests_seen("sis")]
    assert planted.in_text(json.dumps([[each["path"], each["query"]] for each in asked])) == set()
    refused = gpb("trace", ALGEBRA, "--student", planted.name, "--assignment", "1")
    forgotten = gpb("forget", "--student", planted.name)
    for done in (refused, forgotten):
        assert (done.status, planted.in_text(done.out + done.err)) == (1, set())


def test_a_page_shows_a_student_only_where_the_look_is_on_record(
    planted: Canaries, synced: Dagster, tmp_path: Path
) -> None:
    with Passback().warehouse() as warehouse:
        [job_id] = [each.job_id for each in warehouse.read(history.jobs, ALGEBRA)]
        looks = warehouse.settings.looks_folder

        def on_record() -> list[dict[str, Any]]:
            files = sorted(looks.glob("*.jsonl"))
            return [json.loads(line) for file in files for line in file.read_text().splitlines()]

        with served(warehouse, WebSettings(), NightlySettings()) as url:
            shown = set()
            tabs = ("", "issues", "filtered", "assignments", "grades")
            for tab in (*tabs, "issues.csv", "assignments.csv", "grades.csv"):
                before = len(on_record())
                text = requests.get(f"{url}/syncs/{job_id}/{tab}".rstrip("/"), timeout=60).text
                looked = [each["page"] for each in on_record()[before:]]
                assert looked == ([tab] if tab in SHOW_STUDENTS else []), tab
                shown |= {tab} if planted.name in text else set()
                addresses = re.findall(r'(?:href|action)="([^"]*)"', text)
                assert planted.in_text(" ".join(each.partition("?")[2] for each in addresses)) == set(), tab
            for path in ("/", "/differences", f"/courses/{ALGEBRA}", f"/courses/{ALGEBRA}/trace", "/nothing"):
                before = len(on_record())
                text = requests.get(url + path, timeout=60).text
                assert planted.in_text(text) & {planted.name, str(SCORE)} == set(), path
                assert len(on_record()) == before, path
        assert {"grades", "grades.csv"} <= shown <= SHOW_STUDENTS
        assert planted.in_text(json.dumps(on_record())) == set()


CONFIGS: dict[str, dict[str, Any]] = {
    "grade_passback": {"course_ids": [ALGEBRA]},
    "choose_nightly": {"course_ids": [ALGEBRA], "chosen_by": "Ms. Rivera"},
    "take_back": {"course_id": ALGEBRA},
    "sync_categories": {"course_id": ALGEBRA},
    "answer": {"request_id": "r"},
}
"""Of the ops that are refused without one."""


def test_the_words_of_a_fault_that_nobody_foresaw_are_in_no_step_and_no_tick(
    school: Sandbox,
    home: dg.DagsterInstance,
    dagster: Dagster,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("Dana Whitfield")

    monkeypatch.setattr(opening, "connect", fails)
    monkeypatch.setattr(maintenance, "is_weekly_turn", lambda _: True)
    jobs = [*defs.resolve_all_job_defs()]
    failed = {name for job in jobs for name in failed_steps(job, dagster.instance)}
    assert failed == {node.name for job in jobs for node in job.nodes}
    assert "Dana" not in dagster.everything()

    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "true")
    monkeypatch.setenv("GPB_NIGHTLY_AT", f"{datetime.now(UTC) - timedelta(hours=12):%H:%M}")
    monkeypatch.setenv("GPB_TIMEZONE", "UTC")
    monkeypatch.setenv("GPB_ALERT_GOOD_NIGHT", school.canvas_url)
    for name in ("get_runs", "get_run_records", "get_runs_count"):
        monkeypatch.setattr(dg.DagsterInstance, name, fails)
    for sensor in defs.sensors or ():
        with (
            dg.build_sensor_context(instance=home, resources={"passback": Passback()}) as tick,
            pytest.raises(PermanentError, match="a fault of the pipeline"),
        ):
            sensor.evaluate_tick(tick)
    for schedule in (schedules.nightly, schedules.nightly_retry):
        with (
            dg.build_schedule_context(instance=home, scheduled_execution_time=datetime.now(UTC)) as due,
            pytest.raises(PermanentError, match="a fault of the pipeline"),
        ):
            schedule(due, Passback())
    out, err = capfd.readouterr()
    assert "Dana" not in out + err


def failed_steps(job: dg.JobDefinition, instance: dg.DagsterInstance) -> Iterator[str]:
    """Run each op of a job by itself; names those that failed."""
    for node in job.nodes:
        config = {"ops": {node.name: {"config": CONFIGS[node.name]}}} if node.name in CONFIGS else {}
        done = job.execute_in_process(
            instance=instance, run_config=config, op_selection=[node.name], raise_on_error=False
        )
        yield from (str(each.node_name) for each in done.all_node_events if each.is_step_failure)
