"""`gpb demo`, `gpb dev`: the main job against the sandbox, and the Dagster UI and pages to look round in.

Both keep what they make in .gpb/sandbox, begun anew each time as the sandbox's SIS is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.table import Table

from gpb_pipeline.cli.console import show
from gpb_pipeline.cli.history import history_table
from gpb_pipeline.cli.sync import launched
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import PassbackSettings, WebSettings
from gpb_pipeline.warehouse import logs, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Job

FOLDER = Path(".gpb/sandbox")
COURSES = ("1001", "1002", "1003", "1004", "1005", "1006", "1007")
DAGSTER_PORT = 3000
END_TIMEOUT = 60.0  # seconds that a server has to end: Dagster's lets its daemon finish what it does


@click.command("demo")
def demo_command() -> None:
    """Sync a sandbox school's grades, and hold the report against the SIS's own log."""
    with _sandbox() as sandbox:
        _demonstrate(sandbox)
    click.echo(
        f"\nEvery write that the SIS accepted: {FOLDER / 'sis' / 'writes.jsonl'}\n"
        "Look round: `make dev` does the same and keeps the sandbox, the Dagster UI on "
        f"http://127.0.0.1:{DAGSTER_PORT} and the pages running.\n"
        "Your own district: copy .env.example to .env, fill it in, `.venv/bin/gpb doctor`, then "
        "`.venv/bin/gpb sync COURSE`."
    )


@click.command("dev")
@click.option("--port", default=DAGSTER_PORT, show_default=True, help="Of the Dagster UI.")
def dev_command(port: int) -> None:
    """Run the Dagster UI and the pages until Ctrl-C; where no Canvas is set, with the sandbox's school."""
    from gpb_pipeline.orchestration.home import PROJECT, dagster_home  # noqa: PLC0415

    for ending in (signal.SIGINT, signal.SIGTERM):  # also where whoever started this ignores one of them
        signal.signal(ending, signal.default_int_handler)
    with ExitStack() as running:
        if not os.environ.get("CANVAS_BASE_URL") and not Path(".env").exists():
            _demonstrate(running.enter_context(_sandbox()))
        dagster_home()
        bin_folder = Path(sys.executable).parent
        dagster: list[str | Path] = [bin_folder / "dagster", "dev", "-w", PROJECT / "workspace.yaml"]
        servers = [
            running.enter_context(_process([*dagster, "-h", "127.0.0.1", "-p", str(port)])),
            running.enter_context(_process([bin_folder / "gpb", "web"])),
        ]
        click.echo(
            f"\nDagster UI: http://127.0.0.1:{port}   pages: {WebSettings.load().url}   Ctrl-C ends all."
        )
        try:
            while all(server.poll() is None for server in servers):
                time.sleep(0.5)
        except KeyboardInterrupt:
            return
    raise PermanentError(
        "a server ended by itself",
        item="gpb dev",
        remedy="See what it printed above; is the port taken?",
        code="server_ended",
    )


@contextmanager
def _sandbox() -> Iterator[Sandbox]:
    """Run the school, with an empty warehouse of its own, and let everything below work against it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    with running_sandbox(directory=FOLDER / "sis") as sandbox:
        os.environ.update(sandbox.environment)
        os.environ["GPB_CATALOG"] = f"sqlite:{(FOLDER / 'catalog.sqlite').absolute()}"
        os.environ["GPB_DATA_PATH"] = str((FOLDER / "data").absolute())
        ports = [urlsplit(url).port for url in (sandbox.canvas_url, sandbox.sis_url)]
        click.echo(
            f"A sandbox Canvas answers on 127.0.0.1:{ports[0]}, a sandbox SIS on 127.0.0.1:{ports[1]}."
        )
        yield sandbox


def _demonstrate(sandbox: Sandbox) -> None:
    """Sync every course, then one again; raises PermanentError where the SIS counted otherwise."""
    from gpb_pipeline.orchestration.launch import Launch  # noqa: PLC0415  a second to import

    zone = PassbackSettings.load().zone
    with tables.open_warehouse() as warehouse:
        click.echo(f"Syncing {len(COURSES)} courses through Dagster …")
        first = Launch(job_name="grade_sync", course_ids=COURSES, posted_by="make demo")
        jobs = launched(first, warehouse)
        show(history_table(jobs, zone, title="The report: grade sync history"))
        written = _written(sandbox, warehouse, jobs)
        show(_witness_table(jobs, written))
        again = Launch(job_name="grade_sync", course_ids=COURSES[:1], posted_by="make demo")
        click.echo(f"Syncing course {COURSES[0]} again: nothing has changed, so nothing is sent.")
        show(history_table(launched(again, warehouse), zone, title="The same course again"))
    if any(_reported(job) != written[job.course_id] for job in jobs) or len(jobs) < len(COURSES):
        raise PermanentError(
            "the report and the SIS's log differ",
            item="gpb demo",
            remedy="Report it with the two tables above.",
            code="demo_differs",
        )


def _written(sandbox: Sandbox, warehouse: Warehouse, jobs: Sequence[Job]) -> dict[str, tuple[int, int]]:
    """Count what the SIS says that it accepted, line items and results, by the course of their class."""
    course_of = {
        class_id: job.course_id
        for job in jobs
        for class_id in warehouse.read(logs.of_job, tables.SIS_ASSIGNMENTS, job.job_id)["class_id"]
    }
    counts: Counter[tuple[str, str]] = Counter()
    class_of: dict[str, str] = {}
    for write in sandbox.writes():
        values = write["values"]
        if write["object"] == "lineItem":
            class_of[write["sourced_id"]] = values["class_id"]
        class_id = values.get("class_id") or class_of[values["line_item_id"]]
        counts[course_of[class_id], write["object"]] += 1
    return {course: (counts[course, "lineItem"], counts[course, "result"]) for course in COURSES}


def _reported(job: Job) -> tuple[int, int]:
    return job.counts.line_items.created, job.counts.results.created


def _witness_table(jobs: Sequence[Job], written: dict[str, tuple[int, int]]) -> Table:
    table = Table("Course", title="The witness: what the SIS's own log counts", show_footer=True)
    for name, total in (
        ("SIS assignments reported", sum(_reported(job)[0] for job in jobs)),
        ("in the SIS's log", sum(items for items, _ in written.values())),
        ("SIS grades reported", sum(_reported(job)[1] for job in jobs)),
        ("in the SIS's log", sum(results for _, results in written.values())),
    ):
        table.add_column(name, str(total), justify="right")
    for job in jobs:
        (items, results), (logged_items, logged_results) = _reported(job), written[job.course_id]
        table.add_row(job.course_id, str(items), str(logged_items), str(results), str(logged_results))
    return table


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
