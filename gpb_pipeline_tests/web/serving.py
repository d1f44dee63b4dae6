"""The pages of a warehouse, served by a real uvicorn on a port of their own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import uvicorn
from starlette.types import ASGIApp

from gpb_pipeline.settings import CanvasSettings, NightlySettings, WebSettings
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.web.app import create_app
from gpb_pipeline.web.serve import listening
from gpb_pipeline.web.site import make_site
from gpb_pipeline.web.tool import Tool
from gpb_pipeline_tests.warehouse.rows import NOON
from gpb_pipeline_tests.warehouse.syncs import ZONE


@contextmanager
def served(
    warehouse: Warehouse,
    settings: WebSettings,
    nightly: NightlySettings,
    *,
    tool: Callable[[int], Tool] | None = None,
    zone: ZoneInfo = ZONE,
    canvas: Callable[[], CanvasSettings] = CanvasSettings.load,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Iterator[str]:
    """Serve the pages on a port of their own; without a tool the clock stands an hour after the last sync."""
    clock = {} if tool else {"clock": lambda: NOON + timedelta(hours=1)}
    site = make_site(warehouse, zone, nightly, **clock, canvas=canvas)
    with listening("127.0.0.1", 0) as listener:
        app = around(create_app(site, settings, tool(listener.getsockname()[1]) if tool else None))
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
