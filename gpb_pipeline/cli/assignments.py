"""`gpb assignments`: what a sync of a course would offer to choose from, by section; nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
import pandas as pd

from gpb_pipeline.cli.console import ConsoleTable, show, tell
from gpb_pipeline.cli.preview import nothing_in_scope, previewed, tell_refusal, why_not
from gpb_pipeline.course_names import require_names
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.settings import PassbackSettings
from gpb_pipeline.sync import open_connections
from gpb_pipeline.warehouse.last_sent import last_sent

SELECTABLE = {Code.NO_GRADES_YET.value, Code.NOT_SELECTED.value}  # they wait for a score, or for being chosen


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
    require_names([course])
    zone = PassbackSettings.load().zone
    with open_connections() as connections:
        (found,) = previewed(connections, [course], sections=sections)
        sent = connections.warehouse.read(last_sent, found.sections["section_id"].to_list())
    names = dict(zip(found.sections["section_id"], found.sections["section_name"], strict=True))
    offered = [_offer(each, names, sent, zone) for each in rows_of(found.assignments)]
    key = "assignment_name" if sort == "name" else "due_at"
    offered.sort(key=lambda each: (str(each[key] or "~"), str(each["section_name"])), reverse=descending)
    if as_json:
        click.echo(json.dumps(offered, indent=2))
        return
    tell_refusal(found)
    if offered:
        show(_listing(found.course_id, offered))
    else:
        tell(nothing_in_scope(found))


def _offer(
    row: Any, names: dict[str, str], sent: Mapping[Any, datetime], zone: ZoneInfo
) -> dict[str, object]:
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
        "why_not": why_not(row.code) or None,
    }


def _listing(course: str, offered: Sequence[dict[str, object]]) -> ConsoleTable:
    listing = ConsoleTable(
        f"What a sync of course {course} would offer",
        ("Selectable", "Due", "Assignment", "Id", "Last sync", "Section", "Section id", "Why not"),
    )
    for each in offered:
        due, last = (str(each[name] or "")[:16].replace("T", " ") for name in ("due_at", "last_sync"))
        name, section = each["assignment_name"], each["section_name"]
        ids = each["assignment_id"], each["section_id"]
        yes = "yes" if each["selectable"] else "no"
        listing.add(yes, due, name, ids[0], last, section, ids[1], each["why_not"])
    return listing


def _local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if pd.isna(moment) else moment.astimezone(zone).isoformat(timespec="minutes")
