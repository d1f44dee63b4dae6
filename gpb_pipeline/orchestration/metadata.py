"""What the UI shows beside each materialization: counts, codes and assignment names. Never a student's data.

Numbers keep their keys and types from sync to sync, so that the UI plots them.
"""

from collections import Counter
from collections.abc import Sequence

import dagster as dg
import pandas as pd

from gpb_pipeline.orchestration.partitions import named
from gpb_pipeline.passback.rows import frames as rows_schemas
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code
from gpb_pipeline.sync import Judged
from gpb_pipeline.warehouse.details import IssueCount

Metadata = dict[str, dg.MetadataValue | str | int | float | None]

ISSUE_COLUMNS = dg.TableSchema(
    [
        dg.TableColumn("severity", description="info, warning or error"),
        dg.TableColumn("type", description="what it concerns: an assignment, a grade, or the course"),
        dg.TableColumn("message"),
        dg.TableColumn("stage", description="where in the sync it was found"),
        dg.TableColumn("count", "int", description="how many items"),
        dg.TableColumn("code", description="its name in docs/issues.md"),
        dg.TableColumn("remedy"),
        dg.TableColumn("who", description="who can do it"),
    ]
)


def of_judged(course: Judged) -> dict[str, Metadata]:
    """Describe what was read and judged, by asset key; `would_…` is what a sync would write."""
    canvas, filtered, plan = course.canvas, course.judgement, course.plan
    read: dict[str, pd.DataFrame] = {
        "canvas_sections": canvas.sections,
        "canvas_assignment_groups": canvas.assignment_groups,
        "canvas_assignments": canvas.assignments,
        "canvas_enrollments": canvas.enrollments,
        "canvas_submissions": canvas.submissions,
        "sis_categories": course.sis.categories,
    }
    described = {key: _rows(frame) for key, frame in read.items()} | {
        "filtered_assignments": _states(filtered.assignments, rows_schemas.JUDGED) | _would(plan.assignments),
        "filtered_grades": _states(filtered.grades, rows_schemas.JUDGED) | _would(plan.grades),
    }
    return _beside_its_name(course, described)


def of_outcome(course: Judged, outcome: Rows) -> dict[str, Metadata]:
    """Describe what came of the rows in the SIS, by asset key."""
    described = {
        "sis_assignments": _states(outcome.assignments, rows_schemas.FINAL),
        "sis_grades": _states(outcome.grades, rows_schemas.FINAL),
    }
    return _beside_its_name(course, described)


def name_of(course: Judged) -> str:
    """Give the course's name, which the partition's key does not say."""
    return course.canvas.course.name


def _beside_its_name(course: Judged, described: dict[str, Metadata]) -> dict[str, Metadata]:
    label = named(course.canvas.course.course_id, name_of(course))
    return {key: {"course": label, **each} for key, each in described.items()}


def issue_table(issues: Sequence[IssueCount]) -> dg.MetadataValue:
    """Show the manual's Warnings & Errors: type, message, stage, count; with the code, and what to do."""
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "severity": issue.meaning.severity,
                    "type": issue.meaning.type,
                    "message": issue.meaning.message,
                    "stage": issue.meaning.stage,
                    "count": issue.count,
                    "code": issue.code,
                    "remedy": issue.meaning.remedy,
                    "who": issue.meaning.who,
                }
            )
            for issue in issues
        ],
        schema=ISSUE_COLUMNS,
    )


def _rows(frame: pd.DataFrame) -> Metadata:
    return {"dagster/partition_row_count": len(frame)}


def _states(frame: pd.DataFrame, states: Sequence[str]) -> Metadata:
    """Count the rows by state, a number each, and by the code of what did not go."""
    counted = Counter(frame["state"])
    codes = Counter(frame["code"].dropna())
    return (
        _rows(frame)
        | {state: counted[state] for state in states}
        | {
            "codes": dg.MetadataValue.table(
                [
                    dg.TableRecord({"code": code, "rows": rows, "cause": CATALOGUE[Code(code)].cause})
                    for code, rows in codes.most_common()
                ],
                schema=dg.TableSchema(
                    [dg.TableColumn("code"), dg.TableColumn("rows", "int"), dg.TableColumn("cause")]
                ),
            )
        }
    )


def _would(frame: pd.DataFrame) -> Metadata:
    counted = Counter(frame["state"])
    return {f"would_{state}": counted[state] for state in ("create", "update", "withdraw")}
