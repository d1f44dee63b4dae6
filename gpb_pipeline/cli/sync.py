"""`gpb sync` and `gpb remaster`: runs through Dagster, with their progress and their end on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from gpb_pipeline.asked import asked_for
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.cli.console import show, tell, typed
from gpb_pipeline.cli.history import history_listing
from gpb_pipeline.cli.interrupt import interruptible, stderr_set_aside
from gpb_pipeline.cli.preview import previews_of, summary_listing, tell_refusal
from gpb_pipeline.cli.progress import Progress, watched
from gpb_pipeline.cli.who import who_types
from gpb_pipeline.errors import PipelineError, UsageError
from gpb_pipeline.settings import CanvasSettings, PassbackSettings, SisSettings
from gpb_pipeline.warehouse import history
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.opening import open_warehouse

if TYPE_CHECKING:
    from gpb_pipeline.orchestration.launch import JobName, Launch

STATUSES = {"Completed": 0, "Completed (with errors)": 3, "Failed": 1}
FAILED, USAGE = 1, 2
WORST_FIRST = (USAGE, FAILED, 3, 0)

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
    course_ids, unknown = _found(courses, sections=sections, assignments=assignments)
    chosen = {"sections": sections, "assignments": assignments, "confirm": confirm}
    _run("grade_sync", course_ids, unknown=unknown, posted_by=posted_by, **chosen)


@click.command("remaster")
@_common
@click.option("--yes", is_flag=True, help="Send without asking.")
def remaster_command(
    courses: tuple[str, ...], *, posted_by: str | None, assignments: tuple[str, ...], confirm: bool, yes: bool
) -> None:
    """Send everything eligible of these courses again, whatever the SIS holds already."""
    if not yes and not sys.stdin.isatty():
        raise UsageError(
            "it sends everything again, and there is nobody to ask",
            item="gpb remaster",
            remedy="Look at `gpb preview COURSE` first, then add --yes.",
        )
    course_ids, unknown = _found(courses, assignments=assignments)
    if not yes and course_ids:
        previews = previews_of(course_ids, "remaster", assignments=assignments, confirm=confirm)
        for each in previews:
            tell_refusal(each)
        show(*(summary_listing(each) for each in previews))
        if not click.confirm("Send this?"):
            click.echo("Nothing was sent.")
            raise SystemExit(FAILED)
    chosen = {"assignments": assignments, "confirm": confirm}
    _run("remaster_grade_passback", course_ids, unknown=unknown, posted_by=posted_by, **chosen)


def _found(courses: Sequence[str], **chosen: Sequence[str]) -> tuple[list[str], bool]:
    """Find the courses; tell of those that there are not. What is missing is told before a run is made."""
    SisSettings.load()
    with CanvasClient(CanvasSettings.load()) as canvas:
        asked = asked_for(canvas, courses, **chosen)
    for error in asked.unknown:
        click.echo(f"gpb: {error}", err=True)
    return asked.course_ids, bool(asked.unknown)


def _run(
    job_name: JobName, course_ids: Sequence[str], *, unknown: bool, posted_by: str | None, **chosen: Any
) -> None:
    if not course_ids:
        raise SystemExit(FAILED)
    zone = PassbackSettings.load().zone
    from gpb_pipeline.orchestration.launch import Launch, errors_logged  # noqa: PLC0415  a second to import

    by = posted_by or who_types()
    asked = Launch(job_name=job_name, course_ids=course_ids, posted_by=by, **chosen)
    with open_warehouse() as warehouse:
        history.fail_dead_jobs(warehouse)
        for course_id, job_id in zip(asked.course_ids, asked.job_ids, strict=True):
            click.echo(f"Scheduled: course {course_id}, job {job_id}")
        tell(f"Progress: {typed('history')}, or run {asked.run_id} in the Dagster UI ({typed('dev')}).")
        jobs = launched(asked, warehouse)
    show(history_listing(jobs, zone, title="Grade syncs"))
    found = {job.job_id for job in jobs}
    lost = [job_id for job_id in asked.job_ids if job_id not in found]
    for cause in [job.cause for job in jobs if job.cause] + (errors_logged(asked.run_id) if lost else []):
        click.echo(f"gpb: {cause}", err=True)
    for job in [each for each in jobs if each.status != "Completed"] or jobs[:1]:
        click.echo(f"Details: {typed('details', job.job_id)}")
    raise SystemExit(_exit_status(jobs, failed=bool(lost) or unknown))


def launched(asked: Launch, warehouse: Warehouse) -> list[Job]:
    """Run it, showing how far it is; give its jobs in the order in which they were asked for.

    A course that was never begun (its lock was taken) has no job: the run's log tells of it. Where someone
    interrupts it, no further write is made, and its jobs are ended as interrupted.
    """
    from gpb_pipeline.orchestration.launch import launch  # noqa: PLC0415

    since = datetime.now(UTC)

    def jobs() -> list[Job]:
        found = {job.job_id: job for job in warehouse.read(history.jobs, since=since)}
        return [found[job_id] for job_id in asked.job_ids if job_id in found]

    def ending() -> bool:
        """Whether the run is to come to its own end: it writes, or only Dagster has yet to end."""
        try:
            begun = jobs()
        except PipelineError:  # then nobody knows
            return True
        running = [job for job in begun if job.status == "Running"]
        return any(job.stage in history.POSTING_STAGES for job in running) or bool(begun and not running)

    with (
        Progress(len(asked.job_ids)) as progress,
        stderr_set_aside(),
        watched(progress, jobs),
        interruptible(progress, ending) as interrupted,
    ):
        launch(asked)
    if interrupted.is_set():
        history.fail_dead_jobs(warehouse)  # the run has let their locks go
        show(history_listing(jobs(), PassbackSettings.load().zone, title="Interrupted"))
        raise KeyboardInterrupt
    return jobs()


def _exit_status(jobs: Sequence[Job], *, failed: bool) -> int:
    """Give the worst: wrong usage, a failed course, failed items, none."""
    met = {USAGE if job.code == UsageError.code else STATUSES.get(job.status, FAILED) for job in jobs}
    return next(
        status for status in WORST_FIRST if status in met | ({FAILED} if failed else set()) or not status
    )
