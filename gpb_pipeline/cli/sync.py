"""`gpb sync` and `gpb remaster`: runs through Dagster, with their progress and their end on the terminal."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import click
from rich.live import Live
from rich.table import Table

from gpb_pipeline.cli.console import console, show
from gpb_pipeline.cli.history import history_table
from gpb_pipeline.cli.preview import preview_of, summary_table
from gpb_pipeline.errors import UsageError
from gpb_pipeline.settings import CanvasSettings, PassbackSettings, SisSettings
from gpb_pipeline.warehouse import history, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Job

if TYPE_CHECKING:
    from gpb_pipeline.orchestration.launch import Launch

STATUSES = {"Completed": 0, "Completed (with errors)": 3, "Failed": 1}
USAGE = 2
WORST_FIRST = (USAGE, 1, 3, 0)
POLL = 0.5  # seconds between looks at the history

Command = Callable[..., Any]


def _common(command: Command) -> Command:
    command = click.option("--confirm", is_flag=True, help="Release withdrawals that a sync has held.")(
        command
    )
    command = click.option(
        "--assignment", "assignments", multiple=True, metavar="ID", help="Send these alone (repeatable)."
    )(command)
    command = click.option("--posted-by", metavar="NAME", help="Who asks for it; default: you.")(command)
    return click.argument("courses", nargs=-1, required=True, metavar="COURSE…")(command)


@click.command("sync")
@_common
@click.option("--section", "sections", multiple=True, metavar="ID", help="Sync these alone (repeatable).")
def sync_command(
    courses: tuple[str, ...],
    *,
    posted_by: str | None,
    sections: tuple[str, ...],
    assignments: tuple[str, ...],
    confirm: bool,
) -> None:
    """Send what has changed in these courses since their last sync."""
    _run(
        "grade_sync",
        courses,
        posted_by=posted_by,
        sections=sections,
        assignments=assignments,
        confirm=confirm,
    )


@click.command("remaster")
@_common
@click.option("--yes", is_flag=True, help="Send without asking.")
def remaster_command(
    courses: tuple[str, ...], *, posted_by: str | None, assignments: tuple[str, ...], confirm: bool, yes: bool
) -> None:
    """Send everything eligible of these courses again, whatever the SIS holds already."""
    _require_one_course(courses, assignments)
    if not yes:
        for course in courses:
            show(summary_table(course, preview_of(course, "remaster", (), assignments, confirm=confirm)))
        if sys.stdin.isatty():
            click.confirm("Send this?", abort=True)
    _run("remaster_grade_passback", courses, posted_by=posted_by, assignments=assignments, confirm=confirm)


def _run(job_name: Any, courses: Sequence[str], *, posted_by: str | None, **chosen: Any) -> None:
    _require_one_course(courses, (*chosen.get("sections", ()), *chosen["assignments"]))
    CanvasSettings.load()  # a setting that is missing is told before a run is made of it
    SisSettings.load()
    zone = PassbackSettings.load().zone
    from gpb_pipeline.orchestration.launch import Launch, errors_logged  # noqa: PLC0415  a second to import

    asked = Launch(
        job_name=job_name,
        course_ids=list(dict.fromkeys(courses)),
        posted_by=posted_by or getpass.getuser(),
        **chosen,
    )
    with tables.open_warehouse() as warehouse:
        history.fail_dead_jobs(warehouse)
        for course_id, job_id in zip(asked.course_ids, asked.job_ids, strict=True):
            click.echo(f"Scheduled: course {course_id}, job {job_id}")
        click.echo(f"Progress: gpb history, or run {asked.run_id} in the Dagster UI (make dev).")
        jobs = launched(asked, warehouse)
    show(history_table(jobs, zone, title="Grade syncs"))
    found = {job.job_id for job in jobs}
    lost = [job_id for job_id in asked.job_ids if job_id not in found]
    for cause in [job.cause for job in jobs if job.cause] + (errors_logged(asked.run_id) if lost else []):
        click.echo(f"gpb: {cause}", err=True)
    if jobs:
        click.echo(f"Details: gpb details {jobs[0].job_id}")
    raise SystemExit(_exit_status(jobs, lost=bool(lost)))


def launched(asked: Launch, warehouse: Warehouse) -> list[Job]:
    """Run it, showing how far it is; give its jobs in the order in which they were asked for.

    A course that was never begun (its lock was taken) has no job: the run's log tells of it.
    """
    from gpb_pipeline.orchestration.launch import launch  # noqa: PLC0415

    since = datetime.now(UTC)
    with _progress(asked, warehouse, since):
        launch(asked)
    return _jobs(asked, warehouse, since)


def _jobs(asked: Launch, warehouse: Warehouse, since: datetime) -> list[Job]:
    """Read the jobs of the run, which began at `since` or later, in one go."""
    found = {job.job_id: job for job in warehouse.read(history.jobs, since=since)}
    return [found[job_id] for job_id in asked.job_ids if job_id in found]


@contextmanager
def _progress(asked: Launch, warehouse: Warehouse, since: datetime) -> Iterator[None]:
    """Show on a terminal, while the block runs, where each course is."""
    terminal = console(stderr=True)
    if not terminal.is_terminal:
        yield
        return
    ended = Event()

    def show() -> None:
        with Live(console=terminal, transient=True, refresh_per_second=4) as live:
            while not ended.wait(POLL):
                live.update(_stages(_jobs(asked, warehouse, since), len(asked.job_ids)))

    shown = Thread(target=show, name="progress")
    shown.start()
    try:
        yield
    finally:
        ended.set()
        shown.join()


def _stages(jobs: Sequence[Job], count: int) -> Table:
    done = sum(job.status != "Running" for job in jobs)
    table = Table("Course", "Stage", "Status", title=f"{done} of {count} courses")
    for job in [each for each in jobs if each.status == "Running"] or jobs:
        table.add_row(job.course_id, job.stage or "Scheduled", job.status)
    return table


def _require_one_course(courses: Sequence[str], chosen: Sequence[str]) -> None:
    if chosen and len(courses) > 1:
        raise UsageError(
            f"sections or assignments were chosen for {len(courses)} courses",
            item="--section, --assignment",
            remedy="Choose them for one course at a time.",
        )


def _exit_status(jobs: Sequence[Job], *, lost: bool) -> int:
    """Give the worst: wrong usage, a failed course, failed items, none."""
    met = {USAGE if job.code == UsageError.code else STATUSES.get(job.status, 1) for job in jobs}
    return next(status for status in WORST_FIRST if status in met | ({1} if lost else set()) or status == 0)
