"""The desk's windows in a browser: WCAG AA in light and dark, 320 pixels wide, without mouse or scripts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from gpb_pipeline.lti.sessions import COOKIE, LIVES
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import history, requests
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Begun, End, Reached
from gpb_pipeline.warehouse.locks import course_lock
from gpb_pipeline.warehouse.requests import Request
from gpb_pipeline_tests.web import canvas_user
from gpb_pipeline_tests.web.accessibility import violations
from gpb_pipeline_tests.web.canvas_user import CanvasUser
from gpb_pipeline_tests.web.desk.course import (
    ALL,
    COURSE,
    ONE_ALONE,
    OTHER,
    OUTLOOK,
    answered,
    asked,
    looked,
    made,
    offer,
)
from gpb_pipeline_tests.web.tool import Clock

pytestmark = pytest.mark.usefixtures("_as_new")
WINDOWS = ("", "/utilities", "/sync", "/sync?seen=none&assignments=1&sections=1&sort=-due", "/remaster")
DESK, PHONE, NARROW = (
    ViewportSize(width=1280, height=800),
    ViewportSize(width=390, height=844),
    ViewportSize(width=320, height=640),
)


@contextmanager
def at_the_desk(
    browser: Browser,
    sandbox: Sandbox,
    url: str,
    *,
    scheme: Literal["light", "dark"] = "light",
    size: ViewportSize = DESK,
    scripts: bool = True,
) -> Iterator[Page]:
    """Come in from Canvas, in a tab of its own."""
    context = browser.new_context(color_scheme=scheme, viewport=size, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{sandbox.canvas_url}/login")
    page.get_by_role("button", name="Dana Whitfield, teacher").click()
    page.goto(f"{sandbox.canvas_url}/courses/{COURSE}/external_tools/7?display=borderless")
    if not scripts:
        for _ in ("to the tool", "and back"):
            page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(f"{url}/courses/{COURSE}")
    yield page
    context.close()


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        ("light", DESK),
        pytest.param("dark", PHONE, marks=pytest.mark.long),
        pytest.param("light", NARROW, marks=pytest.mark.long),
        pytest.param("dark", NARROW, marks=pytest.mark.long),
    ],
    ids=["desk", "phone-in-the-dark", "narrow", "narrow-in-the-dark"],
)
def test_every_window_meets_wcag_aa(
    browser: Browser,
    sandbox: Sandbox,
    url: str,
    warehouse: Warehouse,
    read: Request,
    scheme: Literal["light", "dark"],
    size: ViewportSize,
) -> None:
    preview = looked(warehouse, "preview", type="remaster", **ALL)
    looked(warehouse, "sync")
    found = {}
    with at_the_desk(browser, sandbox, url, scheme=scheme, size=size) as page:
        paths = [f"/courses/{COURSE}{window}" for window in (*WINDOWS, "/remaster?view=s2", "/categories")]
        for path in (*paths, f"/requests/{preview.request_id}", "/courses/none/sync"):
            page.goto(url + path)
            for group in page.locator("details").all():
                group.evaluate("group => { group.open = true }")
            found[path] = violations(page)
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide == 0, path
    assert found == {path: [] for path in found}


def test_a_teacher_without_a_mouse_chooses_and_posts(
    browser: Browser,
    sandbox: Sandbox,
    url: str,
    warehouse: Warehouse,
    read: Request,
) -> None:
    with at_the_desk(browser, sandbox, url) as page:
        page.get_by_role("link", name="Utilities").press("Enter")
        page.get_by_role("link", name="Sync to SIS").press("Enter")
        every = page.get_by_role("checkbox", name="All assignments")
        every.press("Space")
        expect(page.get_by_text("0 of 2 selected")).to_be_visible()
        page.get_by_role("checkbox", name="Essay").press("Space")
        expect(every).to_have_js_property("indeterminate", value=True)
        for name in ("Undated", "Twin"):
            box = page.get_by_role("checkbox", name=name)
            expect(box).to_be_disabled()
            expect(box).not_to_be_checked()
        expect(page.get_by_role("checkbox", name="Undated")).to_have_accessible_description(
            "It has no due date for this section. Add a due date."
        )
        page.get_by_role("button", name="Due Date").press("Enter")
        expect(page.get_by_role("columnheader", name="Due Date")).to_have_attribute("aria-sort", "ascending")
        expect(page.get_by_text("1 of 2 selected")).to_be_visible()  # what was chosen stays chosen
        page.get_by_role("button", name="Post Grades").press("Enter")
        expect(page.get_by_role("link", name="Click to see progress")).to_be_visible()
        page.get_by_role("link", name="Click to see progress").press("Enter")
        expect(page.get_by_role("heading", name="Grade Sync History")).to_be_visible()
        expect(page.get_by_text("Scheduled")).to_be_visible()
        page.get_by_role("link", name="Utilities").press("Enter")
        page.get_by_role("switch", name="Nightly Sync").press("Space")
        expect(page.get_by_text("It is being switched on.")).to_be_visible()
        expect(page.get_by_role("switch", name="Nightly Sync")).to_be_checked()
        expect(page.get_by_role("switch", name="Nightly Sync")).to_be_focused()
    [nightly, sync, _] = made(warehouse)
    assert sync.wanted == {"assignments": ["a2"], "sections": ["s1", "s2"]}
    assert nightly.wanted == {"enabled": True}


def test_what_becomes_of_a_request_is_told_aloud_and_the_focus_stays(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse
) -> None:
    now = datetime.now(UTC)
    waiting = asked(warehouse, "sync")
    with at_the_desk(browser, sandbox, url) as page:
        page.goto(f"{url}/requests/{waiting}")
        live = page.get_by_role("status")
        expect(live).to_have_text("Scheduled")
        link = page.get_by_role("link", name="Click to see progress")
        link.focus()
        with course_lock(warehouse.settings, COURSE):
            begun = Begun(job_id="aloud", course_id=COURSE, type="manual", posted_by="Dana", at=now)
            warehouse.commit(history.begin, [begun])
            warehouse.commit(history.reach, [Reached(job_id="aloud", stage="Get Grades", at=now)])
            warehouse.commit(requests.step, waiting, "launched", at=now, job_id="aloud")
            expect(live).to_have_text("Running Get Grades")
            expect(link).to_be_focused()
            end = End(job_id="aloud", at=now, status="Completed", counts=Counts.none())
            warehouse.commit(history.end, [end])
        expect(live).to_have_text("Completed. Done.")
        expect(page.get_by_role("link", name="Grade Sync Status Details")).to_be_focused()


def test_that_a_preview_sent_nothing_is_told_aloud(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse
) -> None:
    waiting = asked(warehouse, "preview", type="remaster", **ALL)
    with at_the_desk(browser, sandbox, url) as page:
        page.goto(f"{url}/requests/{waiting}")
        live = page.get_by_role("status")
        expect(live).to_have_text("Scheduled")
        answered(warehouse, waiting)
        expect(live).to_have_text("Previewed Nothing has been sent yet.")


@pytest.mark.parametrize("scripts", [True, False])
def test_enter_in_a_box_presses_no_button_that_asks(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse, read: Request, *, scripts: bool
) -> None:
    with at_the_desk(browser, sandbox, url, scripts=scripts) as page:
        for window in ("sync", "remaster"):
            page.goto(f"{url}/courses/{COURSE}/{window}")
            page.get_by_role("checkbox", name="Essay").uncheck()
            page.get_by_role("checkbox", name="Quiz <b>").press("Enter")
            expect(
                page.get_by_role("heading", name="Sync Grades" if window == "sync" else "Remaster")
            ).to_be_visible()
            page.wait_for_load_state()
            if scripts:
                expect(page).to_have_url(f"{url}/courses/{COURSE}/{window}")
            expect(page.get_by_role("checkbox", name="Essay")).not_to_be_checked()
            page.get_by_role("button", name="Due Date").click()
            expect(page.get_by_role("columnheader", name="Due Date")).to_have_attribute(
                "aria-sort", "ascending"
            )
            page.reload()
            expect(page.get_by_role("checkbox", name="Essay")).not_to_be_checked()
            page.go_back()
            page.go_forward()
            expect(page.get_by_role("checkbox", name="Essay")).not_to_be_checked()
    assert [each.request_id for each in made(warehouse)] == [read.request_id]


def test_on_a_narrow_screen_no_table_scrolls_sideways(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse, read: Request
) -> None:
    preview = looked(warehouse, "preview", type="manual", **ALL)
    with at_the_desk(browser, sandbox, url, size=NARROW) as page:
        for path in (f"/courses/{COURSE}/categories", f"/requests/{preview.request_id}"):
            page.goto(url + path)
            for group in page.locator("details").all():
                group.evaluate("group => { group.open = true }")
            tables = page.locator(".scroll")
            wide = tables.evaluate_all("all => all.map(each => each.scrollWidth - each.clientWidth)")
            assert set(wide) == {0}, path
        for window in ("sync", "remaster"):
            page.goto(f"{url}/courses/{COURSE}/{window}")
            table = page.locator(".scroll")
            assert table.evaluate("each => each.scrollWidth - each.clientWidth") == 0, window
            page.get_by_role("button", name="Due Date").click()  # where it is seen
            expect(page.get_by_role("columnheader", name="Due Date")).to_have_attribute(
                "aria-sort", "ascending"
            )


def test_a_name_without_a_space_breaks_and_pushes_nothing_off_the_page(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse, read: Request
) -> None:
    sections = {"s1": "S" * 200, "s2": "</option><script>"}
    seen = replace(OUTLOOK, sections=sections, offers=(offer("a1", "W" * 200), offer("a2", "Essay", "s2")))
    warehouse.commit(requests.keep, read, seen.as_json(), at=datetime.now(UTC))
    with at_the_desk(browser, sandbox, url) as page:
        for window in ("sync", "remaster", "categories"):
            page.goto(f"{url}/courses/{COURSE}/{window}")
            wide = page.evaluate(
                "[document.documentElement, ...document.querySelectorAll('.scroll')]"
                ".map((each) => each.scrollWidth - each.clientWidth)"
            )
            assert set(wide) == {0}, window


def test_a_page_whose_hour_is_over_says_so_and_not_that_it_still_runs(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse, clock: Clock
) -> None:
    waiting = asked(warehouse, "sync")
    with at_the_desk(browser, sandbox, url) as page:
        page.goto(f"{url}/requests/{waiting}")
        [kept] = [each for each in page.context.cookies(url) if each["name"] == COOKIE]
        assert kept["expires"] - clock() > LIVES + 3600  # else the browser asks for the data team's secret
        clock.ahead = LIVES + 1
        live = page.get_by_role("status")
        expect(live).to_have_text("This page is no longer renewed: open it again from your course in Canvas.")
        expect(live).to_be_visible()
        page.get_by_role("link", name="Click to see progress").click()
        expect(page.get_by_text("This is over an hour old. Open it again")).to_be_visible()


def test_a_form_whose_hour_is_over_says_that_nothing_was_sent(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse, read: Request, clock: Clock
) -> None:
    with at_the_desk(browser, sandbox, url) as page:
        page.goto(f"{url}/courses/{COURSE}/sync")
        page.get_by_role("checkbox", name="Essay").uncheck()
        clock.ahead = LIVES + 1
        page.get_by_role("button", name="Post Grades").click()
        told = page.get_by_text("Open it again from your course in Canvas, and choose anew: nothing was sent")
        expect(told).to_be_visible()
        assert violations(page) == []  # a page, and no bare line
    assert [each.request_id for each in made(warehouse)] == [read.request_id]


def test_of_two_courses_the_one_whose_hour_is_over_says_how_to_come_back(
    sandbox: Sandbox, url: str, clock: Clock
) -> None:
    teacher = CanvasUser(sandbox, canvas_user.TEACHER)
    teacher.launches(int(COURSE))
    sandbox.control("canvas", "PUT", "/lti/forgery", {"seconds": LIVES})
    clock.ahead = LIVES - 1
    teacher.launches(int(OTHER))
    sandbox.control("canvas", "PUT", "/lti/forgery", {})
    clock.ahead = LIVES + 1
    for course, status in ((OTHER, 200), (COURSE, 404), ("none", 404)):
        page = teacher.get(f"{url}/courses/{course}", timeout=60)
        assert page.status_code == status
        assert ("open it again from there in Canvas" in page.text) == (status == 404)


def test_a_view_of_a_section_changes_no_choice(
    browser: Browser,
    sandbox: Sandbox,
    url: str,
    warehouse: Warehouse,
    read: Request,
) -> None:
    with at_the_desk(browser, sandbox, url) as page:
        page.goto(f"{url}/courses/{COURSE}/remaster")
        page.get_by_role("checkbox", name="Essay").uncheck()
        page.get_by_role("combobox", name="Filter by section").select_option(label="Period 2 <i>")
        page.get_by_role("button", name="Filter").click()
        expect(page.get_by_role("checkbox", name="Quiz <b>")).to_be_checked()
        expect(page.get_by_role("checkbox", name="Essay")).to_have_count(0)
        expect(page.get_by_text("1 of 1 selected, and 0 of 1 not in this view")).to_be_visible()
        page.get_by_role("combobox", name="Filter by section").select_option(label="All sections")
        page.get_by_role("button", name="Filter").click()
        expect(page.get_by_role("checkbox", name="Quiz <b>")).to_be_checked()
        expect(page.get_by_role("checkbox", name="Essay")).not_to_be_checked()
        page.get_by_role("checkbox", name="Essay").check()
        page.get_by_role("combobox", name="Filter by section").select_option(label="Period 2 <i>")
        page.get_by_role("button", name="Remaster Grades").click()  # and Filter was not clicked
        expect(page.get_by_text("Scheduled")).to_be_visible()
    assert made(warehouse)[0].wanted == {**ALL, "type": "remaster"}


def test_a_filter_deselects_nothing_that_another_section_can_send(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse, read: Request
) -> None:
    warehouse.commit(requests.keep, read, ONE_ALONE.as_json(), at=datetime.now(UTC))
    with at_the_desk(browser, sandbox, url) as page:
        page.goto(f"{url}/courses/{COURSE}/sync")
        essay = page.get_by_role("checkbox", name="Essay")
        page.get_by_role("checkbox", name="Period 1").uncheck()
        page.get_by_role("button", name="Filter").click()
        expect(essay).to_be_disabled()
        expect(essay).not_to_be_checked()
        expect(page.get_by_text("1 of 1 selected")).to_be_visible()
        page.get_by_role("checkbox", name="Period 1").check()
        page.get_by_role("button", name="Filter").click()
        expect(essay).to_be_checked()
        expect(essay).to_have_accessible_description(
            "Not for Period 2 <i>: It has no due date for this section. Add a due date."
        )
        page.get_by_role("button", name="Post Grades").click()
        expect(page.get_by_role("link", name="Click to see progress")).to_be_visible()
    assert made(warehouse)[0].wanted == {"assignments": ["a1", "a2"], "sections": ["s1", "s2"]}


@pytest.mark.parametrize("scripts", [True, False])
def test_in_a_view_of_a_section_no_box_can_be_selected_or_deselected(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse, read: Request, *, scripts: bool
) -> None:
    with at_the_desk(browser, sandbox, url, scripts=scripts) as page:
        page.goto(f"{url}/courses/{COURSE}/remaster?view=s1")
        for box in page.locator("main [type=checkbox]").all():
            expect(box).to_be_disabled()
        for name in ("Quiz <b>", "Essay"):
            expect(page.get_by_role("checkbox", name=name)).to_be_checked()
        page.get_by_role("button", name="Remaster Grades").click()
        expect(page.get_by_text("Scheduled")).to_be_visible()
    assert made(warehouse)[0].wanted == {**ALL, "type": "remaster"}


def test_what_was_chosen_while_the_course_is_read_stays_chosen(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse, read: Request
) -> None:
    again = asked(warehouse, "read")
    with at_the_desk(browser, sandbox, url) as page:
        page.goto(f"{url}/courses/{COURSE}/sync")
        page.get_by_role("checkbox", name="Essay").press("Space")
        post = page.get_by_role("button", name="Post Grades")
        post.focus()
        answered(warehouse, again)
        expect(page.get_by_role("status")).to_have_text("Done.")
        expect(page.get_by_text("The list was read again meanwhile.")).to_be_visible()
        expect(page.get_by_role("checkbox", name="Essay")).not_to_be_checked()
        expect(page.get_by_text("1 of 2 selected")).to_be_visible()
        expect(post).to_be_focused()
        post.press("Enter")
        expect(page.get_by_role("link", name="Click to see progress")).to_be_visible()
    assert made(warehouse)[0].wanted == {"assignments": ["a1"], "sections": ["s1", "s2"]}


def test_a_category_that_is_chosen_while_the_course_is_read_stays_chosen(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse, read: Request
) -> None:
    again = asked(warehouse, "read")
    with at_the_desk(browser, sandbox, url) as page:
        page.goto(f"{url}/courses/{COURSE}/categories")
        expect(page.get_by_role("button", name="Sync Categories")).to_have_count(0)
        page.locator("summary").click()
        page.get_by_role("combobox").select_option(label="Labs")
        page.get_by_role("heading", name="Sync SIS Categories").click()
        answered(warehouse, again)
        page.get_by_role("button", name="Sync Categories").click()
        expect(page.get_by_text("The categories are being saved.")).to_be_visible()
    edit = {"group_id": "g1", "section_id": "s1", "category_id": "c2"}
    assert made(warehouse)[0].wanted == {"edits": [edit]}


def test_it_works_without_javascript(
    browser: Browser,
    sandbox: Sandbox,
    url: str,
    warehouse: Warehouse,
    read: Request,
) -> None:
    with at_the_desk(browser, sandbox, url, scripts=False) as page:
        page.goto(f"{url}/courses/{COURSE}/sync")
        page.get_by_role("checkbox", name="Period 2").uncheck()
        page.get_by_role("button", name="Filter").click()
        page.get_by_role("checkbox", name="Essay").uncheck()
        page.get_by_role("button", name="Post Grades").click()
        expect(page.get_by_role("link", name="Click to see progress")).to_be_visible()
    assert made(warehouse)[0].wanted == {"assignments": ["a1"], "sections": ["s1"]}


@contextmanager
def another_site(body: str) -> Iterator[str]:
    """Serve a page from elsewhere; gives its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_canvas_alone_may_frame_the_desk(browser: Browser, sandbox: Sandbox, url: str) -> None:
    framing = f'<iframe src="{url}/courses/{COURSE}"></iframe>'
    with at_the_desk(browser, sandbox, url) as page, another_site(framing) as address:
        with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            page.goto(address)
        expect(page.frame_locator("iframe").get_by_role("heading", name="Course")).to_have_count(0)


