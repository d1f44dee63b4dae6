"""`gpb preview`, `gpb assignments`: what the next sync would do, and what it would offer; nothing is sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
import pandas as pd
from rich.table import Table

from gpb_pipeline.cli.console import show
from gpb_pipeline.events import CourseFailed, CourseJudged
from gpb_pipeline.passback.course import Selection, SyncType
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.rows.counts import kept
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code
from gpb_pipeline.settings import PassbackSettings
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import Connections, Judged, Posting, SyncRequest, open_connections
from gpb_pipeline.warehouse import details

SELECTABLE = {Code.NO_GRADES_YET.value, Code.NOT_SELECTED.value}  # they wait for a score, or for being chosen
WOULD = {"create": "would create", "update": "would update", "withdraw": "would withdraw"}


@click.command("preview")
@click.argument("course", metavar="COURSE")
@click.option("--section", "sections", multiple=True, metavar="ID", help="These alone (repeatable).")
@click.option("--assignment", "assignments", multiple=True, metavar="ID", help="These alone (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="For programs; it holds student data.")
def preview_command(
    course: str, *, sections: tuple[str, ...], assignments: tuple[str, ...], as_json: bool
) -> None:
    """Show what the next sync of a course would do, and why not; nothing is sent."""
    judged = preview_of(course, "manual", sections, assignments, confirm=False)
    if as_json:
        zone = PassbackSettings.load().zone
        click.echo(json.dumps(_as_json(course, judged, zone), indent=2, allow_nan=False))
        return
    show(summary_table(course, judged), _assignments_table(judged.plan), _people_table(judged.plan))


@click.command("assignments")
@click.argument("course", metavar="COURSE")
@click.option("--sort", type=click.Choice(["name", "date"]), default="name", show_default=True)
@click.option("--descending", is_flag=True)
@click.option("--section", "sections", multiple=True, metavar="ID", help="Of these alone (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def assignments_command(
    course: str, *, sort: str, descending: bool, sections: tuple[str, ...], as_json: bool
) -> None:
    """List the assignments that a sync would offer, by section: due, last sent, and what keeps one back."""
    zone = PassbackSettings.load().zone
    with open_connections() as connections:
        judged = _judged(connections, course, "manual", Selection(sections=frozenset(sections) or None))
    held = judged.on_record.line_items
    sent = {(each.section_id, each.assignment_id): each.sent_at for each in rows_of(held)}
    names = dict(
        zip(judged.canvas.sections["section_id"], judged.canvas.sections["section_name"], strict=True)
    )
    offered = [_offer(each, names, sent, zone) for each in rows_of(judged.plan.assignments)]
    key = "assignment_name" if sort == "name" else "due_at"
    offered.sort(key=lambda each: (str(each[key] or "~"), str(each["section_name"])), reverse=descending)
    if as_json:
        click.echo(json.dumps(offered, indent=2))
        return
    show(_offers_table(course, offered))


def preview_of(
    course: str, sync_type: SyncType, sections: Sequence[str], assignments: Sequence[str], *, confirm: bool
) -> Judged:
    """Read and judge a course, sending nothing; raises the error that would fail its sync."""
    selection = Selection(sections=frozenset(sections) or None, assignments=frozenset(assignments) or None)
    with open_connections() as connections:
        return _judged(connections, course, sync_type, selection, confirm=confirm)


def summary_table(course: str, judged: Judged) -> Table:
    """Count what would be done, by state."""
    table = Table("State", title=f"What the next sync of course {course} would do")
    counts = [
        rows["state"].replace(WOULD).value_counts() for rows in (judged.plan.assignments, judged.plan.grades)
    ]
    table.add_column("Assignments", justify="right")
    table.add_column("Grades", justify="right")
    for state in (*WOULD.values(), "unchanged", "skipped", "failed"):
        if any(state in each for each in counts):
            table.add_row(state, *(str(each.get(state, 0)) for each in counts))
    return table


def _judged(
    connections: Connections, course: str, sync_type: SyncType, selection: Selection, *, confirm: bool = False
) -> Judged:
    request = SyncRequest(
        job_id="preview",
        course_id=course,
        type=sync_type,
        posted_by="",
        selection=selection,
        posting=Posting.NOTHING,
        confirm=confirm,
    )
    for event in sync_courses(connections, [request]):
        match event:
            case CourseJudged(judged=judged):
                return judged
            case CourseFailed(error=error):
                raise error
    raise AssertionError("a preview is judged or failed")


def _as_json(course: str, judged: Judged, zone: ZoneInfo) -> dict[str, object]:
    """Make the object of `gpb preview --json`: the shape of details, with what would be done."""
    plan = judged.plan
    assignments = plan.assignments.assign(state=plan.assignments["state"].replace(WOULD), sis_error=None)
    grades = plan.grades.assign(state=plan.grades["state"].replace(WOULD), sis_error=None)
    return {
        "job": {"job_id": None, "type": "manual", "course_id": course, "status": None},
        "filtered": asdict(kept(assignments, grades)) | {"extracted": asdict(plan.extracted)},
        **details.rows_as_json(assignments, grades, zone),
        "issues": [issue.as_json() for issue in details.issue_counts(plan.issues)],
    }


def _assignments_table(plan: Rows) -> Table:
    table = Table("Assignment", "Section", "State", "Why not", title="Assignments")
    for each in rows_of(plan.assignments.sort_values(["assignment_name", "section_id"])):
        table.add_row(
            each.assignment_name, each.section_id, WOULD.get(each.state, each.state), _why(each.code)
        )
    return table


def _people_table(plan: Rows) -> Table:
    """Say whom to ask for what."""
    table = Table("Who", "What to do", "Because", title="Who can act")
    table.add_column("Items", justify="right")
    counts = Counter(Code(code) for code in plan.issues["code"])
    for code, count in sorted(counts.items(), key=lambda each: (CATALOGUE[each[0]].who, -each[1])):
        said = CATALOGUE[code]
        table.add_row(said.who, said.remedy, said.cause, str(count))
    return table


def _offer(row: Any, names: dict[str, str], sent: dict[Any, datetime], zone: ZoneInfo) -> dict[str, object]:
    last = sent.get((row.section_id, row.assignment_id))
    return {
        "assignment_id": row.assignment_id,
        "assignment_name": row.assignment_name,
        "section_id": row.section_id,
        "section_name": names[row.section_id],
        "due_at": _local(row.due_at, zone),
        "last_sync": _local(last, zone),
        "selectable": row.code is None or row.code in SELECTABLE,
        "code": row.code,
        "why_not": _why(row.code) or None,
    }


def _offers_table(course: str, offered: Sequence[dict[str, object]]) -> Table:
    table = Table("Id", "Assignment", "Section", "Due", "Last sync", "Selectable", title=f"Course {course}")
    for each in offered:
        cells = ("assignment_id", "assignment_name", "section_name", "due_at", "last_sync")
        table.add_row(*(str(each[name] or "") for name in cells), str(each["why_not"] or "yes"))
    return table


def _why(code: str | None) -> str:
    return CATALOGUE[Code(code)].cause if code else ""


def _local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if pd.isna(moment) else moment.astimezone(zone).isoformat(timespec="minutes")
