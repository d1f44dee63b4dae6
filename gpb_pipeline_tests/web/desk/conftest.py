"""The pages as a tool of the sandbox's Canvas, over a warehouse with nothing but what was asked for."""

from collections.abc import Iterator

import pytest

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, requests, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.requests import Request
from gpb_pipeline_tests.web.desk.course import COURSE, OTHER, looked, made
from gpb_pipeline_tests.web.tool import Clock, tool_served


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("desk")
    settings = WarehouseSettings(catalog=f"sqlite:{folder / 'c.sqlite'}", data_path=str(folder / "data"))
    with ducklake.connect(settings, tables.create) as opened:
        yield opened


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def url(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, clock: Clock
) -> Iterator[str]:
    with tool_served(sandbox, warehouse, tmp_path_factory.mktemp("keys"), clock) as address:
        yield address


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
