"""The dependencies: what `make audit` says with an advisory database and without one; and `make sbom`."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from gpb_pipeline_tests.audit import CLEAN, HOLES, NOT_AUDITED, audit

ROOT = Path(__file__).parents[1]
LOCK = "click==8.1.0 --hash=sha256:" + "0" * 64 + "\nsix==1.16.0 --hash=sha256:" + "1" * 64 + "\n"
NOWHERE = "http://127.0.0.1:9/v1/query"


@contextmanager
def database(holes: dict[str, str]) -> Iterator[str]:
    """An advisory database over HTTP, as OSV answers, that knows these holes by package."""

    class Database(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
            found = [{"id": holes[asked], "summary": "a hole", "affected": []}] if asked in holes else []
            body = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its signature
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "small.lock"
    file.write_text(LOCK)
    return file


def test_a_hole_of_a_locked_version_is_named(lock: Path) -> None:
    with database({"jinja2": "GHSA-462w-v97r-4m45", "six": "GHSA-none"}) as url:
        status, told = audit(lock, url)
    assert status == HOLES
    assert told.splitlines()[1:] == ["six 1.16.0: GHSA-none, not mended yet"]


def test_where_no_hole_is_known_it_says_of_how_many_packages(lock: Path) -> None:
    with database({"jinja2": "GHSA-462w-v97r-4m45"}) as url:
        assert audit(lock, url) == (CLEAN, "No hole is known of the 2 packages of small.lock.")


@pytest.mark.parametrize("database_is", ["away", "empty"])
def test_without_a_database_or_with_one_that_knows_nothing_it_says_so_and_how_to_run_it(
    lock: Path, database_is: str
) -> None:
    with database({}) as empty:
        status, told = audit(lock, NOWHERE if database_is == "away" else empty)
    assert status == NOT_AUDITED
    assert told.startswith("Not audited: no advisory database could be reached, or it knows nothing.")
    assert "No hole is known" not in told
    assert "make audit OSV=" in told


def test_the_bill_of_materials_is_valid_and_of_the_lock_alone(tmp_path: Path) -> None:
    made = []
    for name in ("one.json", "other.json"):
        made.append(tmp_path / name)
        command = ["make", "--no-print-directory", "--assume-old=.venv/.dev", "sbom", f"SBOM={made[-1]}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    first, second = (each.read_text("utf-8") for each in made)
    assert first == second
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(first) is None
    found = json.loads(first)
    pinned = [
        line.split()[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line
    ]
    assert [f"{each['name']}=={each['version']}" for each in found["components"]] == pinned
    assert found["metadata"]["component"]["name"] == "gpb-pipeline"
    assert all(each["externalReferences"][0]["hashes"] for each in found["components"])
    assert str(ROOT) not in first
