"""A teacher's day without a mouse, from sign-in to the SIS's log: each step is a key, the focus is seen.

By `make nights`: a key at a time it takes a minute; test_windows.py has the choosing and posting by keys.
"""

import csv
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, FrameLocator, Page, expect

from gpb_pipeline.warehouse import choices
from gpb_pipeline_tests.web.desk.town import Town

TRIES = 3
MOST = 150
"""Presses of Tab after which something is not reached by keyboard."""
PATIENCE = 5000.0
"""Milliseconds that a frame has to answer: one that goes while it is asked would be waited for for ever."""
_FOCUS = """(_, where) => {
    const each = document.activeElement, style = getComputedStyle(each);
    const name = each.getAttribute("aria-label") || each.labels?.[0]?.textContent || each.textContent;
    return {
        is_frame: each.tagName === "IFRAME", is_nowhere: each === document.body, fits: each.matches(where),
        name: name.replace(/\\s+/g, " ").trim(), chosen: each.selectedOptions?.[0]?.textContent,
        is_seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    }
}"""


class Keyboard:
    """Someone at the keys; the tool's pages, in Canvas's frame, must show where the focus is."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)

    def types(self, text: str) -> None:
        self._page.keyboard.type(text)

    def focus(self, where: str = "*") -> dict[str, Any]:
        """What has the focus, in Canvas's page or in the frame there."""
        for _ in range(TRIES):
            with suppress(Error):  # the frame has gone to another page meanwhile
                return self._focus(where)
        return self._focus(where)

    def _focus(self, where: str) -> dict[str, Any]:
        for frame in self._page.frames:
            found: dict[str, Any] = frame.locator(":root").evaluate(_FOCUS, where, timeout=PATIENCE)
            if not found["is_frame"]:
                return found | {"is_ours": frame.parent_frame is not None}
        raise AssertionError("no frame has the focus")

    def goes_to(self, name: str, *, back: bool = False, where: str = "*") -> dict[str, Any]:
        """Press Tab until the focus is on what is so named; gives it."""
        for _ in range(MOST):
            self.press("Shift+Tab" if back else "Tab")
            found = self.focus(where)
            if found["fits"] and not found["is_nowhere"] and found["name"].startswith(name):
                assert found["is_seen"] or not found["is_ours"], name
                return found
        raise AssertionError(f"the keyboard does not reach {name}")

    def opens(self, *names: str) -> None:
        for name in names:
            self.goes_to(name)
            self.press("Enter")


@pytest.mark.long
def test_a_teachers_day_without_a_mouse(page: Page, town: Town) -> None:
    keys, frame = Keyboard(page), page.frame_locator("iframe")
    page.goto("/login")
    keys.opens("Dana Whitfield, teacher")
    page.wait_for_url("**/courses/*")
    keys.opens("Grade Sync")
    expect(frame.get_by_text("This course has not been synced yet.")).to_be_visible()
    keys.opens("Assignments")
    page.wait_for_url("**/assignments")
    keys.opens("More options", "Sync SIS Categories")
    expect(frame.get_by_role("button", name="Get Categories")).to_be_visible()
    keys.opens("Get Categories")
    expect(frame.get_by_role("button", name="Sync Categories")).to_be_visible()
    changes_a_category_and_back(keys, frame)
    keys.goes_to("Close", back=True)
    keys.press("Enter")
    expect(page.locator("iframe")).to_have_count(0)
    keys.opens("Grades")
    page.wait_for_url("**/grades")
    keys.opens("Actions", "Sync to SIS")
    name = posts_one(keys, frame)
    assert set(town.titles()) == {name}
    keys.goes_to("Grade Sync", back=True, where="nav a")
    keys.press("Enter")
    expect(frame.get_by_role("link", name="Utilities")).to_be_visible()
    keys.opens("Utilities")
    switches_nightly_on(keys, frame)
    assert [each.chosen_by for each in town.warehouse.read(choices.nightly)] == ["Dana Whitfield"]
    keys.opens("Remaster Grade Passback")
    left_out = remasters_all_but_one(keys, frame)
    taken = town.titles()
    assert left_out not in taken
    assert taken[name] >= 2
    keys.opens("Grade Sync Status Details")
    expect(frame.get_by_role("heading", name="Grade Sync Details")).to_be_visible()
    keys.opens("Grades Log")
    expect(frame.get_by_role("heading", name="Grades Log")).to_be_visible()
    keys.goes_to("Download Logs")
    with page.expect_download() as started:
        keys.press("Enter")
    lines = list(csv.DictReader(started.value.path().read_text("utf-8-sig").splitlines()))
    accepted = sum(each["state"] in ("created", "updated") for each in lines)
    assert 0 < accepted <= sum(each["object"] == "result" for each in town.sandbox.writes())


def changes_a_category_and_back(keys: Keyboard, frame: FrameLocator) -> None:
    """Take the first section's category away, and give it back."""
    held = ""
    summary = frame.locator("summary").first
    for label in ("unassociated section", "Synchronized"):
        keys.goes_to("", where="summary")
        keys.press("Enter")
        select = keys.goes_to("SIS Category of", where="select")
        if held:
            keys.types(held)
        else:
            held = str(select["chosen"])
            keys.press("Home")
        expect(summary).to_contain_text("Changed")
        keys.opens("Sync Categories")
        expect(frame.get_by_text("The categories are being saved.")).to_be_visible()
        expect(frame.get_by_role("button", name="Sync Categories")).to_be_visible()
        expect(summary).to_contain_text(label)


def posts_one(keys: Keyboard, frame: FrameLocator) -> str:
    """Select the first assignment alone, post it, and wait on the link for its end; gives its name."""
    expect(frame.get_by_role("button", name="Post Grades")).to_be_visible()
    keys.goes_to("All assignments")
    keys.press("Space")
    expect(frame.get_by_text("0 of")).to_be_visible()
    keys.goes_to("", where="input[name=assignment]")
    keys.press("Space")
    name = str(keys.focus()["name"])
    keys.opens("Post Grades")
    expect(frame.get_by_role("link", name="Click to see progress")).to_be_visible()
    keys.goes_to("Click to see progress")
    expect(frame.locator(".big-status")).to_contain_text("Completed")
    assert (
        keys.focus()["name"] == "Grade Sync Status Details"
    )  # what had the focus is another, and has it still
    return name


def switches_nightly_on(keys: Keyboard, frame: FrameLocator) -> None:
    switch = frame.get_by_role("switch", name="Nightly Sync")
    expect(switch).not_to_be_checked()
    keys.goes_to("", where="[role=switch]")
    keys.press("Space")
    expect(switch).to_be_checked()
    assert keys.focus("[role=switch]")["fits"]
    expect(frame.get_by_text("Next nightly sync:")).to_be_visible()


def remasters_all_but_one(keys: Keyboard, frame: FrameLocator) -> str:
    """Deselect the second assignment, look at the counts, and remaster; gives its name."""
    expect(frame.get_by_role("button", name="Remaster Grades")).to_be_visible()
    for _ in range(2):
        keys.goes_to("", where="input[name=assignment]")
    keys.press("Space")
    name = str(keys.focus()["name"])
    keys.opens("Remaster Grades")
    expect(frame.get_by_role("heading", name="What cannot go")).to_be_visible()
    keys.opens("Remaster Grades")
    expect(frame.get_by_role("link", name="Grade Sync Status Details")).to_be_visible()
    return name
