"""The checks of a sync: what the UI lists of each, and where they get their frames. Verdicts: verdicts.py.

The stream logs them with each course (telling.py). Run again (job check_again, or the UI's Execute all), they
judge what the last sync left in the warehouse: of the courses asked for, or of every course.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import dagster as dg
import pandas as pd
from dagster_shared.utils.warnings import PreviewWarning
from pydantic import Field

from gpb_pipeline.events import CourseSynced
from gpb_pipeline.orchestration import verdicts
from gpb_pipeline.orchestration.metadata import Metadata
from gpb_pipeline.orchestration.partitions import COURSE
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.orchestration.verdicts import RowRule, Verdict
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rules.issues import CATALOGUE
from gpb_pipeline.sync import Judged
from gpb_pipeline.warehouse import frames, history, logs, tables
from gpb_pipeline.warehouse.ducklake import Connection

SHOWN = 50
"""Rows of a check's table: enough to begin with; the details page has all."""
SEVERITIES = {"warn": dg.AssetCheckSeverity.WARN, "error": dg.AssetCheckSeverity.ERROR}


@dataclass(frozen=True)
class RowCheck:
    """A check of the rows of `asset`; its description says what to do where it fails."""

    asset: str
    rule: RowRule
    description: str


@dataclass(frozen=True)
class SyncCheck:
    """A check of what a sync has done."""

    asset: str
    description: str


ROW_CHECKS: dict[str, RowCheck] = {
    "due_dates": RowCheck(
        "filtered_assignments",
        verdicts.DUE_DATES,
        "Every assignment has a due date for each of its sections, within an open grading period. "
        "Where not: the instructor adds or moves it in Assign to; the SIS admin opens the period.",
    ),
    "mapped_categories": RowCheck(
        "filtered_assignments",
        verdicts.MAPPED_CATEGORIES,
        "Every assignment's group has one category in the SIS. Where not: rename the group, or choose a "
        "category with `gpb categories set`.",
    ),
    "names_fit": RowCheck(
        "filtered_assignments",
        verdicts.NAMES_FIT,
        "Every assignment has a name that the SIS takes. Where not: the instructor shortens it in Canvas.",
    ),
    "names_unique": RowCheck(
        "filtered_assignments",
        verdicts.NAMES_UNIQUE,
        "No two assignments of a section share a name. Where they do: the instructor renames one; until then "
        "neither goes.",
    ),
    "numeric": RowCheck(
        "filtered_assignments",
        verdicts.NUMERIC,
        "Every assignment is graded, for more than 0 points. Where not: give it points, or turn Sync to SIS "
        "off.",
    ),
    "numeric_scores": RowCheck(
        "filtered_grades",
        verdicts.NUMERIC_SCORES,
        "Every grade is a number, or excused. Where not (text; missing or late without a score): the "
        "instructor enters a score or excuses the student.",
    ),
}
ACCOUNTED, HELD = "every_item_accounted_for", "sis_holds_what_was_sent"
SYNC_CHECKS = {
    ACCOUNTED: SyncCheck(
        "grade_syncs",
        "Every grade that was read ended in exactly one state, and the history's counts are those of its "
        "rows. If it ever fails, the pipeline has a fault: report it with the job id.",
    ),
    HELD: SyncCheck(
        "sis_grades",
        "The SIS, read back, holds what it accepted. Where not: compare the named assignments in the SIS; "
        "the next sync looks them up and sends them again.",
    ),
}
CHECKS: dict[str, RowCheck | SyncCheck] = {**ROW_CHECKS, **SYNC_CHECKS}
with catch_warnings():
    simplefilter("ignore", PreviewWarning)  # checks by partition: the version is held
    SPECS = [
        dg.AssetCheckSpec(name, asset=check.asset, description=check.description, partitions_def=COURSE)
        for name, check in CHECKS.items()
    ]


def of_judged(course_id: str, course: Judged) -> list[dg.AssetCheckEvaluation]:
    """Evaluate the checks of the filtered frames, on a course as judged."""
    found = course.judgement
    return _of_filtered(course_id, found.assignments, found.grades, found.issues)


