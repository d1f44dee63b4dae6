"""A teacher's day through Canvas, where third-party cookies are blocked: from sign-in to the SIS's log.

`GPB_SCREENSHOTS=docs/screenshots` keeps the pictures that are made here.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from gpb_pipeline.warehouse import choices
from gpb_pipeline_tests.web.desk.town import Town, fine


def signs_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_role("button", name="Dana Whitfield, teacher").click()


def opens(page: Page, *links: str) -> FrameLocator:
    """Go to the tool by Canvas's own links, and give its frame."""
    for link in links:
        if link in ("Actions", "More options"):
            page.get_by_text(link).click()
        else:
            page.get_by_role("link", name=link, exact=True).click()
    return page.frame_locator(f"iframe[title='{links[-1]}']")


@pytest.mark.long
def test_a_teachers_day(page: Page, town: Town, tmp_path: Path) -> None:
    signs_in(page)
    frame = opens(page, "Grade Sync")
    expect(frame.get_by_text("This course has not been synced yet.")).to_be_visible()
    chooses_categories(page, tmp_path)
    name = syncs_one(page, tmp_path)
    assert set(town.titles()) == {name}
    switches_nightly_on(page, tmp_path)
    assert [each.chosen_by for each in town.warehouse.read(choices.nightly)] == ["Dana Whitfield"]
    left_out = remasters_all_but_one(page, tmp_path)
    taken = town.titles()
    assert left_out not in taken
    assert taken[name] >= 2
    downloaded = reads_details(page, tmp_path)
    states = Counter(each["state"] for each in downloaded)
    results = sum(each["object"] == "result" for each in town.sandbox.writes())
    assert 0 < states["created"] + states["updated"] <= results


def chooses_categories(page: Page, folder: Path) -> None:
    """Take a section's category away, and give it back."""
    frame = opens(page, "Assignments", "More options", "Sync SIS Categories")
    frame.get_by_role("button", name="Get Categories").click()
    first = frame.locator("details").first
    first.locator("summary").click()
    fine(page, "categories", folder)
    held = first.get_by_role("combobox").first.locator("option:checked").inner_text()
    for option, label in (("Unassociated", "unassociated section"), (held, "Synchronized")):
        first.get_by_role("combobox").first.select_option(label=option)
        expect(first.locator("summary")).to_contain_text("Changed")
        frame.get_by_role("button", name="Sync Categories").click()
        expect(frame.get_by_text("The categories are being saved.")).to_be_visible()
        expect(first.locator("summary")).to_contain_text(label)
        expect(frame.get_by_role("button", name="Sync Categories")).to_be_visible()
        first.locator("summary").click()
    frame.get_by_role("link", name="Close").click()
    expect(page.locator("iframe")).to_have_count(0)


def syncs_one(page: Page, folder: Path) -> str:
    """Deselect all assignments but the first, post, and see it through; gives its name."""
    frame = opens(page, "Grades", "Actions", "Sync to SIS")
    every = frame.get_by_role("checkbox", name="All assignments")
    expect(every).to_be_checked()
    every.click()
    expect(frame.get_by_text("0 of")).to_be_visible()
    chosen = frame.locator("tbody tr:not([hidden]):has(input[name=assignment]:enabled)").first
    chosen.get_by_role("checkbox").check()
    name = chosen.locator("label").inner_text()
    fine(page, "sync", folder)
    frame.get_by_role("button", name="Post Grades").click()
    expect(frame.get_by_role("link", name="Click to see progress")).to_be_visible()
    expect(frame.locator(".big-status")).to_contain_text("Completed")
    return name


def switches_nightly_on(page: Page, folder: Path) -> None:
    frame = opens(page, "Grade Sync")
    frame.get_by_role("link", name="Utilities").click()
    switch = frame.get_by_role("switch", name="Nightly Sync")
    expect(switch).not_to_be_checked()
    fine(page, "utilities", folder)
    switch.click()
    expect(switch).to_be_checked()
    expect(frame.get_by_text("Next nightly sync:")).to_be_visible()
    frame.get_by_role("link", name="History").click()
    expect(frame.get_by_text("Next nightly sync:")).to_be_visible()
    fine(page, "history", folder)


def remasters_all_but_one(page: Page, folder: Path) -> str:
    """Deselect the second assignment, look at the counts, and remaster; gives its name."""
    frame = opens(page, "Grade Sync")
    frame.get_by_role("link", name="Utilities").click()
    frame.get_by_role("link", name="Remaster Grade Passback").click()
    left_out = frame.locator("tbody tr:has(input[name=assignment]:enabled)").nth(1)
    left_out.get_by_role("checkbox").uncheck()
    name = left_out.locator("label").inner_text()
    fine(page, "remaster", folder)
    frame.get_by_role("button", name="Remaster Grades").click()
    expect(frame.get_by_role("heading", name="What cannot go")).to_be_visible()
    fine(page, "preview", folder)
    frame.get_by_role("button", name="Remaster Grades").click()
    expect(frame.locator(".big-status")).to_contain_text("Completed")
    frame.get_by_role("link", name="Grade Sync Status Details").click()
    return name


def reads_details(page: Page, folder: Path) -> list[dict[str, str]]:
    """Open the latest sync's details and its grades log; gives the lines of its download."""
    frame = opens(page, "Grade Sync")
    frame.get_by_role("link", name="Grade Sync Status Details").first.click()
    expect(frame.get_by_role("heading", name="Grade Sync Details")).to_be_visible()
    fine(page, "details", folder)
    frame.get_by_role("link", name="Grades Log").click()
    with page.expect_download() as started:
        frame.get_by_role("link", name="Download Logs").click()
    return list(csv.DictReader(started.value.path().read_text("utf-8-sig").splitlines()))
