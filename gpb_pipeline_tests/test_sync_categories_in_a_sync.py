"""What is chosen in Sync SIS Categories is what the next sync goes by: its line items, and no others."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gpb_pipeline.events import CourseSynced
from gpb_pipeline.passback.categories.edits import Edit
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import Connections, SyncRequest, open_connections
from gpb_pipeline.sync_categories import CategorySync
from gpb_pipeline_tests.cli.command import settle_in

HISTORY = "1004"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(today=date(2026, 11, 24)) as running:
        settle_in(monkeypatch, tmp_path, running.environment)
        yield running


def sync(connections: Connections, job_id: str) -> None:
    request = SyncRequest(job_id=job_id, course_id=HISTORY, posted_by="a test")
    [*_, end] = sync_courses(connections, [request])
    assert isinstance(end, CourseSynced)


def choose(connections: Connections, *chosen: tuple[str, str, str | None]) -> None:
    """Save a choice each of group name, SIS section id and category id."""
    categories = CategorySync(connections.canvas, connections.sis, connections.warehouse)
    listed = categories.course(HISTORY)
    group_ids = {each.group_name: each.group_id for each in listed.groups}
    section_ids = {each.sis_section_id: each.section_id for each in listed.sections}
    edits = [
        Edit(group_id=group_ids[group], section_id=section_ids[section], category_id=category_id)
        for group, section, category_id in chosen
    ]
    categories.save([categories.pending(HISTORY, edits)], by="A. Admin")


def line_items(sandbox: Sandbox) -> dict[tuple[str, str], str]:
    """The category of each, by class and title."""
    held = sandbox.state()["line_items"]
    return {(each["class_id"], each["title"]): each["category_id"] for each in held}


def test_a_change_of_mapping_sends_exactly_its_sections_line_items_again(sandbox: Sandbox) -> None:
    with open_connections() as connections:
        sync(connections, "first")
        before, writes = line_items(sandbox), len(sandbox.writes())
        assert before["HIST9-1", "Constitution Test"] == "CAT-TEST"
        assert ("HIST9-1", "Socratic Seminar") not in before  # Participation matches no category

        choose(
            connections,
            ("Tests", "HIST9-1", "CAT-QUIZ"),
            ("Participation", "HIST9-1", "CAT-PARTICIPATION"),
            ("Essays", "HIST9C-1", None),
        )
        sync(connections, "second")
        changed = {
            ("HIST9-1", "Constitution Test"): "CAT-QUIZ",
            ("HIST9-1", "Socratic Seminar"): "CAT-PARTICIPATION",
        }
        assert line_items(sandbox) == before | changed
        written = [each for each in sandbox.writes()[writes:] if each["object"] == "lineItem"]
        assert len(written) == len(changed)

        writes = len(sandbox.writes())
        sync(connections, "third")
        assert len(sandbox.writes()) == writes
