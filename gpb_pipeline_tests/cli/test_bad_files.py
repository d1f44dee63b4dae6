"""Every file that a command reads, with what is none in its place: one line, at once and in little memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.passback.categories.csv_file import COLUMNS, LONGEST_LINE, MOST_LINES
from gpb_pipeline.settings import PassbackSettings
from gpb_pipeline_tests.cli.command import gpb as here
from gpb_pipeline_tests.cli.command import settle_in

COMMAND = Path(sys.executable).with_name("gpb")
MEMORY = 3_000_000  # kB of addresses, which DuckDB's extensions and threads take much of
HEADER = ",".join(COLUMNS)


def gpb(*words: str, stdin: str = "/dev/null", **environment: str) -> "subprocess.CompletedProcess[str]":
    line = f'ulimit -v {MEMORY}; exec "$@" < {stdin}'
    return subprocess.run(
        ["/bin/sh", "-c", line, "sh", str(COMMAND), *words],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def told(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.stdout == ""
    line = done.stderr.splitlines()[-1]
    assert line.startswith(("gpb: ", "Error: "))
    assert len(line) < 500
    return line


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    os.mkfifo("pipe")
    with Path("huge").open("wb") as huge:
        huge.truncate(4 * 2**30)
    Path("binary").write_bytes(bytes(range(256)) * 10)
    Path("endless").symlink_to("/dev/zero")
    Path("loop").symlink_to("loop")


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("folder", "is a directory"),
        ("pipe", "no ordinary file"),
        ("huge", "larger than 64 MB"),
        ("binary", "not UTF-8"),
        ("endless", "no ordinary file"),
        ("loop", "does not exist"),
        ("none", "does not exist"),
    ],
)
def test_a_csv_file_that_is_none(file: str, why: str) -> None:
    done = gpb("categories", "import", "--by=me", file)
    assert done.returncode == 2
    assert file in told(done)
    assert why in told(done)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{HEADER}\n{'x' * (LONGEST_LINE + 1)}\n", "line 2 of the CSV file: is far too long"),
        pytest.param(
            f"{HEADER}\n" + "1,,2,,3,,,,,,,,,,\n" * MOST_LINES,
            f"line {MOST_LINES + 1} of the CSV file: is one",
            marks=pytest.mark.long,
        ),
        (f'{HEADER}\n"' + "x\n" * 200_000, "is not CSV"),
        ("," * 60_000_000, "line 1 of the CSV file: is far too long"),
        ("\0" * 1_000, "has no column course id"),
    ],
    ids=["line", "lines", "cell", "columns", "nul"],
)
def test_a_csv_file_of_a_shape_that_none_has(text: str, why: str) -> None:
    Path("file.csv").write_text(text)
    done = gpb("categories", "import", "--by=me", "file.csv")
    assert done.returncode == 2
    assert why in told(done)


@pytest.mark.parametrize("file", ["folder", "pipe", "huge", "binary", "endless"])
@pytest.mark.parametrize("placed", ["named", pytest.param("found", marks=pytest.mark.long)])
def test_a_settings_file_that_is_none(file: str, placed: str) -> None:
    """Named by GPB_ENV_FILE, and in .env's place."""
    if placed == "found":
        Path(".env").symlink_to(file)
    done = gpb("history", **({"GPB_ENV_FILE": file} if placed == "named" else {}))
    assert done.returncode == 1
    assert told(done).startswith(f"gpb: {'.env' if placed == 'found' else file}: ")
    assert not Path(".gpb").exists()


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        ("history", "GPB_ENV_FILE", "x" * 300),
        ("history", "GPB_DATA_PATH", "x" * 300),
        ("history", "GPB_DATA_PATH", "loop"),
        ("history", "GPB_CATALOG", f"sqlite:{'x' * 300}"),
        ("history", "GPB_CATALOG", "sqlite:loop"),
        ("lti keys", "GPB_LTI_KEYS", "x" * 300),
    ],
)
def test_a_path_that_none_can_be_names_its_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, name: str, value: str
) -> None:
    settle_in(monkeypatch, tmp_path, {name: value})
    done = here(*command.split())
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith(f"gpb: {name}: ")


def test_a_pipe_is_refused_by_whatever_reads_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Dagster's processes do, which begin without our command; the pipe's reader would wait for ever."""
    monkeypatch.setenv("GPB_ENV_FILE", "pipe")
    with pytest.raises(SettingsError, match="pipe: is no ordinary file"):
        PassbackSettings.load()


@pytest.mark.parametrize("file", ["folder", "pipe", "huge", "binary", "endless"])
def test_a_file_of_keys_that_is_none(file: str) -> None:
    done = gpb("lti", "keys", "--rotate", GPB_LTI_KEYS=file)
    assert done.returncode == 1
    assert told(done).startswith("gpb: GPB_LTI_KEYS: ")


@pytest.mark.parametrize("command", ["forget", pytest.param("remember", marks=pytest.mark.long)])
@pytest.mark.parametrize("stdin", ["endless", "huge", "binary", "none"])
def test_a_students_id_from_what_gives_none(command: str, stdin: str) -> None:
    Path("none").touch()
    done = gpb(command, "--student=-", stdin=stdin)
    assert done.returncode == 2
    assert told(done).startswith("gpb: --student: what standard input gave ")
    assert not Path(".gpb").exists()


def test_a_line_of_the_settings_that_says_nothing_is_told_once() -> None:
    lines = [
        b"\xef\xbb\xbf# ours",
        b"GPB_TENANT=a",
        b"GPB_TENANT=b",
        b"what is this",
        b"GPB_TIMEZONE=UTC",
        b"",
    ]
    Path("odd").write_bytes(b"\r\n".join(lines))
    done = gpb("history", GPB_ENV_FILE="odd")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "gpb: GPB_TENANT is set twice in odd, in lines 2 and 3: the last holds.",
        "gpb: line 4 of odd is no NAME=VALUE and is ignored.",
    ]
