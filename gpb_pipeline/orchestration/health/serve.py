"""`/healthz` and `/metrics` on a loopback port: answered from the newest look, however often they are asked.

A thread of its own looks every other minute, so that no answer waits for a store: at 5,000 courses a look is
three seconds of a core. One that does not come to its end, as a store neither answers nor refuses, is told.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import click
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.orchestration.health.looking import Lookout
from gpb_pipeline.orchestration.health.metrics import rendered
from gpb_pipeline.orchestration.health.seen import Seen
from gpb_pipeline.orchestration.health.signs import signs

EVERY, PATIENCE = 120.0, 20.0  # seconds
STALE = timedelta(minutes=5)
HOST = "127.0.0.1"  # never the pages' host, and no other machine's: a Prometheus beside it reads it
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Newest:
    """The newest look, kept by a thread that looks again and again."""

    def __init__(self, look: Callable[[], Seen], clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._look = look
        self._clock = clock
        self._seen: Seen | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Look until it is left; before anything else is done the first look is waited for, in bounds."""
        first, ended = threading.Event(), threading.Event()

        def looking() -> None:
            while True:
                self._seen = self._look()
                first.set()
                if ended.wait(EVERY):
                    return

        thread = threading.Thread(target=looking, daemon=True)  # one that hangs keeps no process from ending
        thread.start()
        first.wait(PATIENCE)
        try:
            yield
        finally:
            ended.set()
            thread.join(PATIENCE)

    @property
    def seen(self) -> Seen | None:
        """Give the newest look; None where it is stale."""
        if self._seen is None or self._clock() - self._seen.at > STALE:
            return None
        return self._seen


def health_app(newest: Newest) -> Starlette:
    """Make the application: two addresses, both for programs, neither with a word of a course."""

    def healthz(_: Request) -> Response:
        seen = newest.seen
        if seen is None:
            return JSONResponse({"well": False, "trouble": ["looking"]}, 503)
        trouble = [each.name for each in signs(seen) if not each.well]
        return JSONResponse({"well": not trouble, "trouble": trouble}, 503 if trouble else 200)

    def metrics(_: Request) -> Response:
        seen = newest.seen
        return Response(status_code=503) if seen is None else Response(rendered(seen), media_type=PROMETHEUS)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", metrics)])


def serve_health(port: int) -> None:
    """Serve until SIGINT or SIGTERM. Prints the address once it answers."""
    with Lookout() as lookout, listening(port) as listener:
        newest = Newest(lookout.look)
        with newest.kept():
            config = uvicorn.Config(
                health_app(newest), access_log=False, log_level="warning", server_header=False
            )
            click.echo(f"Health: http://{HOST}:{listener.getsockname()[1]}/healthz and /metrics")
            with suppress(KeyboardInterrupt):  # uvicorn raises it again once it has ended in good order
                uvicorn.Server(config).run(sockets=[listener])


def listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as refused:
        raise PermanentError(
            f"cannot listen there ({refused.strerror})",
            item=f"{HOST}:{port}",
            remedy="Choose another with --port or GPB_HEALTH_PORT.",
            code="port_taken",
        ) from None
