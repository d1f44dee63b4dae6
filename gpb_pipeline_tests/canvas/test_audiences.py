"""Whom an assignment is for, and when it is due for them, where that is not said on the assignment itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.passback.course import CanvasRead
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.canvas.script import Script
from gpb_pipeline_tests.canvas.small_course import ASSIGNMENT, read_of
from gpb_pipeline_tests.canvas.test_extracts import client_of

HEALTH = "1007"


@pytest.fixture
def health(sandbox: Sandbox) -> Iterator[CanvasRead]:
    with client_of(sandbox) as client:
        yield read_course(client, HEALTH)


def assignment(read: CanvasRead, name: str) -> Any:
    [(_, row)] = read.assignments[read.assignments["assignment_name"] == name].iterrows()
    return row


def overrides(read: CanvasRead, name: str) -> Any:
    return read.overrides[read.overrides["assignment_id"] == assignment(read, name)["assignment_id"]]


def rows(read: CanvasRead, name: str) -> Any:
    """The rows of students; the test student's is left out."""
    of_it = read.submissions["assignment_id"] == assignment(read, name)["assignment_id"]
    return read.submissions[of_it & (read.submissions["user_id"] != "1999")]


def test_a_groups_date_is_told_from_a_sections(health: CanvasRead) -> None:
    assert overrides(health, "Nutrition Log")["target"].to_list() == ["group"]
    assert not assignment(health, "Nutrition Log")["only_visible_to_overrides"]


def test_a_module_for_one_section_leaves_nobody_else_the_assignment(health: CanvasRead) -> None:
    assert overrides(health, "Fitness Plan")["target"].to_list() == ["section"]
    assert assignment(health, "Fitness Plan")["only_visible_to_overrides"]
    assert len(rows(health, "Fitness Plan")) == 5


def test_a_checkpointed_discussion_is_due_when_its_later_checkpoint_is(health: CanvasRead) -> None:
    talk, plan = assignment(health, "Sleep and School"), assignment(health, "Nutrition Log")
    assert talk["due_at"] == plan["due_at"]  # both six days ago
    [(_, own)] = overrides(health, "Sleep and School").iterrows()
    assert own["due_at_overridden"]
    assert own["due_at"] > talk["due_at"]


def test_moderated_work_has_no_scores_until_its_grades_are_published(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        before = read_course(client, HEALTH)
        essay = assignment(before, "Safety Essay")
        assert rows(before, "Safety Essay")["score"].isna().all()
        assert rows(before, "First Aid Practical")["score"].notna().all()
        path = f"/courses/{HEALTH}/assignments/{essay['assignment_id']}"
        sandbox.control("canvas", "PATCH", path, {"grades_published": True})
        after = read_course(client, HEALTH)
    assert rows(after, "Safety Essay")["score"].notna().all()
    assert rows(after, "Safety Essay")["posted_at"].notna().all()


def test_a_date_that_a_checkpoint_alone_gives_a_section_is_the_sections(
    canvas: Script, client: CanvasClient
) -> None:
    early, late = "2026-10-06T03:59:59Z", "2026-10-09T03:59:59Z"
    parts = [
        {"due_at": late, "overrides": [{"id": "31", "course_section_id": "1", "due_at": early}]},
        {"due_at": early, "overrides": [{"id": "32", "course_section_id": "1", "due_at": late}]},
    ]
    talk = ASSIGNMENT | {"due_at": None, "overrides": [], "checkpoints": parts, "has_sub_assignments": True}
    canvas.answers = read_of(canvas, assignments=[talk])
    read = read_course(client, "7")
    assert str(read.assignments["due_at"].iloc[0]).startswith("2026-10-09")
    [(_, own)] = read.overrides.iterrows()
    assert (own["target"], own["target_id"], str(own["due_at"])[:10]) == ("section", "1", "2026-10-09")


def test_a_cross_listed_section_keeps_its_ids_in_its_new_course_and_back(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        first = read_course(client, HEALTH).sections
        moved = first["section_id"].iloc[1]
        sandbox.control("canvas", "PATCH", f"/courses/{HEALTH}/sections/{moved}", {"course_id": 1001})
        there = read_course(client, "1001").sections.set_index("section_id")
        assert there.loc[moved, "sis_section_id"] == "HEALTH9-5"
        sandbox.control("canvas", "PATCH", f"/courses/1001/sections/{moved}", {"course_id": int(HEALTH)})
        assert read_course(client, HEALTH).sections["section_id"].to_list() == first["section_id"].to_list()
