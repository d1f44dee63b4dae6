"""A sync on a terminal: its progress while Dagster holds the descriptor of stderr, and Ctrl-C."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.cli.command import gpb, settle_in
from gpb_pipeline_tests.cli.terminal import on_terminal

ALGEBRA, INTERRUPTED = "1001", 130


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox() as running:
        settle_in(monkeypatch, tmp_path, running.environment | {"DAGSTER_HOME": str(tmp_path / "home")})
        yield running


@pytest.mark.long
def test_progress_moves_by_stage_and_course_on_a_terminal(sandbox: Sandbox) -> None:
    slow = {"effect": "slow", "seconds": 4.0, "method": "PUT"}  # longer than a look at the history takes
    sandbox.set_faults("sis", slow | {"path": "lineItems"}, slow | {"path": "results"})
    with on_terminal("sync", ALGEBRA, columns=80) as terminal:
        terminal.wait_for("0 of 1 course")
        terminal.wait_for(f"{ALGEBRA}: Post Assignments")
        terminal.wait_for(f"{ALGEBRA}: Post Grades")
        assert terminal.end() == 0


@pytest.mark.long
def test_ctrl_c_while_it_reads_ends_at_once_with_a_word_and_no_traceback(sandbox: Sandbox) -> None:
    an_hour = 3600.0
    sandbox.set_faults("canvas", {"effect": "slow", "seconds": an_hour, "path": "/enrollments"})
    with on_terminal("sync", ALGEBRA) as terminal:
        terminal.wait_for("Get Assignments")
        terminal.interrupt()
        terminal.wait_for("Interrupted")
        assert terminal.end() == INTERRUPTED
        assert "Traceback" not in terminal.seen
    (job,) = gpb("history", "--json").json
    assert (job["status"], job["code"]) == ("Failed", "interrupted")
    assert sandbox.writes() == []


def test_ctrl_c_while_it_writes_waits_for_the_write_in_hand_and_loses_nothing(sandbox: Sandbox) -> None:
    sandbox.set_faults("sis", {"effect": "slow", "seconds": 1.0, "times": None, "method": "PUT"})
    with on_terminal("sync", ALGEBRA) as terminal:
        terminal.wait_for("Post Grades")
        terminal.interrupt()
        terminal.wait_for("Interrupting")
        assert terminal.end() == INTERRUPTED
        assert "Interrupted" in terminal.seen
        assert "Traceback" not in terminal.seen
        assert "Running" not in terminal.seen
    sandbox.set_faults("sis")
    assert 0 < len(sandbox.writes()) < 8 + 64
    assert gpb("sync", ALGEBRA).status == 0
    assert len({each["sourced_id"] for each in sandbox.writes()}) == len(sandbox.writes()) == 8 + 64


@pytest.mark.long
@pytest.mark.parametrize("ended_by", ["its window", "SIGHUP", "SIGTERM"])
def test_a_terminal_that_is_closed_ends_a_sync_as_ctrl_c_does(sandbox: Sandbox, ended_by: str) -> None:
    sandbox.set_faults("sis", {"effect": "slow", "seconds": 1.0, "times": None, "method": "PUT"})
    with on_terminal("sync", ALGEBRA) as terminal:
        terminal.wait_for("Post Grades")
        if ended_by == "its window":
            assert terminal.close() == INTERRUPTED
        else:
            terminal.process.send_signal(signal.Signals[ended_by])
            assert terminal.end() == INTERRUPTED
            assert "Traceback" not in terminal.seen
    (job,) = gpb("history", "--json").json
    assert (job["status"], job["code"]) == ("Failed", "cancelled")
    with dg.DagsterInstance.from_config(os.environ["DAGSTER_HOME"]) as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.CANCELED]
    sandbox.set_faults("sis")
    assert gpb("sync", ALGEBRA).status == 0
    assert len({each["sourced_id"] for each in sandbox.writes()}) == len(sandbox.writes()) == 8 + 64


@pytest.mark.long
@pytest.mark.parametrize("command", ["preview", "assignments"])
def test_ctrl_c_while_nothing_but_reading_is_done_says_so(sandbox: Sandbox, command: str) -> None:
    sandbox.set_faults("canvas", {"effect": "slow", "seconds": 3600.0, "path": "/enrollments"})
    with on_terminal(command, ALGEBRA) as terminal:
        terminal.wait_for("Get Assignments")
        terminal.interrupt()
        assert terminal.end() == INTERRUPTED
        assert "gpb: Interrupted." in terminal.seen
        assert "write" not in terminal.seen
        assert "history" not in terminal.seen
        assert "Traceback" not in terminal.seen


def test_a_remaster_asks_with_the_counts_of_a_preview(sandbox: Sandbox) -> None:
    with on_terminal("remaster", ALGEBRA) as terminal:
        terminal.wait_for("Send this?")
        assert "would create" in terminal.seen
        terminal.type("n")
        assert terminal.end() == 1
        assert "Nothing was sent." in terminal.seen
    with on_terminal("remaster", ALGEBRA) as terminal:
        terminal.wait_for("Send this?")
        assert terminal.interrupt_prompt() == INTERRUPTED
        assert "Traceback" not in terminal.seen
    assert sandbox.writes() == []
