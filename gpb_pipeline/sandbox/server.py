"""Runs one sandbox server on a listening socket that the parent process made, until the parent ends.

Which app is served is said by the modules that are run (`python -m gpb_pipeline.sandbox.canvas` and `.sis`).
"""

import argparse
import asyncio
import os
import socket
import sys
import threading
from datetime import date

import uvicorn
from starlette.types import ASGIApp

from gpb_pipeline.sandbox.connections import BreakableProtocol


def arguments(program: str) -> argparse.ArgumentParser:
    """The arguments that both servers take."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--fd", type=int, required=True, help="an inherited listening socket")
    parser.add_argument("--district", default="school")
    parser.add_argument("--today", type=date.fromisoformat, required=True)
    return parser


def serve(app: ASGIApp, fd: int) -> None:
    """Serve until the process ends; it ends by itself when the parent's end of stdin closes."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    config = uvicorn.Config(app, http=BreakableProtocol, lifespan="off", log_level="error", access_log=False)
    listener = socket.socket(fileno=fd)  # uvicorn's own `fd` takes it for a Unix socket, and is slow by 40 ms
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
