"""The pages as a tool that the sandbox's Canvas knows, under the name `localhost`, which is another site."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gpb_pipeline.lti import keys
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import NightlySettings, WarehouseSettings, WebSettings
from gpb_pipeline.warehouse import ducklake, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.web.tool import Tool, the_tool
from gpb_pipeline_tests.web.serving import served


class Clock:
    """The tool's: now, and then some."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@contextmanager
def empty_warehouse(folder: Path) -> Iterator[Warehouse]:
    settings = WarehouseSettings(
        catalog=f"sqlite:{folder / 'catalog.sqlite'}", data_path=str(folder / "data")
    )
    with ducklake.connect(settings, tables.create) as opened:
        yield opened


@contextmanager
def tool_served(
    sandbox: Sandbox,
    warehouse: Warehouse,
    folder: Path,
    clock: Clock | None = None,
    web: WebSettings | None = None,
    nightly: NightlySettings | None = None,
    **how: Any,
) -> Iterator[str]:
    """Serve the pages of a warehouse, known to the sandbox's Canvas; gives their address. Keys stay."""
    if not (folder / "keys.json").exists():
        keys.save(folder / "keys.json", keys.made())

    def tool(port: int) -> Tool:
        with pytest.MonkeyPatch.context() as patch:
            environment = sandbox.environment | sandbox.install_tool(f"http://localhost:{port}")
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setenv("GPB_LTI_KEYS", str(folder / "keys.json"))
            made = the_tool(WebSettings.load(), warehouse, clock or Clock())
        assert made is not None
        return made

    settings = web or WebSettings(secret="hunter2")
    with served(warehouse, settings, nightly or NightlySettings(enabled=True), tool=tool, **how) as address:
        yield address.replace("127.0.0.1", "localhost")
