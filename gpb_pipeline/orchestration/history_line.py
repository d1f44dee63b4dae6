"""The metadata of `grade_syncs`: a sync's line in the history and its overview, in the manual's words.

The same line as `gpb history --json` (docs/decisions.md §7), flat, so that the UI plots its numbers.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from gpb_pipeline.events import CourseFailed, CourseSynced, CourseUnchanged
from gpb_pipeline.orchestration.graphs import bar_graph
from gpb_pipeline.orchestration.metadata import Metadata, issue_table, name_of
from gpb_pipeline.orchestration.partitions import cause_of, named
from gpb_pipeline.passback.rows import frames as rows_schemas
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.sync import Stage, SyncRequest
from gpb_pipeline.warehouse.details import IssueCount, by_gravity, issue_counts


def of_synced(course: CourseSynced, zone: ZoneInfo, pages: str) -> Metadata:
    """Make the line of a sync that came to its end, item failures included; what failed most stands first."""
    outcome = course.outcome
    met = issue_counts(outcome.issues["code"])
    return (
        _heading(course.request.course_id, name_of(course.judged), course.status, met)
        | _line(course.request, course.started_at, course.at, course.counts, zone, pages)
        | {"stage": Stage.VERIFY.value}
        | _filtered(course.counts)
        | {
            "grades_withdrawn": course.counts.withdrawn,
            "warnings_and_errors": issue_table(met),
            "AssignmentsSync": _graph("AssignmentsSync", Counter(outcome.assignments["state"])),
            "GradesSync": _graph("GradesSync", Counter(outcome.grades["state"])),
        }
    )


def of_unchanged(course: CourseUnchanged, zone: ZoneInfo, pages: str) -> Metadata:
    """Make the line of a sync that shares an earlier one's judgement, as that one's was."""
    request, base, counts = course.request, course.base, course.base.job.counts
    met = by_gravity(base.overview.issues)
    return (
        _heading(request.course_id, base.overview.course_name, base.job.status, met)
        | _line(request, course.started_at, course.at, counts, zone, pages)
        | {"stage": Stage.VERIFY.value}
        | _filtered(counts)
        | {
            "grades_withdrawn": counts.withdrawn,
            "judged_in": dg.MetadataValue.url(f"{pages}/syncs/{base.job.job_id}"),
            "warnings_and_errors": issue_table(met),
            "AssignmentsSync": _graph("AssignmentsSync", base.overview.assignments),
            "GradesSync": _graph("GradesSync", base.overview.grades),
        }
    )


def _heading(course_id: str, name: str | None, status: str, met: Sequence[IssueCount]) -> Metadata:
    failed = [each for each in met if each.meaning.severity == "error"]
    heading: Metadata = {"course": named(course_id, name), "status": status}
    if failed:
        heading |= {
            "cause": " ".join(each.meaning.message for each in failed),
            "who": ", ".join(dict.fromkeys(each.meaning.who for each in failed)),
        }
    return heading


def of_failed(
    course: CourseFailed, name: str | None, stage: str | None, zone: ZoneInfo, pages: str
) -> Metadata:
    """Make the line of a sync that stopped: what stopped it, what to do and who can do it stand first."""
    request = course.request
    return {
        "course": named(request.course_id, name),
        "status": "Failed",
        "cause": cause_of(course.error, request.course_id),
        "remedy": course.error.remedy,
        "who": stop_of(course.error.code).who,
        "code": course.error.code,
        "stage": stage,
    } | _line(request, course.started_at, course.at, course.counts, zone, pages)


def _line(
    request: SyncRequest,
    started_at: datetime,
    updated_at: datetime,
    counts: Counts,
    zone: ZoneInfo,
    pages: str,
) -> Metadata:
    line: Metadata = {
        "type": request.type,
        "course_id": request.course_id,
        "time_started": started_at.astimezone(zone).isoformat(timespec="seconds"),
        "time_updated": updated_at.astimezone(zone).isoformat(timespec="seconds"),
        "posted_by": request.posted_by,
        "job_id": request.job_id,
        "details": dg.MetadataValue.url(f"{pages}/syncs/{request.job_id}"),
        "assignments": counts.assignments,
    }
    for name, written in (("sis_assignments", counts.line_items), ("sis_grades", counts.results)):
        line |= {f"{name}_{key}": value for key, value in written.summary().items()}
    return line


def _filtered(counts: Counts) -> Metadata:
    """Make the manual's Filtered Canvas Data: what the rules kept of what was read."""
    kept: Metadata = {f"filtered_{name}": count for name, count in asdict(counts.filtered).items()}
    return kept | {f"extracted_{name}": count for name, count in asdict(counts.extracted).items()}


def _graph(title: str, counted: Mapping[str, int]) -> dg.MetadataValue:
    return dg.MetadataValue.md(
        bar_graph(title, {state: counted.get(state, 0) for state in rows_schemas.FINAL})
    )
