"""The pages served by a real uvicorn from a warehouse that real syncs have filled."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import NightlySettings, WarehouseSettings, WebSettings
from gpb_pipeline.warehouse import choices, ducklake, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import (
    algebra,
    assignment,
    outcome,
    put_course,
    put_stop,
    put_sync,
)
from gpb_pipeline_tests.web.serving import served
from gpb_pipeline_tests.web.tool import Clock, tool_served

Serve = Callable[..., str]


class Client(requests.Session):
    """A session of one site, as someone without a browser has it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def page(self, path: str, status: int = 200, **named: Any) -> str:
        answer = self.get(self.url + path, timeout=20, **named)
        assert answer.status_code == status
        return answer.text


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def url(
    sandbox: Sandbox, warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, clock: Clock
) -> Iterator[str]:
    """Serve the warehouse's pages as a tool of the sandbox's Canvas."""
    with tool_served(sandbox, warehouse, tmp_path_factory.mktemp("keys"), clock) as address:
        yield address


@pytest.fixture(scope="package")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One course with a sync of every kind and eleven before it, one that stopped, one that is well."""
    folder: Path = tmp_path_factory.mktemp("web")
    settings = WarehouseSettings(
        catalog=f"sqlite:{folder / 'catalog.sqlite'}", data_path=str(folder / "data")
    )
    with ducklake.connect(settings, tables.create) as opened:
        put_course(opened, "1", "Algebra I")
        put_course(opened, "2", "Biology <i>")
        mended = outcome([assignment("s1", "a1", "created")])
        for number in range(11):
            at = NOON - timedelta(days=11 - number)
            put_sync(opened, f"early-{number:02}", mended, at=at, status="Completed", type="nightly")
        put_sync(opened, "j1", algebra())
        put_course(opened, "3", "Chemistry")
        put_sync(opened, "well", mended, course_id="3", status="Completed", type="nightly")
        put_stop(opened, "stopped", course_id="2")
        opened.commit(choices.choose_nightly, ["1"], enabled=True, by="Admin", at=NOON)
        yield opened


@pytest.fixture(scope="package")
def serve(warehouse: Warehouse) -> Iterator[Serve]:
    """Serve that warehouse under the settings given."""
    with ExitStack() as servers:

        def start(nightly: NightlySettings | None = None, **settings: Any) -> str:
            on = nightly or NightlySettings(enabled=True)
            return servers.enter_context(served(warehouse, WebSettings(**settings), on))

        yield start


@pytest.fixture(scope="package")
def client(serve: Serve) -> Iterator[Client]:
    with Client(serve()) as session:
        yield session
