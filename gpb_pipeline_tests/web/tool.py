"""The pages as a tool that the sandbox's Canvas knows, under the name `localhost`, which is another site."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gpb_pipeline.lti import keys
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import NightlySettings, WebSettings
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.web.tool import Tool, the_tool
from gpb_pipeline_tests.web.conftest import served


class Clock:
    """The tool's: now, and then some."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@contextmanager
def tool_served(
    sandbox: Sandbox,
    warehouse: Warehouse,
    folder: Path,
    clock: Clock | None = None,
    web: WebSettings | None = None,
) -> Iterator[str]:
    """Serve the pages of a warehouse, known to the sandbox's Canvas; gives their address."""
    keys.save(folder / "keys.json", keys.made())

    def tool(port: int) -> Tool:
        with pytest.MonkeyPatch.context() as patch:
            environment = sandbox.environment | sandbox.install_tool(f"http://localhost:{port}")
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setenv("GPB_LTI_KEYS", str(folder / "keys.json"))
            made = the_tool(WebSettings.load(), clock or Clock())
        assert made is not None
        return made

    nightly = NightlySettings(enabled=True)
    settings = web or WebSettings(secret="hunter2")
    with served(warehouse, settings, nightly, tool=tool) as address:
        yield address.replace("127.0.0.1", "localhost")
