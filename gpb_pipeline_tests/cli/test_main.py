"""`gpb` as a person runs it: a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
import requests

from gpb_pipeline.cli.main import COMMANDS, gpb
from gpb_pipeline_tests.cli.command import gpb as run
from gpb_pipeline_tests.cli.command import settle_in

GPB = str(Path(sys.executable).with_name("gpb"))


def test_the_sandbox_prints_an_environment_that_works_and_ends_when_told() -> None:
    command = [GPB, "sandbox", "--canvas-port", "0", "--sis-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().strip() for _ in range(12)]
            environment = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
            answer = requests.get(
                f"{environment['CANVAS_BASE_URL']}/api/v1/courses/1001",
                headers={
                    "Authorization": f"Bearer {environment['CANVAS_API_TOKEN']}",
                    "User-Agent": "gpb tests",
                },
                timeout=60,
            )
            assert answer.json()["name"] == "Algebra I"
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(90) == 0


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [GPB, "sandbox", "--canvas-port", port, "--sis-port", "0"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_help_lists_every_command_and_imports_none_of_them() -> None:
    asked = (
        "import sys; from gpb_pipeline.cli.main import main; sys.argv = ['gpb', '--help']\n"
        "try: main()\n"
        "finally: print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert {line.split()[0] for line in lines if line.startswith("  ")} >= set(COMMANDS)
    assert {"dagster", "pandas", "duckdb", "pydantic", "requests"} & set(lines[-1].split()) == set()


def test_every_command_is_where_the_table_says_and_explains_itself() -> None:
    context = click.Context(gpb)
    for name in COMMANDS:
        command = gpb.get_command(context, name)
        assert command is not None
        assert (command.name, bool(command.help)) == (name, True)


def test_the_version_is_said() -> None:
    assert run("--version").out == "gpb, version 0.1.0\n"


def test_a_shell_completes_commands() -> None:
    environment = os.environ | {"_GPB_COMPLETE": "bash_complete", "COMP_WORDS": "gpb hi", "COMP_CWORD": "1"}
    done = subprocess.run([GPB], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "plain,history\n"


def test_a_reader_who_has_seen_enough_costs_no_traceback() -> None:
    with subprocess.Popen([GPB, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_a_misspelt_setting_is_told_whatever_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle_in(monkeypatch, tmp_path, {})
    Path(".env").write_text("SIS_DIALET=oneroster-1.2\n")
    done = run("history", "--json")
    assert done.json == []
    assert done.err == "gpb: SIS_DIALET is no setting and is ignored: did you mean SIS_DIALECT?\n"


@pytest.mark.parametrize("command", [("history",), ("history", "--json"), ("doctor",), ("sync", "1001")])
def test_a_file_of_settings_that_is_named_and_not_there_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    settle_in(monkeypatch, tmp_path, {"GPB_ENV_FILE": "/nope"})
    done = run(*command)
    assert (done.status, done.out) == (1, "")
    assert done.err == "gpb: GPB_ENV_FILE: names /nope, and no such file is there. Correct it, or unset it.\n"
    assert list(tmp_path.iterdir()) == []  # and no warehouse was made


def test_data_that_is_elsewhere_is_told_with_the_setting_and_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle_in(monkeypatch, tmp_path, {})
    assert run("history").status == 0
    monkeypatch.setenv("GPB_DATA_PATH", "elsewhere")
    done = run("history")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("gpb: GPB_DATA_PATH: is not where the catalogue has its data: that is ")
    assert f"Set GPB_DATA_PATH={tmp_path}/lake/data/" in done.err
    assert "A copy of a catalogue is first told where the copy of the data is" in done.err
    monkeypatch.setenv("GPB_DATA_PATH", f"{tmp_path}/lake/data/")
    assert run("history").status == 0


def test_settings_that_are_no_text_are_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle_in(monkeypatch, tmp_path, {})
    Path(".env").write_text("GPB_TENANT=x\n", encoding="utf-16")
    done = run("history")
    assert (done.status, done.out) == (1, "")
    assert done.err == "gpb: .env: is not UTF-8 text. Save it again as UTF-8.\n"
