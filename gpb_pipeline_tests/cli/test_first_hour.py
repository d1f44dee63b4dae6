"""`gpb demo` hands over: the sandbox stays, and every command works on it; nobody's work is deleted."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gpb_pipeline.sandbox import kept
from gpb_pipeline_tests.cli.terminal import GPB

SETTINGS = ("CANVAS_", "SIS_", "GPB_", "DAGSTER_")


def gpb(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([GPB, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What `gpb demo` printed in a folder of its own, in which the sandbox goes on running."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("clone"))
        patch.setenv("COLUMNS", "80")
        for name in [each for each in os.environ if each.startswith(SETTINGS)]:
            patch.delenv(name)
        Path(".env").write_text(
            "CANVAS_BASE_URL=https://canvas.district.example\nGPB_ALERT_WEBHOOK=https://x.example\n"
        )
        done = gpb("demo")
        assert done.returncode == 0, done.stderr
        yield done.stdout
        kept.stop()


def test_the_report_and_the_log_of_the_sis_are_alike(demo: str) -> None:
    (total,) = [line.split() for line in demo.splitlines() if line.startswith("all ")]
    assert total == ["all", "69", "69", "587", "587"]
    assert len(kept.WRITES.read_text().splitlines()) >= 69 + 587


def test_the_readme_shows_what_the_demo_prints(demo: str) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (report,) = re.findall(r"^(The witness: .*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert report in demo
    typed = re.findall(r"^  (\.venv/bin/gpb .*)$", demo, re.MULTILINE)[:4]
    assert all(f"\n{command}\n" in readme for command in typed)


def test_a_grade_arrives_by_the_commands_that_the_demo_ends_with(demo: str) -> None:
    said = [line.split()[1:] for line in demo.splitlines() if line.startswith("  .venv/bin/gpb ")]
    grade, sync, log, trace = said[:4]
    score = grade[-1]
    for command in (grade, sync):
        assert gpb(*command).returncode == 0
    write = json.loads(kept.WRITES.read_text().splitlines()[-1])
    assert f"{write['values']['score']:g}" == score
    assert write["sourced_id"] in gpb(*log).stdout
    traced = json.loads(gpb(*trace, "--json").stdout)
    newest = traced["sent"][0]
    assert f"{newest['submitted_grade']:g}" == score
    graded = traced["graded_in_canvas"]["changes"][0]
    assert (graded["grader"], graded["after"]) == ("Dana Whitfield", score)


@pytest.mark.long
def test_every_command_works_on_the_sandbox_whatever_the_districts_settings_are(demo: str) -> None:
    history = json.loads(gpb("--sandbox", "history", "--json").stdout)
    assert {job["course_id"] for job in history} == {f"100{each}" for each in range(1, 8)}
    job_id = next(job["job_id"] for job in history if job["course_id"] == "1005")
    assert "student_not_on_roster" in gpb("--sandbox", "details", job_id).stdout
    assert "unchanged" in gpb("--sandbox", "preview", "1001").stdout
    assert "1001" in gpb("--sandbox", "courses").stdout
    checks = json.loads(gpb("--sandbox", "doctor", "--json").stdout)
    assert [each["detail"] for each in checks if each["name"] == "Alert settings"] == ["to the log alone"]
    nightly = json.loads(gpb("--sandbox", "nightly", "show", "--json").stdout)["institution"]
    assert (nightly["enabled"], nightly["default"]) == (True, False)  # the desk has its switch; nothing is on


def test_a_demo_deletes_nothing_that_someone_works_on(demo: str) -> None:
    with kept.using_sandbox(print) as sandbox:
        refused = gpb("demo")
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
        assert "works on it" in refused.stderr
        assert kept.running() == sandbox
    assert len(json.loads(gpb("--sandbox", "history", "--json").stdout)) >= 8


@pytest.mark.parametrize(("option", "other"), [("--port", "--web-port"), ("--web-port", "--port")])
def test_a_busy_port_is_told_before_anything_is_begun(demo: str, option: str, other: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = gpb("--sandbox", "dev", option, str(taken.getsockname()[1]), other, "0")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"choose another port with {option}" in done.stderr


def test_a_score_for_nobody_is_one_clear_line(demo: str) -> None:
    done = gpb("sandbox", "grade", "1001", "1", "1", "5")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("score", ["nan", "inf", "1e400", "A+"])
def test_what_is_no_score_is_one_clear_line(demo: str, score: str) -> None:
    done = gpb("sandbox", "grade", "1001", "10010024", "2002", score)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"SCORE {score!r}: is no score" in done.stderr


def test_the_log_shows_as_many_as_asked_for(demo: str) -> None:
    accepted = len(kept.WRITES.read_text().splitlines())
    for count, shown in ((0, 0), (1, 1), (accepted + 1, accepted)):
        lines = gpb("sandbox", "log", "-n", str(count)).stdout.splitlines()
        assert sum(" UTC " in line for line in lines) == shown
    assert gpb("sandbox", "log", "-n", "-5").returncode == 2


def test_a_sandbox_ends_when_told_and_begins_anew_when_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert gpb("sandbox", "log").returncode == 1
    assert gpb("sandbox", "stop").stdout == "No sandbox runs in this folder.\n"
    begun = gpb("--sandbox", "courses")
    assert begun.stderr == "No sandbox runs in this folder: beginning one, with an empty warehouse.\n"
    sandbox = kept.running()
    assert sandbox is not None
    assert oct(kept.ENVIRONMENT.stat().st_mode & 0o777) == "0o600"
    assert "accepted nothing yet" in gpb("sandbox", "log").stdout
    assert gpb("sandbox", "stop").stdout == "The sandbox has ended.\n"
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox.canvas_url, timeout=60)


def test_a_keeper_that_was_killed_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gpb("--sandbox", "courses")
    os.kill(int(kept.ALIVE.read_text()), signal.SIGKILL)
    assert re.match("No sandbox runs", gpb("--sandbox", "courses").stderr)
    assert kept.stop()
