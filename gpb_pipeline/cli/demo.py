"""`gpb demo`: the main job against the sandbox, held against the SIS's own log, and what to try next.

The sandbox stays, so that every other command works on it in the same terminal (sandbox/kept.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from gpb_pipeline.cli.console import ConsoleTable, show, tell
from gpb_pipeline.cli.history import history_listing
from gpb_pipeline.cli.sync import launched
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.sandbox.kept import ENVIRONMENT, WRITES, fresh_sandbox
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import PassbackSettings
from gpb_pipeline.warehouse import history, logs, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.opening import open_warehouse

COURSES = ("1001", "1002", "1003", "1004", "1005", "1006", "1007")
GPB = ".venv/bin/gpb"


@click.command("demo")
def demo_command() -> None:
    """Sync a sandbox school's grades, and hold the report against the SIS's own log."""
    with fresh_sandbox() as sandbox:
        demonstrate(sandbox)
        _show_around(sandbox)


def _show_around(sandbox: Sandbox) -> None:
    """Say what to try next, with a grade that was sent."""
    with open_warehouse() as warehouse:
        first = warehouse.read(history.jobs, COURSES[0])[-1]
        grades = rows_of(warehouse.read(logs.of_job, tables.SIS_GRADES, first.job_id))
    grade = next(row for row in grades if row.state == "created" and not row.exempt)
    ids = f"{grade.assignment_id} {grade.user_id}"
    score = grade.score - 1 if grade.score >= 1 else grade.score + 1
    trace = f"--student {grade.user_id} --assignment {grade.assignment_id}"
    tell(f"\nThe sandbox keeps running: a Canvas on {sandbox.canvas_url}, a SIS on {sandbox.sis_url}.")
    click.echo("\nSee a grade arrive: change it in Canvas, send it, see it in the SIS, and why it is there.")
    for line in (
        f"sandbox grade {COURSES[0]} {ids} {score:g}",
        f"--sandbox sync {COURSES[0]}",
        "sandbox log",
        f"--sandbox trace {COURSES[0]} {trace}",
    ):
        click.echo(f"  {GPB} {line}")
    click.echo(f"Or type it into the gradebook: {sandbox.canvas_url}/sandbox/gradebook/{COURSES[0]}")
    click.echo("\nLook round:")
    for line, what in (
        ("--sandbox history", "every sync"),
        ("--sandbox details JOB", "what failed or was skipped, why, and who can act"),
        ("--sandbox preview 1005", "what a sync would do; nothing is sent"),
        ("--sandbox dev", "the Dagster UI and the pages"),
        ("sandbox stop", "end the sandbox"),
        ("init", "connect your own district"),
    ):
        click.echo(f"  {GPB} {line:<24}  {what}")
    click.echo(f"\nIts settings: {ENVIRONMENT}   Every write that the SIS accepted: {WRITES}")


def demonstrate(sandbox: Sandbox) -> None:
    """Sync every course, then one again; raises PermanentError where the SIS counted otherwise."""
    from gpb_pipeline.orchestration.launch import Launch  # noqa: PLC0415  a second to import

    zone = PassbackSettings.load().zone
    with open_warehouse() as warehouse:
        click.echo(f"Syncing {len(COURSES)} courses through Dagster …", err=True)
        first = Launch(job_name="grade_sync", course_ids=COURSES, posted_by="make demo")
        jobs = launched(first, warehouse)
        show(history_listing(jobs, zone, title="The report: grade sync history"))
        written = _written(sandbox, warehouse, jobs)
        click.echo()
        show(_witness_listing(jobs, written))
        again = Launch(job_name="grade_sync", course_ids=COURSES[:1], posted_by="make demo")
        click.echo(f"\nSyncing course {COURSES[0]} again: nothing has changed, so nothing is sent.")
        show(history_listing(launched(again, warehouse), zone, title="The same course again"))
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


def _witness_listing(jobs: Sequence[Job], written: dict[str, tuple[int, int]]) -> ConsoleTable:
    columns = ("Course", "Assignments reported", "logged by the SIS", "Grades reported", "logged")
    listing = ConsoleTable(
        "The witness: what the SIS's own log counts", columns, numbers=frozenset(columns[1:])
    )
    for job in jobs:
        (items, results), (logged_items, logged_results) = _reported(job), written[job.course_id]
        listing.add(job.course_id, items, logged_items, results, logged_results)
    reported = [sum(_reported(job)[which] for job in jobs) for which in (0, 1)]
    logged = [sum(counts[which] for counts in written.values()) for which in (0, 1)]
    listing.add("all", reported[0], logged[0], reported[1], logged[1])
    return listing
