"""The pages served by a real uvicorn from a warehouse that real syncs have filled."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from gpb_pipeline.settings import NightlySettings, WarehouseSettings, WebSettings
from gpb_pipeline.warehouse import choices, ducklake, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.web.app import create_app
from gpb_pipeline.web.serve import listening
from gpb_pipeline.web.site import make_site
from gpb_pipeline.web.tool import Tool
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import (
    ZONE,
    algebra,
    assignment,
    outcome,
    put_course,
    put_stop,
    put_sync,
)

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


@contextmanager
def served(
    warehouse: Warehouse,
    settings: WebSettings,
    nightly: NightlySettings,
    *,
    tool: Callable[[int], Tool] | None = None,
) -> Iterator[str]:
    """Serve the pages on a port of their own; without a tool the clock stands an hour after the last sync."""
    clock = {} if tool else {"clock": lambda: NOON + timedelta(hours=1)}
    site = make_site(warehouse, ZONE, nightly, **clock)
    with listening("127.0.0.1", 0) as listener:
        app = create_app(site, settings, tool(listener.getsockname()[1]) if tool else None)
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


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
