"""What is chosen in Sync SIS Categories is what the next sync goes by: its line items, and no others."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.stream import CourseSynced, sync_courses
from gpb_pipeline.sync import SyncRequest, open_connections
from gpb_pipeline_tests.cli.command import gpb, settle_in

HISTORY = "1004"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(today=date(2026, 11, 24)) as running:
        settle_in(monkeypatch, tmp_path, running.environment)
        yield running


def sync(job_id: str) -> None:
    request = SyncRequest(job_id=job_id, course_id=HISTORY, posted_by="a test")
    with open_connections() as connections:
        ends = list(sync_courses(connections, [request]))
    assert isinstance(ends[-1], CourseSynced)


def choose(group_name: str, sis_section_id: str, *choice: str) -> None:
    groups = gpb("categories", "show", HISTORY, "--json").json["groups"]
    [group] = [each for each in groups if each["group_name"] == group_name]
    [section] = [each for each in group["sections"] if each["sis_section_id"] == sis_section_id]
    where = ("--group", group["group_id"], "--section", section["section_id"])
    assert gpb("categories", "set", HISTORY, *where, *choice, "--by", "A. Admin").status == 0


def line_items(sandbox: Sandbox) -> dict[tuple[str, str], str]:
    """The category of each, by class and title."""
    held = sandbox.state()["line_items"]
    return {(each["class_id"], each["title"]): each["category_id"] for each in held}


def test_a_change_of_mapping_sends_exactly_its_sections_line_items_again(sandbox: Sandbox) -> None:
    sync("first")
    before = line_items(sandbox)
    assert before["HIST9-1", "Constitution Test"] == "CAT-TEST"
    assert ("HIST9-1", "Socratic Seminar") not in before  # Participation matches no category

    choose("Tests", "HIST9-1", "--category", "CAT-QUIZ")
    choose("Participation", "HIST9-1", "--category", "CAT-PARTICIPATION")
    choose("Essays", "HIST9C-1", "--unassociated")
    writes = len(sandbox.writes())
    sync("second")
    changed = {
        ("HIST9-1", "Constitution Test"): "CAT-QUIZ",
        ("HIST9-1", "Socratic Seminar"): "CAT-PARTICIPATION",
    }
    assert line_items(sandbox) == before | changed
    written = [each for each in sandbox.writes()[writes:] if each["object"] == "lineItem"]
    assert len(written) == len(changed)

    writes = len(sandbox.writes())
    sync("third")
    assert len(sandbox.writes()) == writes
