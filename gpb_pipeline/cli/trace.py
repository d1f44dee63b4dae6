"""`gpb trace`: why is this grade in the SIS? Every value ever sent, what Canvas said then, who graded."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from gpb_pipeline.asked import own_ids
from gpb_pipeline.canvas import grade_changes
from gpb_pipeline.canvas.grade_changes import GradeLog
from gpb_pipeline.cli.console import ConsoleTable, show, tell
from gpb_pipeline.cli.who import who_types
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.settings import CanvasSettings, PassbackSettings
from gpb_pipeline.warehouse import history, looks, trace
from gpb_pipeline.warehouse.looks import Look
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline.warehouse.trace import Trace


@click.command("trace")
@click.argument("course_id", metavar="COURSE")
@click.option("--student", "student_id", required=True, metavar="ID", help="Canvas user id.")
@click.option("--assignment", "assignment_id", required=True, metavar="ID", help="Canvas assignment id.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def trace_command(course_id: str, *, student_id: str, assignment_id: str, as_json: bool) -> None:
    """Say why a grade is in the SIS: every value ever sent, what Canvas said then, and who graded there.

    Who graded is Canvas's own log, where the token may read it. That you looked is on record.
    """
    [course_id] = own_ids([course_id])
    zone = PassbackSettings.load().zone
    with open_warehouse() as warehouse:
        looks.note(warehouse.settings.looks_folder, _look(course_id))
        found = warehouse.read(trace.of_grade, course_id, student_id=student_id, assignment_id=assignment_id)
        synced = bool(found.last or warehouse.read(history.of_courses, [course_id]))
    if not found.writes and not found.last:
        raise PermanentError(
            "nothing was ever sent for that student and assignment" if synced else "was never synced",
            item=f"course {course_id}",
            remedy="Check the three ids: they are Canvas's (`gpb details JOB --json` has them).",
        )
    graded = grade_changes.look_up(
        CanvasSettings.load, course_id, assignment_id=assignment_id, student_id=student_id
    )
    if as_json:
        told = found.as_json(zone) | {"graded_in_canvas": graded.as_json(zone)}
        click.echo(json.dumps(told, indent=2, allow_nan=False))
        return
    show(_writes_listing(found, zone), _last_listing(found, zone), _graded_listing(graded, zone))
    if graded.unread:
        tell(f"Who graded in Canvas is not known. {graded.unread}")
    if graded.hidden:
        tell("The assignment is graded anonymously: of some changes Canvas does not tell whose they are.")


def _look(course_id: str) -> Look:
    who = f"{who_types()} (gpb)"
    return Look(looked_at=datetime.now(UTC), who=who, page="trace", course_id=course_id, job_id=None)


def _writes_listing(found: Trace, zone: ZoneInfo) -> ConsoleTable:
    listing = ConsoleTable(
        f"Sent for {found.student_name or found.student_id}, {found.assignment_name or found.assignment_id}",
        ("When", "Action", "Score", "Canvas said", "Section", "Posted by", "Job"),
        numbers=frozenset({"Score"}),
    )
    for write in found.writes:
        score = "exempt" if write.exempt else "" if write.score is None else f"{write.score:g}"
        when = _when(write.sent_at, zone)
        section = write.section_name or write.section_id
        canvas = trace.said(write.canvas_state, lambda at: _when(at, zone))
        listing.add(when, write.action, score, canvas, section, write.posted_by or "", write.job_id)
    return listing


def _last_listing(found: Trace, zone: ZoneInfo) -> ConsoleTable:
    listing = ConsoleTable("Last sync", ("Started", "State", "Code", "Canvas said", "Section", "Job"))
    for last in found.last:
        when = _when(last.started_at, zone)
        section = last.section_name or last.section_id
        canvas = trace.said(last.canvas_state, lambda at: _when(at, zone))
        listing.add(when, last.state, last.code, canvas, section, last.job_id)
    return listing


def _graded_listing(graded: GradeLog, zone: ZoneInfo) -> ConsoleTable:
    listing = ConsoleTable("Graded in Canvas", ("When", "Who", "From", "To", "How"))
    for change in graded.changes:
        how = "without seeing whose work it is" if change.graded_anonymously else ""
        listing.add(_when(change.changed_at, zone), change.grader, change.before, change.after, how)
    return listing


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
