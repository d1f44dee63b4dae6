"""`gpb sandbox`: the SIS is as it was asked to be; files of the sandbox that a folder keeps, damaged."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from gpb_pipeline.sandbox import kept
from gpb_pipeline_tests.cli.command import gpb

COMMAND = [str(Path(sys.executable).with_name("gpb")), "sandbox", "--canvas-port", "0", "--sis-port", "0"]
DAMAGED = (
    "is not what the sandbox keeps there. "
    "End the sandbox with `gpb sandbox stop`; the next command begins another."
)


def test_temperaments_are_given_by_name() -> None:
    asked = ["--temperament", "decimals=1", "--temperament", "keeps_old"]
    with subprocess.Popen([*COMMAND, *asked], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            [url] = [word for word in process.stdout.readline().split() if word.endswith(";")]
            answer = requests.get(f"{url[:-1]}/sandbox/temperaments", timeout=60)
            assert answer.json() == {"decimals": 1, "keeps_old": "all"}
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(90) == 0


def test_one_that_there_is_not_is_refused_by_name() -> None:
    done = subprocess.run(
        [*COMMAND, "--temperament", "decimals=3"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "expected 0, 1 or 2" in done.stderr


@pytest.mark.parametrize(
    ("district", "told"),
    [
        ("nonsense", "is none that there is"),
        ("courses=x,seed=1", "no number from 0 to 20,000 as courses"),
        ("courses=1", "has no seed"),
        ("courses=1,seed=", "as seed"),
        ("courses=1,seed=1,students=-1", "as students"),
        ("courses=1,seed=1,sections=0", "no number from 1 to 100 as sections"),
        ("courses=\N{SUPERSCRIPT TWO},seed=1", "as courses"),
        ("courses=1,courses=2,seed=1", "has courses twice"),
        ("courses=1,seed=1,pupils=3", "'pupils=3', and what may be given is courses, seed"),
        ("courses=1,seed=1,", "has ''"),
        ("courses=99999999999999999999,seed=1", "as courses"),
        ("courses=20000,seed=1,sections=100", "more than 50,000 sections"),
        ("courses=20000,seed=1,students=1000", "more than 1,000,000 seats"),
        ("no_such_module:f", "ModuleNotFoundError"),
        ("os:getcwd", "TypeError"),
        ("datetime:date.today", "AttributeError"),
        ("builtins:str", "makes no district"),
        ("..:x", "TypeError"),
    ],
)
def test_a_district_that_there_is_not_is_one_line(district: str, told: str) -> None:
    done = gpb("sandbox", "--canvas-port=0", "--sis-port=0", f"--district={district}")
    assert (done.status, done.out) == (2, "")
    [line] = done.err.splitlines()
    assert line.startswith("gpb: --district: ")
    assert told in line
    assert "Give `school`" in line


@pytest.mark.parametrize(
    "option", ["--canvas-port=70000", "--sis-port=-1", "--writes=/proc/none", "--writes=/dev/null/x"]
)
def test_a_port_or_folder_that_cannot_be_is_named(option: str) -> None:
    done = gpb("sandbox", "--canvas-port=0", "--sis-port=0", option)
    assert (done.status, done.out) == (2, "")
    assert option.partition("=")[0] in done.err.splitlines()[-1]


def test_a_damaged_file_of_the_kept_sandbox_is_one_line_and_it_ends_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.run([COMMAND[0], "--sandbox", "nightly", "show"], capture_output=True, check=True)
    sandbox = kept.running()
    assert sandbox is not None
    whole, keeper = kept.SERVERS.read_text(), kept.ALIVE.read_text()
    named = whole.replace('"SIS_DIALECT"', '"PATH"'), whole.replace('"sandbox"', '"sand\\u0000box"')
    damages = (
        "",
        "{",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        whole + " " * kept.MOST,
        whole.replace('": "', '": 7, "'),
    )
    for damage in (*damages, whole.replace("canvas_url", "elsewhere"), *named):
        kept.SERVERS.write_text(damage)
        assert told("sandbox", "log") == f"gpb: {kept.SERVERS.absolute()}: {DAMAGED}"
    assert told("--sandbox", "history") == f"gpb: {kept.SERVERS.absolute()}: {DAMAGED}"
    kept.SERVERS.unlink()
    kept.SERVERS.mkdir()
    assert told("sandbox", "log") == f"gpb: {kept.SERVERS.absolute()}: {DAMAGED}"
    kept.SERVERS.rmdir()
    kept.SERVERS.write_text(
        whole.replace(sandbox.canvas_url, "http://127.0.0.1:9").replace(sandbox.sis_url, "no")
    )
    for line in (["sandbox", "log"], ["sandbox", "grade", "1", "1", "1", "1"]):
        assert told(*line).startswith(
            "gpb: sandbox: its servers do not answer. End it with `gpb sandbox stop`"
        )
    for damage in ("", "x", "9" * 400):
        kept.ALIVE.write_text(damage)
        assert told("sandbox", "stop").startswith(
            f"gpb: {kept.ALIVE.absolute()}: is not what the sandbox keeps"
        )
    kept.ALIVE.write_text(keeper)
    kept.SERVERS.write_text("")
    assert gpb("sandbox", "stop").out == "The sandbox has ended.\n"


@pytest.mark.parametrize("place", [kept.IN_USE.parent, kept.FOLDER, kept.IN_USE])
def test_what_stands_where_the_sandbox_would_be_is_one_line(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place.parent.mkdir(exist_ok=True)
    (Path.mkdir if place == kept.IN_USE else Path.touch)(place)
    assert told("demo").startswith(f"gpb: {tmp_path / kept.IN_USE.parent}")
    assert gpb("sandbox", "stop").status == 0


def told(*line: str) -> str:
    done = gpb(*line)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    return done.err.strip()
