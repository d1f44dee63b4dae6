"""`gpb preview`: what the next sync of a course would do, and why not; nothing is sent.

What a sync would offer to choose from is in assignments.py.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

import click
import pandas as pd

from gpb_pipeline.cli.console import ConsoleTable, show, tell
from gpb_pipeline.cli.interrupt import interruptible
from gpb_pipeline.cli.progress import Progress
from gpb_pipeline.course_names import require_names
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.events import CourseFailed, CourseJudged, Event, StageReached
from gpb_pipeline.passback.course import Selection
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.rows.counts import Extracted, kept
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.settings import PassbackSettings
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import Connections, Judged, Posting, SyncRequest, open_connections, refusal
from gpb_pipeline.warehouse import details

WOULD = {"create": "would create", "update": "would update", "withdraw": "would withdraw"}
FAILED = 1
ORDER = (*WOULD.values(), "failed", "skipped", "unchanged")
EMPTY = (
    "Course {course} has nothing in scope: {why}\n"
    "A sync takes published assignments that have Sync to SIS on, in sections that have a SIS id. "
    "Turn it on in Canvas for one graded assignment, then look again."
)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A course as read and judged: what would be written of its rows, and what keeps the others back."""

    course_id: str
    refused: PermanentError | None  # why a sync would not take the course as it is
    assignments: pd.DataFrame
    grades: pd.DataFrame
    issues: pd.DataFrame
    sections: pd.DataFrame
    extracted: Extracted

    @classmethod
    def of(cls, request: SyncRequest, judged: Judged) -> Preview:
        plan = judged.plan
        return cls(
            course_id=request.course_id,
            refused=refusal(judged.canvas.course, request.type),
            assignments=plan.assignments.assign(state=plan.assignments["state"].replace(WOULD)),
            grades=plan.grades.assign(state=plan.grades["state"].replace(WOULD)),
            issues=plan.issues,
            sections=judged.canvas.sections,
            extracted=plan.extracted,
        )


