"""`gpb history`: the syncs of a course, or of all; and how a terminal shows syncs, for every command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import click

from gpb_pipeline.cli.console import ConsoleTable, show, tell
from gpb_pipeline.course_names import plain_id, require_names
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.passback.rows.counts import WriteCounts
from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.settings import PassbackSettings
from gpb_pipeline.warehouse import district, history
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.opening import open_warehouse

SHOWN = 50
"""Syncs that are listed unless more are asked for: a district has thousands a night."""
NONE_YET = (
    "No sync is on record. Nothing was synced yet, or what was is past its age (GPB_KEEP_COMPLETED_DAYS, "
    "GPB_KEEP_FAILED_DAYS), or GPB_CATALOG names another warehouse.\n"
    "Look at a course first with `gpb preview COURSE`, which sends nothing; then `gpb sync COURSE`."
)


@click.command("history")
@click.argument("course_id", metavar="[COURSE]", required=False)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help=f"The newest N; else {SHOWN}.")
@click.option("--json", "as_json", is_flag=True, help="For programs; all, without --limit.")
def history_command(course_id: str | None, *, limit: int | None, as_json: bool) -> None:
    """List the syncs of a course, or of all, newest first."""
    if course_id is not None:
        course_id = _own_id(course_id)
    zone = PassbackSettings.load().zone
    limit = limit if as_json else limit or SHOWN
    with open_warehouse() as warehouse:
        history.fail_dead_jobs(warehouse)
        found = warehouse.read(history.jobs, course_id, limit=limit)
        if course_id and not found and warehouse.read(district.course_name, course_id) is None:
            raise PermanentError(
                "no sync of it is on record",
                item=f"course {course_id}",
                remedy="List the courses with `gpb courses`.",
            )
    if as_json:
        click.echo(json.dumps([job.summary(zone) for job in found], indent=2, allow_nan=False))
    elif found:
        show(history_listing(found, zone))
        if len(found) == limit:
            tell(f"The newest {limit}: there may be more (--limit).")
    else:
        tell(NONE_YET)


def _own_id(name: str) -> str:
    """Give the course's own id, for which only a SIS course id needs Canvas."""
    require_names([name])
    if (plain := plain_id(name)).isdecimal():
        return plain
    from gpb_pipeline.asked import own_ids  # noqa: PLC0415  a client of Canvas is not needed else

    [own] = own_ids([name])
    return own


def history_listing(
    jobs: Sequence[Job], zone: ZoneInfo, *, title: str = "Grade sync history"
) -> ConsoleTable:
    """Show jobs as the manual's history does, with what stopped a sync and who can act."""
    listing = ConsoleTable(
        title,
        (
            "Status",
            "SIS grades",
            "SIS assignments",
            "Course",
            "Type",
            "Started",
            "Updated",
            "Job",
            "Posted by",
            "Stage",
            "Assignments",
            "Who can act",
            "Cause",
        ),
        numbers=frozenset({"SIS grades", "SIS assignments", "Assignments"}),
    )
    for job in jobs:
        counts = job.counts
        listing.add(
            job.status,
            _written(counts.results),
            _written(counts.line_items),
            job.course_id,
            job.type,
            *(f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" for moment in (job.started_at, job.updated_at)),
            job.job_id,
            job.posted_by,
            job.stage,
            counts.assignments,
            stop_of(job.code).who if job.code else None,
            job.cause,
        )
    return listing


def _written(count: WriteCounts) -> str:
    percent = count.summary()["percent"]
    return f"{count.created}/{count.sent}" + ("" if percent is None else f" ({percent:g} %)")
