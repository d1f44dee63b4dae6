"""`gpb web`: the pages on a port, until told to end."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress

import click
import uvicorn

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.settings import NightlySettings, PassbackSettings, WebSettings
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline.web.access import assure_guarded
from gpb_pipeline.web.app import create_app
from gpb_pipeline.web.site import make_site
from gpb_pipeline.web.tool import the_tool


def serve_forever(port: int | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `port` beats the setting. Prints the address once it answers.

    Nothing is logged of requests; who looked at pages that show students is on record (looks.py).
    """
    settings = WebSettings.load()
    with open_warehouse() as warehouse, ExitStack() as stack:
        tool = the_tool(settings, warehouse)
        assure_guarded(settings, tool)
        listener = stack.enter_context(listening(settings.host, settings.port if port is None else port))
        here = make_site(warehouse, PassbackSettings.load().zone, NightlySettings.load())
        config = uvicorn.Config(
            create_app(here, settings, tool),
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,  # the peer's own address decides whether it is the trusted proxy
        )
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        click.echo(f"Grade sync pages: http://{host}:{listener.getsockname()[1]}/")
        with suppress(KeyboardInterrupt):  # uvicorn raises it again once it has ended in good order
            uvicorn.Server(config).run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as refused:
        raise PermanentError(
            f"cannot listen there ({refused.strerror})",
            item=f"{host}:{port}",
            remedy="Choose another with --port or GPB_WEB_PORT.",
            code="port_taken",
        ) from None
