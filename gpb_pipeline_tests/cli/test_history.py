"""`gpb history`, `details`, `trace` and `web`: for people, for programs, and what a wrong word brings."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from gpb_pipeline.lti import keys
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, history, tables
from gpb_pipeline.warehouse.history import Begun
from gpb_pipeline_tests.cli.command import gpb, settle_in
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import algebra, outcome, put_course, put_sync
from gpb_pipeline_tests.web import canvas_user
from gpb_pipeline_tests.web.canvas_user import CanvasUser


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with two courses' syncs and a job whose process died."""
    folder = tmp_path_factory.mktemp("lake")
    settings = WarehouseSettings(
        catalog=f"sqlite:{folder / 'lake' / 'catalog.sqlite'}", data_path=str(folder / "lake" / "data")
    )
    with ducklake.connect(settings, tables.create) as warehouse:
        put_course(warehouse)
        put_sync(warehouse, "j1", algebra())
        put_sync(warehouse, "j2", outcome(), course_id="2", at=NOON + timedelta(hours=1), status="Completed")
        at = NOON - timedelta(hours=1)
        dead = Begun(job_id="dead", course_id="3", type="manual", posted_by="Ms. [b]Frizzle", at=at)
        warehouse.commit(history.begin, [dead])
    return folder


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch, lake: Path) -> None:
    settle_in(monkeypatch, lake, {"GPB_TIMEZONE": "America/New_York"})


def test_the_history_is_newest_first_and_shows_a_dead_job_as_failed() -> None:
    every = gpb("history", "--json").json
    assert [(job["job_id"], job["status"]) for job in every] == [
        ("j2", "Completed"),
        ("j1", "Completed (with errors)"),
        ("dead", "Failed"),
    ]
    assert [job["job_id"] for job in gpb("history", "1", "--json").json] == ["j1"]
    assert every[1]["time_started"] == "2026-03-02T12:00:00-05:00"
    assert gpb("history", "--json", "--limit", "2").json == every[:2]


def test_a_history_that_was_cut_says_so() -> None:
    assert "The newest 2: there may be more (--limit)." in gpb("history", "--limit", "2").out
    assert "The newest" not in gpb("history").out


def test_the_history_as_a_table_takes_names_as_they_are() -> None:
    shown = gpb("history").out
    assert "Ms. [b]Frizzle" in shown
    assert "3/4 (75 %)" in shown
    assert "2026-03-02 12:00" in shown


def test_details_are_for_programs_and_for_people() -> None:
    read = gpb("details", "j1", "--json").json
    assert list(read) == ["job", "filtered", "assignments", "grades", "issues"]
    shown = gpb("details", "j1").out
    assert "assignment_refused" in shown
    assert "invaliddata: no such category" in shown
    assert "invaliddata: no such category" in {each["sis_error"] for each in read["assignments"]}
    assert "Ada" not in shown


def test_the_logs_are_written_as_csv_beside_either_answer(tmp_path: Path) -> None:
    done = gpb("details", "j1", "--json", "--csv-dir", str(tmp_path / "logs"))
    assert len(done.json["grades"]) == 8
    text = (tmp_path / "logs" / "grades.csv").read_text(encoding="utf-8")
    grades = list(csv.DictReader(text.splitlines()))
    assert len(grades) == 8
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == [
        "assignments.csv",
        "grades.csv",
        "issues.csv",
    ]


def test_a_trace_tells_what_was_sent_by_whom_and_why() -> None:
    read = gpb("trace", "1", "--student", "u1", "--assignment", "a1", "--json").json
    assert [(sent["submitted_grade"], sent["posted_by"]) for sent in read["sent"]] == [(9.5, "Ms. Frizzle")]
    shown = gpb("trace", "1", "--student", "u1", "--assignment", "a1").out
    assert "Ada Lovelace" in shown
    assert "score 9.5" in shown
    assert f"Who graded in Canvas is not known. {read['graded_in_canvas']['unread']}" in shown


@pytest.mark.parametrize(
    ("named", "who"), [("grace", "grace (gpb)"), ("", "uid 54321 (gpb)"), ("\udcff", "uid 54321 (gpb)")]
)
def test_who_traced_on_the_command_line_is_on_record_and_no_student_in_it(
    lake: Path, monkeypatch: pytest.MonkeyPatch, named: str, who: str
) -> None:
    for each in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(each, named)
    monkeypatch.setattr(os, "getuid", lambda: 54321)  # as in a container, where nobody has that number
    gpb("trace", "1", "--student", "u1", "--assignment", "a1")
    *_, line = next((lake / "lake" / "catalog.sqlite.looks").glob("*.jsonl")).read_text().splitlines()
    look = json.loads(line)
    assert (look["who"], look["page"], look["course_id"]) == (who, "trace", "1")
    assert "u1" not in line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("details", "nothing"), "nothing"),
        (("details", "nothing", "--json"), "nothing"),
        (("trace", "1", "--student", "u1", "--assignment", "a"), "course 1: nothing was ever sent for that"),
        (("trace", "99999", "--student", "u1", "--assignment", "a1"), "course 99999: was never synced"),
    ],
)
def test_what_is_not_there_is_one_clear_line(arguments: tuple[str, ...], told: str) -> None:
    done = gpb(*arguments)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert told in done.err


@contextmanager
def web(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [str(Path(sys.executable).with_name("gpb")), "web", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(90)


def test_the_pages_are_served_and_nothing_is_written_about_who_asked_for_whom() -> None:
    with web("--port", "0") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().split()[-1]
        asked = {"student": "u1", "assignment": "a1"}
        assert "Ada Lovelace" in requests.post(f"{url}courses/1/trace", data=asked, timeout=60).text
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() + process.stderr.read() == ""
        assert process.wait(90) == 0


def test_nothing_of_a_launch_is_written(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    keys.save(tmp_path / "keys.json", keys.made())
    settings = running.environment | running.install_tool(f"http://localhost:{port}")
    for name, value in (settings | {"GPB_LTI_KEYS": str(tmp_path / "keys.json")}).items():
        monkeypatch.setenv(name, value)
    with web("--port", str(port)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert f":{port}/" in process.stdout.readline()
        teacher = CanvasUser(running, canvas_user.TEACHER)
        returned = teacher.comes_back(teacher.begins())
        assert [teacher.lands(returned).status_code for _ in range(2)] == [200, 401]
        process.send_signal(signal.SIGINT)
        printed = process.stdout.read() + process.stderr.read()
    assert [name for name, value in returned.fields.items() if value in printed] == []
    assert printed == ""


def test_pages_that_others_could_reach_unasked_are_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPB_WEB_HOST", "0.0.0.0")  # noqa: S104  what is refused
    done = gpb("web", "--port", "0")
    assert done.status == 1
    assert "GPB_WEB_SECRET" in done.err
