"""A browser that keeps no cookies in Canvas's frame: third-party cookies blocked, and no partitioned ones."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import WebSettings
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.web import canvas_user
from gpb_pipeline_tests.web.canvas_user import CanvasUser
from gpb_pipeline_tests.web.desk.course import COURSE, made
from gpb_pipeline_tests.web.tool import Clock, tool_served


def without_partitions(app: ASGIApp) -> ASGIApp:
    """Cut `Partitioned` from every cookie, which is all that a browser without them makes of it."""

    async def cut(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_cut(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                told = [each.removesuffix("; Partitioned") for each in headers.getlist("set-cookie")]
                del headers["set-cookie"]
                for each in told:
                    headers.append("set-cookie", each)
            await send(message)

        await app(scope, receive, send_cut)

    return cut


@pytest.mark.usefixtures("_as_new")
def test_the_tool_opens_in_a_tab_of_its_own_and_works_there(
    browser: Browser, sandbox: Sandbox, warehouse: Warehouse, tmp_path: Path
) -> None:
    with tool_served(sandbox, warehouse, tmp_path, around=without_partitions) as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{sandbox.canvas_url}/login")
        page.get_by_role("button", name="Dana Whitfield, teacher").click()
        page.get_by_role("link", name="Grade Sync").click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="Open Grade Sync in a new tab")).to_be_visible()
        with page.expect_popup() as opened:
            frame.get_by_role("link", name="Open Grade Sync").press("Enter")
        tab = opened.value
        expect(tab).to_have_url(f"{url}/courses/{COURSE}")
        tab.get_by_role("link", name="Utilities").click()
        tab.get_by_role("switch", name="Nightly Sync").click()
        expect(tab.get_by_text("It is being switched on.")).to_be_visible()
        context.close()
    assert [each.kind for each in made(warehouse)] == ["nightly"]


@pytest.mark.usefixtures("_as_new")
def test_who_signs_in_at_the_proxy_is_not_kept_out_by_a_launch_of_an_hour_ago(
    sandbox: Sandbox, warehouse: Warehouse, clock: Clock, tmp_path: Path
) -> None:
    web = WebSettings(user_header="X-User")
    with tool_served(sandbox, warehouse, tmp_path, clock, web) as url:
        browser = CanvasUser(sandbox, canvas_user.TEACHER)
        browser.launches()
        clock.ahead = 3601
        assert browser.get(f"{url}/courses/1001", timeout=60).status_code == 401
        signed_in = {"X-User": "data@example.org", "X-Courses": "1001"}
        assert browser.get(f"{url}/", headers=signed_in, timeout=60).status_code == 200
