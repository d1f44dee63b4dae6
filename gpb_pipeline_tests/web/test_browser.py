"""The pages in a real browser: accessibility by axe, sorting, filtering, keyboard, refreshing, downloads."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.warehouse import history
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Begun, End, Reached
from gpb_pipeline.warehouse.locks import course_lock
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.web.accessibility import violations
from gpb_pipeline_tests.web.conftest import Client

PATHS = [
    "/",
    "/?who=instructor&status=All",
    "/courses/1",
    "/courses/2",
    "/syncs/stopped",
    "/syncs/j1",
    "/syncs/j1/issues",
    "/syncs/j1/filtered",
    "/syncs/j1/assignments",
    "/syncs/j1/grades?student=2&state=created&log=no&sort=grade",
    "/courses/1/trace",
    "/courses/none",
]
DESK, FRAMED, PHONE, NARROW = (
    ViewportSize(width=1280, height=800),
    ViewportSize(width=1028, height=800),  # what Canvas's navigation leaves of it
    ViewportSize(width=390, height=844),
    ViewportSize(width=320, height=640),
)


@pytest.fixture
def page(browser: Browser, client: Client) -> Iterator[Page]:
    """A page whose every complaint and every request elsewhere is a failure."""
    context = browser.new_context(base_url=client.url, viewport=DESK, accept_downloads=True)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda asked: complaints.append(asked.url) if client.url not in asked.url else None)
    yield opened
    context.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        pytest.param("light", DESK, marks=pytest.mark.long),
        pytest.param("light", PHONE, marks=pytest.mark.long),
        ("dark", NARROW),
    ],
    ids=["desk", "phone", "narrow-in-the-dark"],
)
def test_every_page_meets_wcag_aa(
    browser: Browser, client: Client, scheme: Literal["light", "dark"], size: ViewportSize
) -> None:
    context = browser.new_context(base_url=client.url, color_scheme=scheme, viewport=size)
    page = context.new_page()
    found = {}
    for path in (*PATHS, "a trace"):
        if path == "a trace":
            page.goto("/syncs/j1/grades")
            with page.expect_navigation(wait_until="load"):
                page.get_by_role("button", name="Why: Quiz, Ada Lovelace").click()
        else:
            page.goto(path)
        found[path] = violations(page)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, path
    context.close()
    assert found == {path: [] for path in found}


def test_on_the_front_a_cause_and_who_lead_to_where_they_are_told(page: Page) -> None:
    page.goto("/")
    row = page.get_by_role("row", name="Biology")
    row.get_by_role("link", name="Canvas refuses the token").click()
    expect(page.get_by_role("region", name="Why the sync failed")).to_be_visible()
    expect(page.get_by_text("For the Canvas admin:")).to_be_visible()
    page.goto("/")
    page.get_by_role("row", name="Algebra I").get_by_role("link", name="The SIS refused it.").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto("/")
    page.get_by_role("combobox", name="Cause").select_option(
        "Canvas refuses the token, or the token may not do all that a sync needs."
    )
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("rowheader", name="Biology")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "path"),
    [
        (FRAMED, "/"),
        (FRAMED, "/courses/1"),
        (NARROW, "/syncs/j1/issues"),
        (NARROW, "/syncs/j1/assignments"),
        (NARROW, "/syncs/j1/grades"),
    ],
)
def test_in_canvas_frame_and_on_a_phone_no_table_has_to_be_scrolled(
    browser: Browser, client: Client, size: ViewportSize, path: str
) -> None:
    context = browser.new_context(base_url=client.url, viewport=size)
    page = context.new_page()
    page.goto(path)
    table = page.locator(".scroll").first
    assert table.evaluate("each => each.scrollWidth - each.clientWidth") == 0
    context.close()


def test_on_a_phone_a_rows_status_stands_first(browser: Browser, client: Client) -> None:
    context = browser.new_context(base_url=client.url, viewport=PHONE)
    page = context.new_page()
    for path, status in {"/": "Failed", "/courses/1": "Completed (with errors)"}.items():
        page.goto(path)
        row = page.locator("table.stacking tbody tr").first
        cells = [each for each in row.locator("th, td").all() if each.is_visible()]
        top = min(cells, key=lambda cell: cell.evaluate("cell => cell.getBoundingClientRect().y"))
        assert top.inner_text().startswith(status), path
        expect(row.get_by_text(status, exact=True)).to_be_in_viewport()
    context.close()


def test_a_header_sorts_up_and_then_down(page: Page) -> None:
    page.goto("/syncs/j1/grades")
    header = page.get_by_role("columnheader", name="Student")
    scores = page.locator("tbody td:nth-child(3)")
    header.get_by_role("link").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    up = scores.all_inner_texts()
    header.get_by_role("link").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    down = scores.all_inner_texts()
    assert up == sorted(up, key=str.lower)
    assert down == up[::-1]


def test_a_name_filters_the_log_and_its_chip_takes_the_filter_away(page: Page) -> None:
    page.goto("/syncs/j1/grades?sort=grade&order=desc")
    page.get_by_role("link", name="Ada Lovelace", exact=True).first.click()
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.get_by_role("combobox", name="Student")).to_have_value("2")
    page.get_by_role("combobox", name="Status").select_option("Created")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("columnheader", name="Submitted Grade")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.get_by_role("link", name="Remove filter Student: Ada Lovelace").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Remove filter Status: Created").click()
    expect(page.locator("tbody tr")).to_have_count(8)


def test_what_is_filtered_is_what_is_downloaded(page: Page) -> None:
    page.goto("/syncs/j1/grades?state=failed")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download Logs").click()
    download = started.value
    text = download.path().read_text(encoding="utf-8-sig")
    assert download.suggested_filename == "grades-j1.csv"
    assert [line.split(",")[5] for line in text.splitlines()] == ["state", "failed"]


def test_one_goes_from_the_history_to_a_grade_and_back_by_keyboard(page: Page) -> None:
    page.goto("/courses/1")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name="Completed (with errors): Grade Sync Status Details").press("Enter")
    page.get_by_role("navigation", name="Details").get_by_role("link", name="Grades Log").press("Enter")
    page.get_by_role("button", name="Why: Quiz, Ada Lovelace").press("Enter")
    expect(page.get_by_role("heading", name="Why is this grade in the SIS?")).to_be_visible()
    page.get_by_role("link", name="Algebra I").press("Enter")
    page.get_by_role("link", name="Next page").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_running_sync_shows_its_stage_and_then_its_end_by_itself(page: Page, warehouse: Warehouse) -> None:
    page.clock.install()
    with course_lock(warehouse.settings, "5"):
        begun = Begun(job_id="running", course_id="5", type="manual", posted_by="Ms. Frizzle", at=NOON)
        warehouse.commit(history.begin, [begun])
        page.goto("/syncs/running")
        stage = page.locator(".facts")
        expect(stage).to_contain_text("Running")
        warehouse.commit(history.reach, [Reached(job_id="running", stage="Post Grades", at=NOON)])
        page.clock.run_for(5_000)
        expect(stage).to_contain_text("Post Grades")
        ended = NOON + timedelta(seconds=9)
        end = End(job_id="running", at=ended, status="Completed", counts=Counts.none())
        warehouse.commit(history.end, [end])
        page.clock.run_for(5_000)
        expect(stage).to_contain_text("Completed")
        expect(page.get_by_role("status")).to_have_text("Completed. Post Grades. The sync has ended.")