def test_a_trace_is_asked_for_on_the_course_and_again_on_its_own_page(
    browser: Browser, sandbox: Sandbox, url: str
) -> None:
    with at_the_desk(browser, sandbox, url) as page:
        for assignment in ("1", "2"):
            page.get_by_label("Student (Canvas id)").fill("1")
            page.get_by_label("Assignment (Canvas id)").fill(assignment)
            page.get_by_role("button", name="Trace").click()
            expect(page.get_by_role("heading", name=f"Assignment {assignment}, student 1")).to_be_visible()


def test_a_form_that_is_posted_from_elsewhere_is_refused(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse
) -> None:
    form = f"""<form method="post" action="{url}/courses/{COURSE}/ask/nightly">
        <input name="enabled" value="true"><button name="token" value="guessed">Win</button></form>"""
    with at_the_desk(browser, sandbox, url) as page, another_site(form) as address:
        page.goto(address)
        page.get_by_role("button", name="Win").click()
        expect(page.get_by_text("This form did not come from Grade Sync.")).to_be_visible()
    assert made(warehouse) == []


def test_a_tool_that_is_framed_beside_ours_posts_with_our_cookie_and_is_refused(
    browser: Browser, sandbox: Sandbox, url: str, warehouse: Warehouse
) -> None:
    beside = f"""<iframe name="beside"></iframe>
        <form method="post" target="beside" action="{url}/courses/{COURSE}/ask/nightly">
        <input name="enabled" value="true"><button name="token" value="guessed">Win</button></form>"""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{sandbox.canvas_url}/login")
    page.get_by_role("button", name="Dana Whitfield, teacher").click()
    page.get_by_role("link", name="Grade Sync").click()
    expect(page.frame_locator("iframe").get_by_role("link", name="Utilities")).to_be_visible()
    with another_site(beside) as address:  # of Canvas's own site, so that what is framed has our cookies
        page.goto(address)
        with page.expect_response("**/ask/nightly") as answered:
            page.get_by_role("button", name="Win").click()
        assert answered.value.status == 403  # and not 401, as without a session
    context.close()
    assert made(warehouse) == []
