"""`gpb details`: what became of the items of a sync: how many, and by cause why not, where, and who can act.

A terminal names assignments and sections, and shows the SIS's own words, which may name a student; else
students are in the JSON and the CSV files alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from gpb_pipeline.cli.console import ConsoleTable, counted, show, tell
from gpb_pipeline.cli.history import history_listing
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.settings import PassbackSettings
from gpb_pipeline.warehouse import csv_logs, details, history
from gpb_pipeline.warehouse.details import Details
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.opening import open_warehouse

FIRST = 3  # places and particulars of a cause that are told; --all tells every one


@click.command("details")
@click.argument("job_id", metavar="JOB")
@click.option("--json", "as_json", is_flag=True, help="For programs; it holds student data.")
@click.option("--all", "every", is_flag=True, help="Tell every place of a cause, and all that the SIS said.")
@click.option(
    "--csv-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for issues.csv, assignments.csv and grades.csv, which hold student data.",
)
def details_command(job_id: str, *, as_json: bool, every: bool, csv_dir: Path | None) -> None:
    """Say what became of the items of a sync: how many, and by cause what failed or was skipped."""
    zone = PassbackSettings.load().zone
    with open_warehouse() as warehouse:
        history.fail_dead_jobs(warehouse)
        found = warehouse.read(details.of_job, job_id)
        if found is None:
            raise PermanentError(
                "no such sync is on record, or it is past its age",
                item=f"job {job_id}",
                remedy=f"A course's syncs: `gpb history {job_id}`."
                if job_id.isdecimal()
                else "List the syncs with `gpb history`.",
            )
        if csv_dir is not None:
            for path in _csv_files(warehouse, found.job, zone, csv_dir):
                click.echo(str(path), err=True)
    if as_json:
        click.echo(json.dumps(found.as_json(zone), indent=2, allow_nan=False))
        return
    show(
        history_listing([found.job], zone, title="Sync"),
        _data_listing(found),
        _states_listing(found),
        _causes_listing(found, None if every else FIRST),
    )
    if not found.issues and found.job.code is None:
        tell("\nNo warning and no error.")


def _csv_files(warehouse: Warehouse, job: Job, zone: ZoneInfo, folder: Path) -> list[Path]:
    try:
        return warehouse.read(csv_logs.write, job, zone, folder)
    except OSError as refused:
        raise PermanentError(
            f"cannot write there ({refused.strerror})",
            item=f"--csv-dir {folder}",
            remedy="Name a folder that may be written to.",
        ) from None


def _data_listing(found: Details) -> ConsoleTable:
    counts = found.job.counts
    columns = ("Data", "Kept", "Extracted")
    listing = ConsoleTable("Filtered Canvas data", columns, numbers=frozenset(columns[1:]))
    for name in ("sections", "assignments", "grades"):
        listing.add(name, getattr(counts.filtered, name), getattr(counts.extracted, name))
    return listing


def _states_listing(found: Details) -> ConsoleTable:
    columns = ("State", "Assignments", "Grades")
    listing = ConsoleTable("What became of them", columns, numbers=frozenset(columns[1:]))
    assignments, grades = (Counter(row.state for row in rows) for rows in (found.assignments, found.grades))
    for state in sorted({*assignments, *grades}):
        listing.add(state, assignments[state], grades[state])
    return listing


def _causes_listing(found: Details, most: int | None) -> ConsoleTable:
    listing = ConsoleTable(
        "Warnings and errors",
        (
            "Severity",
            "Items",
            "Code",
            "Who can act",
            "Stage",
            "Type",
            "Cause",
            "In particular",
            "Remedy",
            "The SIS said",
            "Where",
        ),
        numbers=frozenset({"Items"}),
    )
    for issue in found.issue_counts():
        said = issue.meaning
        met = [row for row in found.issues if row.code == issue.code]
        listing.add(
            said.severity,
            issue.count,
            issue.code,
            said.who,
            said.stage,
            said.type,
            said.message,
            _first(_distinct(row.detail for row in met), most),
            said.remedy,
            _first(_distinct(row.sis_error for row in met), most),
            _first(_places(found, met), most),
        )
    return listing


def _first(texts: Sequence[str], most: int | None) -> str:
    told = "; ".join(texts[:most])
    if most is not None and len(texts) > most:
        told += f"; and {len(texts) - most} more (--all)"
    return told


def _distinct(texts: Iterable[str | None]) -> list[str]:
    """Give each text once with how many items have it, the most frequent first."""
    counts = Counter(text for text in texts if text is not None)
    return [text if count == 1 else f"{text} ({count} ×)" for text, count in counts.most_common()]


def _places(found: Details, met: Sequence[Any]) -> list[str]:
    """Name the assignments and sections that a cause met, those with the most students first."""
    names = {row.assignment_id: row.assignment_name for row in (*found.grades, *found.assignments)}
    students = any(row.user_id is not None for row in met)
    counts = Counter((row.assignment_id, row.section_id) for row in met if row.assignment_id is not None)
    placed = sorted(counts.items(), key=lambda each: (-each[1], names.get(each[0][0], ""), each[0][1] or ""))
    return [
        f"{names.get(assignment, assignment)}"
        + (f", section {section}" if section else "")
        + (f" ({counted(count, 'student')})" if students else "")
        for (assignment, section), count in placed
    ]
