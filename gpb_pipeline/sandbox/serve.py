"""Starts and ends the two sandbox servers: for a test or a demo, or until interrupted (`gpb sandbox`).

What the servers answer is in canvas/ and sis/. Both listen on 127.0.0.1 only.
"""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, TextIO

import requests

from gpb_pipeline.errors import PermanentError, UsageError
from gpb_pipeline.lti.registration import configuration
from gpb_pipeline.sandbox.canvas.access import TOKENS
from gpb_pipeline.sandbox.canvas.lti import CLIENT_ID as LTI_CLIENT_ID
from gpb_pipeline.sandbox.canvas.lti import DEPLOYMENT, ISSUER
from gpb_pipeline.sandbox.districts import require_district
from gpb_pipeline.sandbox.sis.dialects import DIALECTS, SCOPE_1P2, Dialect, DialectName
from gpb_pipeline.sandbox.sis.gradebook_api import IdMode
from gpb_pipeline.sandbox.sis.tokens import CLIENT_ID, CLIENT_SECRET
from gpb_pipeline.sandbox.sis_side import SisIds

Side = Literal["canvas", "sis"]
SIDES: tuple[Side, ...] = ("canvas", "sis")
HOST = "127.0.0.1"
CANVAS_PORT, SIS_PORT = 8401, 8402
WRITES = "writes.jsonl"
TIME_ZONE = "America/New_York"
START_TIMEOUT, REQUEST_TIMEOUT, END_TIMEOUT = 60.0, 30.0, 10.0  # seconds
USED_SCOPES = ("roster.readonly", "gradebook.readonly", "gradebook.createput", "gradebook.delete")


@dataclass(frozen=True)
class Sandbox:
    """A running Canvas and SIS; `environment` is what the pipeline needs to work against them."""

    canvas_url: str
    sis_url: str
    environment: dict[str, str] = field(repr=False)  # it holds the secrets
    canvas_pid: int
    sis_pid: int

    def writes(self) -> list[dict[str, Any]]:
        """Every write that the SIS accepted, in order (sis/witness.py says what one has)."""
        writes: list[dict[str, Any]] = self.control("sis", "GET", "/writes")
        return writes

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The `line_items` and `results` that the SIS holds now."""
        state: dict[str, list[dict[str, Any]]] = self.control("sis", "GET", "/state")
        return state

    def reset(self) -> None:
        """Both sides as they were at the start, with nothing written, no fault set and no request counted."""
        for side in SIDES:
            self.control(side, "POST", "/reset")

    def set_faults(self, side: Side, *faults: dict[str, Any]) -> None:
        """Have these things go wrong on the wire from now on (faults.py says what there is)."""
        self.control(side, "PUT", "/faults", list(faults))

    def set_temperaments(self, **switches: Any) -> None:
        """Let the SIS be so from now on, and no longer as before (sis/temperaments.py says what there is)."""
        self.control("sis", "PUT", "/temperaments", switches)

    def requests_seen(self, side: Side) -> list[dict[str, Any]]:
        """The method, path, query and status of each request so far, in the order in which they ended."""
        seen: list[dict[str, Any]] = self.control(side, "GET", "/requests")
        return seen

    def install_tool(self, url: str) -> dict[str, str]:
        """Have Canvas know the tool at this address; gives what the tool's environment needs for it."""
        self.control("canvas", "PUT", "/lti/tool", configuration(url, new_tab=False))
        return {
            "GPB_WEB_URL": url,
            "GPB_LTI_ISSUER": ISSUER,
            "GPB_LTI_CLIENT_ID": LTI_CLIENT_ID,
            "GPB_LTI_DEPLOYMENTS": DEPLOYMENT,
            "GPB_LTI_AUTHORIZE_URL": f"{self.canvas_url}/api/lti/authorize_redirect",
            "GPB_LTI_JWKS_URL": f"{self.canvas_url}/api/lti/security/jwks",
        }

    def control(self, side: Side, method: str, path: str, body: Any = None) -> Any:
        """Ask a control surface (canvas/control.py, sis/control.py) below /sandbox; gives its JSON."""
        url = self.canvas_url if side == "canvas" else self.sis_url
        answer = requests.request(method, f"{url}/sandbox{path}", json=body, timeout=REQUEST_TIMEOUT)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@contextmanager
