"""The pages as a tool of the sandbox's Canvas, over a warehouse with nothing but what was asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from gpb_pipeline.warehouse import requests
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.requests import Request
from gpb_pipeline_tests.web.desk.course import COURSE, OTHER, looked, made
from gpb_pipeline_tests.web.desk.town import Town, a_page, a_town
from gpb_pipeline_tests.web.tool import Clock, empty_warehouse


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with empty_warehouse(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture
def _as_new(warehouse: Warehouse, clock: Clock) -> None:
    """Each test finds a course that was read, and nothing else asked for."""
    clock.ahead = 0.0
    for course in (COURSE, OTHER):
        known = [each.request_id for each in made(warehouse, course)]
        warehouse.commit(requests.purge, known, known)


@pytest.fixture
def read(warehouse: Warehouse, _as_new: None) -> Request:
    """The course, read a moment ago."""
    return looked(warehouse, "read")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with a_town(tmp_path) as open_for_the_day:
        yield open_for_the_day


@pytest.fixture
def page(browser: Browser, town: Town) -> Iterator[Page]:
    with a_page(browser, town) as opened:
        yield opened