@click.command("preview")
@click.argument("course", metavar="COURSE")
@click.option("--section", "sections", multiple=True, metavar="ID", help="These alone (repeatable).")
@click.option("--assignment", "assignments", multiple=True, metavar="ID", help="These alone (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="For programs; it holds student data.")
def preview_command(
    course: str, *, sections: tuple[str, ...], assignments: tuple[str, ...], as_json: bool
) -> None:
    """Show what the next sync of a course would do, and why not; nothing is sent."""
    require_names([course])
    with open_connections() as connections:
        (found,) = previewed(connections, [course], sections=sections, assignments=assignments)
    if as_json:
        zone = PassbackSettings.load().zone
        click.echo(json.dumps(_as_json(found, zone), indent=2, allow_nan=False))
    else:
        tell_refusal(found)
        if found.assignments.empty:
            tell(nothing_in_scope(found))
        show(summary_listing(found), _who_listing(found), _assignments_listing(found))
    if found.refused is not None:
        raise SystemExit(FAILED)


def previews_of(
    courses: Sequence[str], sync_type: SyncType, *, assignments: Collection[str], confirm: bool
) -> list[Preview]:
    """Read and judge courses, sending nothing; raises the first error that would fail a sync."""
    with open_connections() as connections:
        found = previewed(connections, courses, sync_type=sync_type, assignments=assignments, confirm=confirm)
        return list(found)


def previewed(
    connections: Connections,
    courses: Sequence[str],
    *,
    sync_type: SyncType = "manual",
    sections: Collection[str] = (),
    assignments: Collection[str] = (),
    confirm: bool = False,
) -> Iterator[Preview]:
    """Judge the courses as a sync would, telling how far it is; raises the first error met."""
    selection = Selection(sections=frozenset(sections) or None, assignments=frozenset(assignments) or None)
    requests = [
        SyncRequest(
            job_id=f"preview {course}",
            course_id=course,
            type=sync_type,
            posted_by="",
            selection=selection,
            posting=Posting.NOTHING,
            confirm=confirm,
        )
        for course in courses
    ]
    with (
        Progress(len(courses)) as progress,
        interruptible(progress),
        closing(_events(connections, requests)) as events,
    ):
        for event in events:
            match event:
                case StageReached(request=request, stage=stage):
                    progress.tell(request.course_id, stage.value)
                case CourseJudged(request=request, judged=judged):
                    progress.tell(request.course_id, "judged", ended=True)
                    yield Preview.of(request, judged)
                case CourseFailed(error=error):
                    raise error


def _events(connections: Connections, requests: Sequence[SyncRequest]) -> Generator[Event]:
    yield from sync_courses(connections, requests)


def nothing_in_scope(preview: Preview) -> str:
    """Say why a course has no row, and what to do."""
    if not preview.sections["sis_section_id"].notna().any():
        why = "none of its active sections has a SIS id, or it has no active section."
    elif not preview.extracted.assignments:
        why = "no published assignment of it has Sync to SIS on."
    else:
        why = "none of its assignments that sync is assigned to a section with a SIS id."
    return EMPTY.format(course=preview.course_id, why=why)


def tell_refusal(preview: Preview) -> None:
    """Say first, where it is so, that a sync would refuse the course."""
    if preview.refused is not None:
        tell(f"A sync refuses course {preview.course_id}: {preview.refused.what}. {preview.refused.remedy}\n")


def summary_listing(preview: Preview) -> ConsoleTable:
    """Count what would be done, by state."""
    listing = ConsoleTable(
        f"What the next sync of course {preview.course_id} would do"
        + (", were it not refused" if preview.refused else ""),
        ("State", "Assignments", "Grades"),
        numbers=frozenset({"Assignments", "Grades"}),
    )
    counts = [rows["state"].value_counts() for rows in (preview.assignments, preview.grades)]
    for state in ORDER:
        if any(state in each for each in counts):
            listing.add(state, *(each.get(state, 0) for each in counts))
    return listing


def why_not(code: str | None) -> str:
    """Say in the catalogue's words what keeps a row back; nothing for one that goes."""
    return CATALOGUE[Code(code)].cause if code else ""


def _as_json(preview: Preview, zone: ZoneInfo) -> dict[str, object]:
    """Make the object of `gpb preview --json`: the shape of details, with what would be done."""
    assignments, grades = preview.assignments, preview.grades
    return {
        "job": {
            "job_id": None,
            "type": "manual",
            "course_id": preview.course_id,
            "status": "Failed" if preview.refused else None,
            "code": preview.refused.code if preview.refused else None,
            "cause": str(preview.refused) if preview.refused else None,
        },
        "filtered": asdict(kept(assignments, grades)) | {"extracted": asdict(preview.extracted)},
        **details.rows_as_json(rows_of(assignments), rows_of(grades), zone),
        "issues": [issue.as_json() for issue in details.issue_counts(preview.issues["code"])],
    }


def _assignments_listing(preview: Preview) -> ConsoleTable:
    listing = ConsoleTable("Assignments", ("State", "Code", "Section", "Assignment"))
    for each in rows_of(preview.assignments.sort_values(["assignment_name", "section_id"])):
        listing.add(each.state, each.code, each.section_id, each.assignment_name)
    return listing


def _who_listing(preview: Preview) -> ConsoleTable:
    """Say whom to ask for what."""
    listing = ConsoleTable(
        "Who can act", ("Who", "Items", "Code", "Because", "What to do"), numbers=frozenset({"Items"})
    )
    counts = Counter(Code(code) for code in preview.issues["code"])
    for code, count in sorted(counts.items(), key=lambda each: (CATALOGUE[each[0]].who, -each[1])):
        said = CATALOGUE[code]
        listing.add(said.who, count, code.value, said.cause, said.remedy)
    return listing
