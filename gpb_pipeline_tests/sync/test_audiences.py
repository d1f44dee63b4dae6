"""The school's Health, synced: dates of groups, modules and checkpoints, and moderated work."""

import pytest

from gpb_pipeline_tests.sync.desk import Desk

HEALTH = "1007"
# What each assignment comes to in the sections of periods 3 and 5.
ENDS = {
    "Nutrition Log": ["created", "created"],  # a group's date is nobody's section's
    "Fitness Plan": ["created"],  # its module is assigned to the first section alone
    "Sleep and School": ["created", "created"],
    "First Aid Practical": ["created", "created"],
    "Safety Essay": ["skipped", "skipped"],  # its grades are not published
}


@pytest.fixture
def everyone_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPB_EVERYONE_ELSE", "send")


def test_each_comes_to_its_end(everyone_else: None, either_desk: Desk) -> None:
    end = either_desk.sync_one(HEALTH)
    states = end.outcome.assignments.groupby("assignment_name")["state"].apply(list).to_dict()
    assert states == ENDS
    essay = end.outcome.assignments[end.outcome.assignments["assignment_name"] == "Safety Essay"]
    assert set(essay["code"]) == {"no_grades_yet"}
    assert end.status == "Completed"


def test_a_checkpointed_discussion_carries_its_later_date(everyone_else: None, desk: Desk) -> None:
    desk.sync_one(HEALTH)
    due = {
        item["class_id"]: item["due_date"][:10]
        for item in desk.sandbox.state()["line_items"]
        if item["title"] == "Sleep and School"
    }
    assert due == {"HEALTH9-3": "2026-11-18", "HEALTH9-5": "2026-11-20"}


def test_published_moderated_work_goes_with_the_next_sync(everyone_else: None, desk: Desk) -> None:
    first = desk.sync_one(HEALTH).outcome.assignments
    essay = first[first["assignment_name"] == "Safety Essay"]["assignment_id"].iloc[0]
    desk.sandbox.control(
        "canvas", "PATCH", f"/courses/{HEALTH}/assignments/{essay}", {"grades_published": True}
    )
    second = desk.sync_one(HEALTH)
    assert (second.counts.line_items.created, second.counts.results.created) == (2, 10)
