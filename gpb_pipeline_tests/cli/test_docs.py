"""Every command in the README and the documents is run as it stands there, or listed here with the reason.

Words in capitals stand for something of the sandbox. What a document shows in prose is not looked at; what it
shows in a block to be typed is. Links, index, and what the runbook has: test_documents.py.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from gpb_pipeline.sandbox import kept
from gpb_pipeline.settings import known_names
from gpb_pipeline_tests.cli.terminal import GPB

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"^```\w*\n(.*?)^```|((?:^    .*\n)+)", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(\S+=\S+ )?(\.venv/bin/)?(gpb|make|dagster\S*) ")

MEANT = {
    "COURSE": "1005",
    "COURSE…": "1005",
    "[COURSE]": "1005",
    "[COURSE…]": "1005",
    "--student ID": "--student 2001",
    "--assignment ID": "--assignment 10010024",
    "WHO": "tests",
    "--term TERM": "--term 31",
    "--account ACCOUNT": "--account 13",
}
NOT_RUN = {
    "make demo": "gpb demo is what it runs: test_first_hour.py; its set-up made this environment",
    "make test": "it would run itself",
    "make check": "it is run beside the tests, by .ci/run",
    "make bench": "it takes minutes",
    "make nights": "likewise: what of it is short runs in sync/test_fortnight.py",
    "make docs": "it is run beside the tests, by .ci/run",
    "make soak MINUTES=30": "it takes half an hour",
    'make district COURSES="500 5000" SENT=500 NIGHTS=30': "hours: district/test_filled.py fills a small one",
    "make simulate": "it takes minutes: simulation/test_simulation.py has a slice",
    "make simulate SEED=7 CASES=500": "likewise",
    "make simulate SEED=7 CASES=250 COURSE=250": "likewise",
    "make engine": "it takes hours: engine/test_engine.py has a slice",
    "make engine SEED=7 SEEDS=1": "likewise",
    "make engine SEEDS=100000 MINUTES=60": "likewise",
    'make engine PLANT="the course is not locked"': "likewise",
    "make plants": "it takes minutes: engine/test_engine.py plants one",
    "make faults": "it takes minutes: simulation/test_simulation.py plants each",
    ".venv/bin/gpb init": "asks on a terminal: test_init.py",
    ".venv/bin/gpb --sandbox dev": "runs until Ctrl-C: orchestration/test_dagster_ui.py has both servers",
    ".venv/bin/gpb web": "runs until Ctrl-C: test_history.py",
    ".venv/bin/gpb health": "status 1 where no daemon runs: orchestration/test_health.py",
    ".venv/bin/gpb health --serve": "runs until Ctrl-C: orchestration/test_health.py",
    ".venv/bin/gpb remaster COURSE…": "asks on a terminal: test_interrupt.py",
    ".venv/bin/gpb sis another": "is refused where nothing has changed: sync/test_which_sis.py",
    ".venv/bin/gpb forget --student -": "asks standard input: sync/test_forget.py",
    ".venv/bin/gpb sandbox stop": "ends what the others are run on: test_first_hour.py",
    ".venv/bin/dagster-webserver -h 127.0.0.1 -p 3000 -w workspace.yaml": "orchestration/test_dagster_ui.py",
    ".venv/bin/dagster-daemon run -w workspace.yaml": "runs for ever: daemon_nights.py",
}


def commands(pages: Iterable[Path]) -> Iterator[str]:
    """Every line of a block that begins with a command of ours, without its comment, once."""
    found: dict[str, None] = {}
    for page in pages:
        for fenced, indented in BLOCK.findall(page.read_text("utf-8")):
            for line in (fenced or indented).splitlines():
                typed = re.sub(r"\s+#.*", "", line).strip()
                if COMMAND.match(f"{typed} "):
                    found[typed] = None
    return iter(found)


COMMANDS = list(commands(PAGES))
OF_A_NEWCOMER = set(commands([ROOT / "README.md"]))  # those of the other pages are run by make nights


CITATIONS = {
    "decisions": r"(?:\bdocs|decisions\.md),? §(\d+(?:\.\d+)*)",
    "canvas": r"canvas\.md,? §(\d+)",
    "oneroster": r"oneroster\.md,? §(\d+)",
    "dagster": r"dagster\.md,? (Q\d+)",
}


@pytest.mark.parametrize("page", CITATIONS)
def test_each_section_that_the_code_cites_is_there(page: str) -> None:
    sections = set(re.findall(r'<a id="([^"]+)">', (ROOT / "docs" / f"{page}.md").read_text("utf-8")))
    for folder in ("gpb_pipeline", "gpb_pipeline_tests"):
        for path in (ROOT / folder).rglob("*.py"):
            assert set(re.findall(CITATIONS[page], path.read_text("utf-8"))) <= sections, path


def test_each_test_that_the_documents_name_exists() -> None:
    for page in (
        each for each in PAGES if each.stem not in {"wires", "architecture"}
    ):  # have tests of their own
        for file, name in re.findall(r"`([\w/]+\.py)::(\w+)`", page.read_text("utf-8")):
            tests = (ROOT / "gpb_pipeline_tests" / file).read_text("utf-8")
            assert re.search(rf"^def {name}\(", tests, re.MULTILINE), f"{page.name}: {file}::{name}"


def test_what_is_not_run_is_still_in_the_documents() -> None:
    assert set(NOT_RUN) <= set(COMMANDS)
    assert len(COMMANDS) > 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clone's folder with a sandbox in which the demo's two courses were synced."""
    made = tmp_path_factory.mktemp("clone")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        for name in known_names():
            patch.delenv(name, raising=False)
        Path(".venv/bin").mkdir(parents=True)
        Path(".config/fish/completions").mkdir(parents=True)
        Path(".venv/bin/gpb").symlink_to(GPB)
        Path("Makefile").symlink_to(ROOT / "Makefile")
        subprocess.run([GPB, "--sandbox", "sync", "1001", "1005"], check=False, capture_output=True)
        yield made
        kept.stop()


@pytest.mark.parametrize(
    "command",
    [
        each if each in OF_A_NEWCOMER else pytest.param(each, marks=pytest.mark.long)
        for each in COMMANDS
        if each not in NOT_RUN
    ],
)
def test_a_command_does_what_the_documents_say(folder: Path, command: str) -> None:
    typed = command
    for word, meant in sorted(MEANT.items(), key=lambda each: -len(each[0])):
        typed = typed.replace(word, meant)
    if "JOB" in typed:
        listed = subprocess.run([GPB, "--sandbox", "history", "--json"], capture_output=True, check=True)
        typed = typed.replace("JOB", json.loads(listed.stdout)[0]["job_id"])
    if " trace " in typed:
        typed = typed.replace(" 1005 ", " 1001 ")
    if " categories import " in typed:
        export = [GPB, "--sandbox", "categories", "export", "categories.csv", "1004"]
        subprocess.run(export, check=True, capture_output=True)
    environment = os.environ | {
        "GPB_ENV_FILE": str(kept.ENVIRONMENT.absolute()),
        "HOME": str(folder),
        "PATH": f"{folder}/.venv/bin:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["/bin/bash", "-c", typed], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode in {0, 3}, f"{typed}\n{done.stderr}"
