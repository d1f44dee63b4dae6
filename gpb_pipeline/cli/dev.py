"""`gpb dev`: the Dagster UI and the pages to look round in, until Ctrl-C; without settings, the sandbox's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click

from gpb_pipeline.cli.arguments import PORT
from gpb_pipeline.cli.demo import demonstrate
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.lti import keys
from gpb_pipeline.sandbox import kept
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import ENV_FILE, WebSettings

DAGSTER_PORT = 3000
NOT_FOR_USERS = "ignore:Function `dev_command` is superseded"  # it says what to type instead: they typed gpb
END_TIMEOUT = 60.0  # seconds that a server has to end: Dagster's lets its daemon finish what it does


@click.command("dev")
@click.option(
    "--port",
    type=PORT,
    default=DAGSTER_PORT,
    show_default=True,
    help="Of the Dagster UI.",
)
@click.option("--web-port", type=PORT, help="Of the pages; default: GPB_WEB_PORT.")
def dev_command(port: int, web_port: int | None) -> None:
    """Run the Dagster UI and the pages until Ctrl-C; where no Canvas is set, with the sandbox's school."""
    if web_port is not None:
        os.environ["GPB_WEB_PORT"] = str(web_port)
    pages = WebSettings.load()
    _require_free(port, "the Dagster UI", "--port")
    _require_free(pages.port, "the pages", "--web-port")
    for ending in (signal.SIGINT, signal.SIGTERM):  # also where whoever started this ignores one of them
        signal.signal(ending, signal.default_int_handler)
    with ExitStack() as running:
        if (
            not any(os.environ.get(name) for name in ("CANVAS_BASE_URL", ENV_FILE))
            and not Path(".env").exists()
        ):
            sandbox = running.enter_context(kept.fresh_sandbox())
            running.callback(kept.stop)
            _install_tool(sandbox, pages.port)
            demonstrate(sandbox)
            click.echo(f"As an instructor: sign in at {sandbox.canvas_url}/login and open Grade Sync.")
        try:
            _serve(running, port, WebSettings.load().url)
        except KeyboardInterrupt:
            return
    raise PermanentError(
        "a server ended by itself", item="gpb dev", remedy="See what it printed above.", code="server_ended"
    )


def _install_tool(sandbox: Sandbox, port: int) -> None:
    """Have the sandbox's Canvas open the pages as a tool, under another name than its own, as in life."""
    path = (kept.FOLDER / "lti-keys.json").absolute()
    keys.save(path, keys.made())
    os.environ |= sandbox.install_tool(f"http://localhost:{port}") | {"GPB_LTI_KEYS": str(path)}


def _serve(running: ExitStack, port: int, pages: str) -> None:
    """Run both servers until one of them ends."""
    from gpb_pipeline.orchestration.home import PROJECT, dagster_home  # noqa: PLC0415  a second to import

    dagster_home()
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), NOT_FOR_USERS)))
    bin_folder = Path(sys.executable).parent
    dagster: list[str | Path] = [bin_folder / "dagster", "dev", "-w", PROJECT / "workspace.yaml"]
    servers = [
        running.enter_context(_process([*dagster, "-h", "127.0.0.1", "-p", str(port)])),
        running.enter_context(_process([bin_folder / "gpb", "web"])),
    ]
    click.echo(f"\nDagster UI: http://127.0.0.1:{port}   pages: {pages}   Ctrl-C ends all.")
    while all(server.poll() is None for server in servers):
        time.sleep(0.5)


def _require_free(port: int, what: str, option: str) -> None:
    """Raise PermanentError where something listens there already: told before anything is done."""
    with closing(socket.socket()) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            raise PermanentError(
                f"the port of {what} is taken",
                item=f"127.0.0.1:{port}",
                remedy=f"Stop what listens there, or choose another port with {option}.",
                code="port_taken",
            ) from None


@contextmanager
def _process(command: Sequence[str | Path]) -> Iterator[subprocess.Popen[bytes]]:
    """Run it in a session of its own: of a terminal's Ctrl-C it is told once, by us, and ends in order."""
    with subprocess.Popen(command, env=os.environ, start_new_session=True) as process:  # noqa: S603  our own
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
