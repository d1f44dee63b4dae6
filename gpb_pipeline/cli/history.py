"""`gpb history`, `details`, `trace` and `web`: what became of syncs and grades, for those who look."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from gpb_pipeline.cli.console import show
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.passback.rows.counts import Written
from gpb_pipeline.settings import PassbackSettings
from gpb_pipeline.warehouse import csv_logs, details, district, history, tables, trace
from gpb_pipeline.warehouse.details import Details
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.trace import Trace

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.command("history")
@click.argument("course_id", metavar="[COURSE]", required=False)
@_AS_JSON
def history_command(course_id: str | None, *, as_json: bool) -> None:
    """List the syncs of a course, or of all, newest first."""
    zone = PassbackSettings.load().zone
    with tables.open_warehouse() as warehouse:
        history.fail_dead_jobs(warehouse)
        found = warehouse.read(history.jobs, course_id)
        if course_id and not found and warehouse.read(district.course_name, course_id) is None:
            raise PermanentError(
                "no sync of it is on record",
                item=f"course {course_id}",
                remedy="List the courses with `gpb courses`.",
            )
    if as_json:
        _print_json([job.summary(zone) for job in found])
    else:
        show(history_table(found, zone))


@click.command("details")
@click.argument("job_id", metavar="JOB")
@_AS_JSON
@click.option(
    "--csv-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for issues.csv, assignments.csv and grades.csv, which hold student data.",
)
def details_command(job_id: str, *, as_json: bool, csv_dir: Path | None) -> None:
    """Show what became of every assignment and grade of a sync."""
    zone = PassbackSettings.load().zone
    with tables.open_warehouse() as warehouse:
        history.fail_dead_jobs(warehouse)
        found = warehouse.read(details.of_job, job_id)
        if found is None:
            raise PermanentError(
                "no such sync is on record, or it is past its age",
                item=f"job {job_id}",
                remedy="List the syncs with `gpb history`.",
            )
        if csv_dir is not None:
            for path in _csv_files(warehouse, found.job, zone, csv_dir):
                click.echo(str(path), err=True)
    if as_json:
        _print_json(found.as_json(zone))
    else:
        show(history_table([found.job], zone), _data_table(found), _states_table(found), _issues_table(found))


@click.command("trace")
@click.argument("course_id", metavar="COURSE")
@click.option("--student", "student_id", required=True, metavar="ID", help="Canvas user id.")
@click.option("--assignment", "assignment_id", required=True, metavar="ID", help="Canvas assignment id.")
@_AS_JSON
def trace_command(course_id: str, *, student_id: str, assignment_id: str, as_json: bool) -> None:
    """Say why a grade is in the SIS: every value ever sent, by which sync, and what Canvas said then."""
    zone = PassbackSettings.load().zone
    with tables.open_warehouse() as warehouse:
        found = warehouse.read(trace.of_grade, course_id, student_id=student_id, assignment_id=assignment_id)
    if not found.writes and not found.last:
        raise PermanentError(
            "nothing was ever sent for that student and assignment",
            item=f"course {course_id}",
            remedy="Check the three ids: they are Canvas's (`gpb details JOB --json` has them).",
        )
    if as_json:
        _print_json(found.as_json(zone))
    else:
        show(_writes_table(found, zone), _last_table(found, zone))


@click.command("web")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: GPB_WEB_PORT. 0 takes a free one.")
def web_command(port: int | None) -> None:
    """Serve the history and details pages, on 127.0.0.1 unless GPB_WEB_HOST says otherwise."""
    from gpb_pipeline.web.serve import serve_forever  # noqa: PLC0415  no other command needs a web server

    serve_forever(port)


def _csv_files(warehouse: Warehouse, job: Job, zone: ZoneInfo, folder: Path) -> list[Path]:
    try:
        return warehouse.read(csv_logs.write, job, zone, folder)
    except OSError as refused:
        raise PermanentError(
            f"cannot write there ({refused.strerror})",
            item=f"--csv-dir {folder}",
            remedy="Name a folder that may be written to.",
        ) from None


def _print_json(read: object) -> None:
    click.echo(json.dumps(read, indent=2, allow_nan=False))


def history_table(jobs: list[Job], zone: ZoneInfo, *, title: str = "Grade sync history") -> Table:
    """Show jobs as the manual's history does."""
    table = Table(title=title)
    for name in ("Job", "Type", "Started", "Updated"):
        table.add_column(name, no_wrap=True, overflow="fold")
    for name in ("Posted by", "Stage"):
        table.add_column(name)
    for name in ("SIS assignments", "SIS grades"):
        table.add_column(name, justify="right")
    table.add_column("Status")
    table.add_column("Assignments", justify="right")
    for job in jobs:
        times = (f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" for moment in (job.started_at, job.updated_at))
        written = (_written(count) for count in (job.counts.line_items, job.counts.results))
        place = (job.job_id, f"{job.type} {job.course_id}", *times, job.posted_by, job.stage or "")
        table.add_row(*place, *written, job.status, str(job.counts.assignments))
    return table


def _written(count: Written) -> str:
    percent = count.summary()["percent"]
    return f"{count.created}/{count.sent}" + ("" if percent is None else f" ({percent:g} %)")


def _data_table(found: Details) -> Table:
    counts = found.job.counts
    table = Table("Data", title="Filtered Canvas data")
    table.add_column("Kept", justify="right")
    table.add_column("Extracted", justify="right")
    for name in ("sections", "assignments", "grades"):
        table.add_row(name, str(getattr(counts.filtered, name)), str(getattr(counts.extracted, name)))
    return table


def _states_table(found: Details) -> Table:
    table = Table("State", title="Sync")
    table.add_column("Assignments", justify="right")
    table.add_column("Grades", justify="right")
    assignments, grades = (rows["state"].value_counts() for rows in (found.assignments, found.grades))
    for state in sorted({*assignments.index, *grades.index}):
        table.add_row(state, str(assignments.get(state, 0)), str(grades.get(state, 0)))
    return table


def _issues_table(found: Details) -> Table:
    table = Table("Code", "Severity", "Type", "Stage", title="Warnings and errors")
    table.add_column("Count", justify="right")
    table.add_column("Message and remedy")
    table.add_column("Who")
    for issue in details.issue_counts(found.issues, found.job):
        said = issue.meaning
        told = f"{said.message} {said.remedy}"
        table.add_row(issue.code, said.severity, said.type, said.stage, str(issue.count), told, said.who)
    return table


def _writes_table(found: Trace, zone: ZoneInfo) -> Table:
    title = (
        f"Sent for {found.student_name or found.student_id}, {found.assignment_name or found.assignment_id}"
    )
    table = Table("When", "Action", "Score", "Section", "Job", "Posted by", "Canvas said", title=title)
    for write in found.writes:
        score = "exempt" if write.exempt else "" if write.score is None else f"{write.score:g}"
        section = write.section_name or write.section_id
        when = f"{write.sent_at.astimezone(zone):%Y-%m-%d %H:%M}"
        by = (write.job_id, write.posted_by or "", write.canvas_state or "")
        table.add_row(when, write.action, score, section, *by)
    return table


def _last_table(found: Trace, zone: ZoneInfo) -> Table:
    table = Table("Section", "Job", "Started", "State", "Code", "Canvas said", title="Last sync")
    for last in found.last:
        when = f"{last.started_at.astimezone(zone):%Y-%m-%d %H:%M}"
        table.add_row(
            last.section_name or last.section_id,
            last.job_id,
            when,
            last.state,
            last.code or "",
            last.canvas_state,
        )
    return table