def running_sandbox(
    district: str = "school",
    directory: Path | None = None,
    *,
    canvas_port: int = 0,
    sis_port: int = 0,
    dialect: DialectName = "oneroster-1.1",
    id_mode: IdMode = "consumer",
    sis_ids: SisIds = "shared",
    today: date | None = None,
    temperaments: Mapping[str, Any] | None = None,
) -> Iterator[Sandbox]:
    """The two servers, answering, until the block is left. Port 0 takes a free one.

    `district` is a name by districts.py; with a `directory` accepted writes are also appended to its
    `writes.jsonl`. With `sis_ids` "own" the SIS knows Canvas's ids only as classCode and identifier.
    `temperaments` are what the SIS is like from the start and again after a reset.
    Raises PermanentError when a port is taken or a server does not start, UsageError for no such district.
    """
    today = today or date.today()
    require_district(district, today)
    common = ["--district", district, "--today", today.isoformat()]
    sis_options = ["--dialect", dialect, "--id-mode", id_mode, "--ids", sis_ids]
    sis_options += ["--temperaments", json.dumps(temperaments or {})]
    if directory is not None:
        _made(directory)
        sis_options += ["--writes", str(directory / WRITES)]
    with ExitStack() as stack:
        canvas_url, canvas = stack.enter_context(_server("canvas", canvas_port, common))
        sis_url, sis = stack.enter_context(_server("sis", sis_port, common + sis_options))
        for name, url in (("canvas", canvas_url), ("sis", sis_url)):
            _wait(name, url)
        environment = _environment(canvas_url, sis_url, DIALECTS[dialect], id_mode, sis_ids)
        yield Sandbox(canvas_url, sis_url, environment, canvas.pid, sis.pid)


def serve_forever(
    canvas_port: int = CANVAS_PORT,
    sis_port: int = SIS_PORT,
    *,
    district: str = "school",
    directory: Path | None = None,
    dialect: DialectName = "oneroster-1.1",
    id_mode: IdMode = "consumer",
    temperaments: Mapping[str, Any] | None = None,
    out: TextIO = sys.stdout,
) -> None:
    """Run both until interrupted; prints the lines for `.env` first."""
    with running_sandbox(
        district,
        directory,
        canvas_port=canvas_port,
        sis_port=sis_port,
        dialect=dialect,
        id_mode=id_mode,
        temperaments=temperaments,
    ) as sandbox:
        print(
            f"# A Canvas on {sandbox.canvas_url} (grades: {sandbox.canvas_url}/sandbox/gradebook)"
            f" and a SIS on {sandbox.sis_url}; Ctrl-C ends both.",
            file=out,
        )
        for name, value in sandbox.environment.items():
            print(f"{name}={value}", file=out, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


def _environment(
    canvas_url: str, sis_url: str, dialect: Dialect, id_mode: IdMode, sis_ids: SisIds
) -> dict[str, str]:
    environment = {
        "CANVAS_BASE_URL": canvas_url,
        "CANVAS_API_TOKEN": next(iter(TOKENS)),
        "CANVAS_ACCOUNT_ID": "12",
        "SIS_BASE_URL": sis_url + dialect.base,
        "SIS_DIALECT": dialect.name,
        "SIS_TOKEN_URL": sis_url + dialect.token_path,
        "SIS_CLIENT_ID": CLIENT_ID,
        "SIS_CLIENT_SECRET": CLIENT_SECRET,
        "SIS_ID_MODE": id_mode,
        "GPB_TENANT": "sandbox",
        "GPB_TIMEZONE": TIME_ZONE,
    }
    if sis_ids == "own":
        environment |= {"SIS_CLASS_MATCH": "identifier", "SIS_STUDENT_MATCH": "identifier"}
    if dialect.scoped:
        environment["SIS_SCOPE"] = " ".join(SCOPE_1P2 + name for name in USED_SCOPES)
    return environment


@contextmanager
def _server(name: str, port: int, options: list[str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """One server process; it inherits a socket that listens already, so that early requests just wait."""
    with _listening(name, port) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", f"gpb_pipeline.sandbox.{name}", "--fd", str(listener.fileno())]
        process = subprocess.Popen(
            command + options, stdin=subprocess.PIPE, pass_fds=[listener.fileno()], start_new_session=True
        )
    try:
        yield url, process
    finally:
        process.terminate()
        try:
            process.wait(END_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()


def _made(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / WRITES).open("ab").close()
    except OSError as refused:
        raise UsageError(
            f"the writes cannot be logged there ({refused.strerror})",
            item=f"--writes {directory}",
            remedy="Name a folder that may be written to.",
        ) from None


def _listening(name: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise PermanentError(
            what="the port is taken",
            item=f"sandbox {name} on {HOST}:{port}",
            remedy="Stop what listens there, or choose another port",
            code="port_taken",
        ) from None
    return listener


def _wait(name: str, url: str) -> None:
    try:
        requests.get(f"{url}/sandbox/health", timeout=START_TIMEOUT).raise_for_status()
    except requests.RequestException:
        raise PermanentError(
            what="the server did not start",
            item=f"sandbox {name} at {url}",
            remedy="See what its process printed above",
            code="sandbox_not_started",
        ) from None
