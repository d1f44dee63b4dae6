"""What a command imports: nothing that it does not need, for that is most of what it takes to answer."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline_tests.cli.command import settle_in
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import algebra, put_course, put_sync

RUN = """
import sys
from gpb_pipeline.cli.main import main
try: main()
finally: print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)
"""
FRAMES = {"numpy", "pandas", "pandera"}
OTHERS = {"dagster", "jinja2", "psycopg", "requests", "sqlalchemy", "starlette", "uvicorn"}


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A warehouse that this version has made complete, with a course and a sync of it."""
    with pytest.MonkeyPatch.context() as patch:
        settle_in(patch, tmp_path_factory.mktemp("imports"), {"PYTHONPATH": str(Path(__file__).parents[2])})
        with open_warehouse() as warehouse:
            put_course(warehouse)
            put_sync(warehouse, "j1", algebra())
            warehouse.commit(choices.choose_nightly, ["1"], enabled=True, by="Ms. Frizzle", at=NOON)
        yield


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("history", "j1"),
        ("history 1 --json", '"j1"'),
        ("details j1", "student_not_on_roster"),
        ("details j1 --json", '"student_not_on_roster"'),
        ("nightly show", "Ms. Frizzle"),
    ],
)
def test_who_looks_waits_for_no_frames_and_no_server(synced: None, command: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, *command.split()],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert told in done.stdout
    assert (FRAMES | OTHERS) & set(done.stderr.splitlines()[-1].split()) == set()
