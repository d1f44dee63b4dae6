"""Commands whose standard streams are closed, full, or read no more.

Each command that there is, in this process with the descriptor changed; and some as a shell starts them.
"""

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from itertools import cycle
from pathlib import Path

import click
import pytest

from gpb_pipeline.cli.main import main
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.cli.command import settle_in
from gpb_pipeline_tests.cli.test_bad_arguments import commands

COMMAND = Path(sys.executable).with_name("gpb")
LOST = {
    shape: f"gpb: standard output: cannot be written ({os.strerror(fault)}). "
    "What it says may be cut short: make room, or write it elsewhere.\n"
    for shape, fault in (("closed", errno.EBADF), ("full", errno.ENOSPC))
} | {"unread": ""}
SERVE = {("demo",), ("dev",)}
"""Commands that begin servers before they say anything; it is said as all commands say it."""
KNOWN = {"course": "1001", "student": "2002", "assignment": "10010024", "score": "9", "file": "out.csv"}
GIVEN = {
    ("categories", "set"): ["--unassociated"],
    ("forget",): ["--before=2020-01-01"],
    ("nightly", "enable"): ["1001"],
    ("remaster",): ["--yes"],
    ("retract",): ["--yes", "--all"],
    ("reconcile",): ["1001"],
    ("web",): ["--port=0"],
}
"""What a command needs, besides what the parser says, to come so far as to say something."""


def line_of(path: tuple[str, ...], command: click.Command) -> list[str]:
    line = [*path]
    for each in command.params:
        value = next((value for known, value in KNOWN.items() if str(each.name).startswith(known)), "7")
        if each.required:
            line.append(f"{each.opts[0]}={value}" if isinstance(each, click.Option) else value)
    return line + GIVEN.get(path, [])


LINES = [line_of(path, command) for path, command in commands() if path not in SERVE]


@contextmanager
def stream(number: int, shape: str) -> Iterator[None]:
    """Have a standard stream closed, full, or a pipe that nobody reads any more, as a process begins."""
    kept, nowhere = os.dup(number), os.open(os.devnull, os.O_WRONLY)
    name = "stdout" if number == 1 else "stderr"
    if shape == "closed":
        os.close(number)
    else:
        reads, writes = os.pipe()
        os.close(reads)
        given = os.open("/dev/full", os.O_WRONLY) if shape == "full" else os.dup(writes)
        os.dup2(given, number)
        os.close(writes)
        os.close(given)
    with pytest.MonkeyPatch.context() as patch:
        opened = None if shape == "closed" else os.fdopen(number, "w", closefd=False)
        patch.setattr(sys, name, opened)
        patch.setattr(sys, f"__{name}__", opened)
        yield
        getattr(sys, name).flush()  # as Python does at its end: what was left there would make the status 120
        os.dup2(nowhere, number)
        getattr(sys, name).close()
    os.dup2(kept, number)
    os.close(nowhere)
    os.close(kept)


def ended(*line: str) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["gpb", *line])
        with pytest.raises(SystemExit) as end:
            main()
    return end.value.code


def shell(line: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", "-c", f"{COMMAND} {line}"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(autouse=True)
def _settled(running: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_in(monkeypatch, tmp_path, running.environment | {"GPB_LTI_KEYS": str(tmp_path / "keys.json")})


@pytest.mark.long
def test_output_that_is_lost_ends_each_command_with_a_line_and_where_nobody_reads_it_quietly() -> None:
    """Each command meets one of the three; few of them are refused before they would say anything."""
    shapes, met = cycle(LOST), 0
    for line in LINES:
        shape, told = next(shapes), io.StringIO()
        with redirect_stderr(told), stream(1, shape):
            status = ended(*line)
        said = told.getvalue()
        assert status in (1, 2), (line, shape)
        assert "Traceback" not in said
        met += status == 1 and said.endswith(LOST[shape])
    assert len(LINES) - met < 10


@pytest.mark.parametrize("shape", LOST)
def test_where_progress_cannot_be_told_the_work_goes_on(shape: str) -> None:
    out = io.StringIO()
    with redirect_stdout(out), stream(2, shape):
        assert ended("preview", "--json", "1001") == 0
    assert json.loads(out.getvalue())["job"]["course_id"] == "1001"


@pytest.mark.parametrize(
    ("line", "status", "told"),
    [
        ("--help >/dev/full", 1, LOST["full"]),
        ("lti config <&- >&-", 1, LOST["closed"]),
        ("lti config >&- 2>&-", 1, ""),
        ("forget --student - <&-", 2, "gpb: --student: what standard input gave is empty. "),
        ("remember --student - 0>written", 2, "gpb: --student: what standard input gave is empty. "),
        ("init <&-", 2, "gpb: gpb init: it asks questions, and there is nobody to answer. "),
        ("remaster 1 <&-", 2, "gpb: gpb remaster: it sends everything again, and there is nobody to ask. "),
    ],
)
def test_a_stream_that_is_closed_or_full_is_one_line(
    line: str, status: int, told: str, tmp_path: Path
) -> None:
    done = shell(line, tmp_path)
    assert done.returncode == status
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == bool(told)


def test_a_letter_that_the_output_lacks_is_its_code(tmp_path: Path) -> None:
    done = shell("sync --help", tmp_path, PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "COURSE\\u2026\n" in done.stdout
