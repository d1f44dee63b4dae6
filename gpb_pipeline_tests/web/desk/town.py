"""A town in which a teacher has a day: Canvas, the SIS, the pages as a tool, and the pipeline beside them."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from gpb_pipeline.orchestration.home import PROJECT
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline_tests.web.accessibility import violations
from gpb_pipeline_tests.web.desk.pipeline import Pipeline
from gpb_pipeline_tests.web.tool import tool_served

PATIENCE = 90_000
"""Milliseconds that a page has to show what a run did, on a machine that does much else."""


@dataclass(frozen=True)
class Town:
    """Canvas, the SIS, the pages as a tool, and the pipeline beside them."""

    sandbox: Sandbox
    warehouse: Warehouse
    url: str

    def titles(self) -> Counter[str]:
        """The line items that the SIS says it took, by title."""
        writes = self.sandbox.writes()
        return Counter(each["values"]["title"] for each in writes if each["object"] == "lineItem")


@contextmanager
def a_town(folder: Path) -> Iterator[Town]:
    with running_sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        catalogue = {"GPB_CATALOG": "sqlite:catalog.sqlite", "GPB_DATA_PATH": "data"}
        for name, value in (sandbox.environment | catalogue).items():
            patch.setenv(name, value)
        with open_warehouse() as warehouse, tool_served(sandbox, warehouse, folder) as url:
            pipeline = Pipeline()
            pipeline.start()
            try:
                yield Town(sandbox, warehouse, url)
            finally:
                pipeline.end()


@contextmanager
def a_page(browser: Browser, town: Town) -> Iterator[Page]:
    """Open a browser that trusts Canvas, with third-party cookies blocked, as Playwright's contexts are."""
    context = browser.new_context(
        base_url=town.sandbox.canvas_url, viewport={"width": 1280, "height": 1000}, accept_downloads=True
    )
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    yield opened
    context.close()


def fine(page: Page, name: str, folder: Path) -> None:
    """Hold the tool's own frame against WCAG AA, and keep a picture of the page."""
    [ours] = [each for each in page.frames if each.parent_frame is not None]
    assert violations(ours) == [], name
    keep = PROJECT / os.environ["GPB_SCREENSHOTS"] if "GPB_SCREENSHOTS" in os.environ else folder
    page.screenshot(path=keep / f"desk-{name}.png")
