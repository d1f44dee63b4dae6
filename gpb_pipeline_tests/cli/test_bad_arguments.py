"""Every argument and option of every command, as click names them, with what cannot be meant.

Whatever is refused ends in one line that says why, with a status, and no traceback; nothing is written.
"""

import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import click
import pytest

from gpb_pipeline.cli.main import gpb as root
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.cli.command import Done, gpb, settle_in

NO_TEXT = ("", " ", "\0", "a\nb", "\x1b[2J", "\udcff", "x" * 5_000)
NOBODYS = ("\U0001f600", "' OR 1=1 --", "-1", "9" * 400, "nan", "sis_course_id:", "sis_course_id:a?b=c&d")
SERVES = {("demo",), ("dev",), ("init",), ("web",)}
"""Commands that ask or serve, and so do not end by themselves; what they are told is refused before."""

NAMES = {"by", "posted_by"}
"""Whose any text may be."""


def commands(
    command: click.Command = root, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*path, name))
    else:
        yield path, command


PARAMETERS = [
    (path, command, parameter)
    for path, command in commands()
    for parameter in command.params
    if not (isinstance(parameter, click.Option) and parameter.is_flag)
]


def given(path: tuple[str, ...], command: click.Command, wrong: click.Parameter, value: str) -> list[str]:
    """The command line with all that is required, and one value that is wrong."""
    options, places = [], []
    for each in command.params:
        known = "1090" if str(each.name).startswith("course") else "7"
        said = value if each is wrong else known
        if isinstance(each, click.Argument) and (each.required or each is wrong):
            places.append(said)
        elif isinstance(each, click.Option) and (each is wrong or each.required):
            options.append(
                f"{max(each.opts, key=len)}={said}" if max(each.opts, key=len)[:2] == "--" else said
            )
    return [*path, *options, "--", *places]


def assert_told(done: Done, line: list[str]) -> None:
    assert done.status in (1, 2), line
    told = done.err.splitlines()
    assert told, line
    assert told[-1].startswith(("gpb: ", "Error: ")), line
    assert "Traceback" not in done.err
    assert len(told[-1]) < 1_000, line
    assert all(letter.isprintable() for letter in told[-1]), line


@pytest.fixture(scope="module")
def school() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(autouse=True)
def _settled(school: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_in(monkeypatch, tmp_path, school.environment)


def test_no_text_that_cannot_be_meant_gets_to_a_command(tmp_path: Path) -> None:
    for path, command, parameter in PARAMETERS:
        for value in NO_TEXT:
            line = given(path, command, parameter, value)
            done = gpb(*line)
            assert_told(done, line)
            assert done.status == 2
    assert list(tmp_path.iterdir()) == []  # and no warehouse was made
    assert len(PARAMETERS) > 40


def test_what_nobody_has_is_told_in_one_line(tmp_path: Path) -> None:
    """Each parameter meets one such value, and all of them are met."""
    values, refused = cycle(NOBODYS), 0
    for path, command, parameter in PARAMETERS:
        if path in SERVES or parameter.name in NAMES:
            continue
        line = given(path, command, parameter, next(values))
        done = gpb(*line)
        assert "Traceback" not in done.err
        if done.status:
            refused += 1
            assert_told(done, line)
    assert refused > 20


def test_bytes_that_are_no_text_are_told_by_a_real_process() -> None:
    command = str(Path(sys.executable).with_name("gpb"))
    done = subprocess.run([command, "history", b"\xff"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert (
        done.stderr == b"gpb: what follows history: is not UTF-8 text. Correct it; --help tells what it is.\n"
    )


@pytest.mark.parametrize("command", ["export", "import"])
def test_a_file_that_is_none_is_one_line(command: str) -> None:
    Path("folder").mkdir()
    by = ["--by=me"] if command == "import" else []
    for file in ("folder", "nowhere/file.csv", "n" * 300):
        line = ["categories", command, *by, file]
        assert_told(gpb(*line), line)