def of_synced(course: CourseSynced) -> list[dg.AssetCheckEvaluation]:
    """Evaluate the checks of what was posted."""
    return _of_outcome(course.request.course_id, course.outcome, course.counts)


def of_warehouse(session: Connection, course_id: str) -> list[dg.AssetCheckEvaluation]:
    """Evaluate every check on what the course's last sync left; none for a course without one."""
    job = next((job for job in history.jobs(session, course_id) if job.status.startswith("Completed")), None)
    if job is None:
        return []
    outcome = Rows(
        assignments=logs.of_job(session, tables.SIS_ASSIGNMENTS, job.job_id),
        grades=logs.of_job(session, tables.SIS_GRADES, job.job_id),
        issues=logs.of_job(session, tables.ISSUES, job.job_id),
        extracted=job.counts.extracted,
    )
    assignments = frames.current(session, tables.FILTERED_ASSIGNMENTS, course_id)
    grades = frames.current(session, tables.FILTERED_GRADES, course_id)
    return [
        *_of_filtered(course_id, assignments, grades, outcome.issues),
        *_of_outcome(course_id, outcome, job.counts),
    ]


class CheckConfig(dg.Config):
    """Which courses to check again."""

    course_ids: list[str] = Field([], description="Canvas course ids. Empty: every course that was synced.")


@dg.multi_asset_check(name="sync_checks", specs=SPECS, can_subset=True)
def sync_checks(
    context: dg.AssetCheckExecutionContext, config: CheckConfig, passback: Passback
) -> Iterator[dg.AssetCheckEvaluation]:
    """Evaluate the selected checks again, from the warehouse."""
    selected = context.selected_asset_check_keys
    with passback.warehouse() as warehouse:
        for course_id in _courses_of(context, config) or warehouse.read(_synced_courses):
            evaluations = warehouse.read(of_warehouse, course_id)
            yield from (each for each in evaluations if each.asset_check_key in selected)


def _courses_of(context: dg.AssetCheckExecutionContext, config: CheckConfig) -> Sequence[str]:
    if not config.course_ids and (context.has_partition_key or context.has_partition_key_range):
        return list(context.partition_keys)
    return config.course_ids


def _synced_courses(session: Connection) -> list[str]:
    return [job.course_id for job in history.latest_of_each(session)]


def _of_filtered(
    course_id: str, assignments: pd.DataFrame, grades: pd.DataFrame, issues: pd.DataFrame
) -> list[dg.AssetCheckEvaluation]:
    rows = {"filtered_assignments": assignments, "filtered_grades": grades}
    return [
        _evaluation(check.asset, name, course_id, check.rule.verdict(rows[check.asset], issues))
        for name, check in ROW_CHECKS.items()
    ]


def _of_outcome(course_id: str, outcome: Rows, counts: Counts) -> list[dg.AssetCheckEvaluation]:
    found = {
        ACCOUNTED: verdicts.every_item_accounted_for(outcome, counts),
        HELD: verdicts.sis_holds_what_was_sent(outcome),
    }
    return [_evaluation(SYNC_CHECKS[name].asset, name, course_id, verdict) for name, verdict in found.items()]


def _evaluation(asset: str, name: str, course_id: str, verdict: Verdict) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(asset),
        check_name=name,
        passed=verdict.passed,
        severity=SEVERITIES[verdict.severity],
        partition=course_id,
        metadata=_described(verdict),
    )


def _described(verdict: Verdict) -> Metadata:
    if not verdict.met:
        return {**verdict.counts}
    return {
        **verdict.counts,
        "where": dg.MetadataValue.table(
            [
                dg.TableRecord(
                    {
                        "assignment": each.assignment_name,
                        "section_id": each.section_id,
                        "items": each.items,
                        "code": each.code.value,
                        "cause": CATALOGUE[each.code].cause,
                        "remedy": CATALOGUE[each.code].remedy,
                    }
                )
                for each in verdict.met[:SHOWN]
            ]
        ),
    }
