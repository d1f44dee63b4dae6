"""The checks of a sync, evaluated on a course: what each says of it. Their list is check_specs.py's.

The stream logs them with each course (telling.py); check_again.py evaluates them again from the warehouse.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import dagster as dg
import pandas as pd
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,  # no public name
)

from gpb_pipeline.errors import PipelineError
from gpb_pipeline.events import CourseSynced, CourseUnchanged
from gpb_pipeline.orchestration import verdicts
from gpb_pipeline.orchestration.check_specs import ACCOUNTED, CHECKS, HELD, ROW_CHECKS, SYNCED
from gpb_pipeline.orchestration.metadata import Metadata, issue_table, name_of
from gpb_pipeline.orchestration.partitions import cause_of, named
from gpb_pipeline.orchestration.verdicts import Verdict
from gpb_pipeline.passback.course import Reject
from gpb_pipeline.passback.rows.assignments import in_scope
from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.passback.rules.issues import CATALOGUE
from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.sync import Judged
from gpb_pipeline.warehouse.details import IssueCount, by_gravity, issue_counts

SHOWN = 50
"""Rows of a check's table: enough to begin with; the details page has all."""
SEVERITIES = {"warn": dg.AssetCheckSeverity.WARN, "error": dg.AssetCheckSeverity.ERROR}


def of_judged(course_id: str, course: Judged) -> list[dg.AssetCheckEvaluation]:
    """Evaluate the checks of the rows, on a preview: as they would go."""
    return of_rows(course_id, named(course_id, name_of(course)), course.plan)


def of_synced(course: CourseSynced) -> list[dg.AssetCheckEvaluation]:
    """Evaluate every check, on a sync that came to its end."""
    course_id, canvas = course.request.course_id, course.judged.canvas
    label = named(course_id, name_of(course.judged))
    asked_for = frozenset(in_scope(canvas.sections, course.request.selection)["section_id"])
    read = verdicts.answered(canvas.submissions, canvas.enrollments, course.outcome.assignments, asked_for)
    return of_outcome(
        course_id, label, course.status, course.outcome, course.counts, read, rejects=canvas.rejects
    )


def of_unchanged(course: CourseUnchanged) -> dg.AssetCheckEvaluation:
    """Evaluate the end of a sync that shares an earlier one's judgement; all else is as that one left it."""
    course_id, base = course.request.course_id, course.base
    label = named(course_id, base.overview.course_name)
    return of_end(course_id, label, base.job.status, by_gravity(base.overview.issues))


def of_end(course_id: str, label: str, status: str, issues: Sequence[IssueCount]) -> dg.AssetCheckEvaluation:
    """Evaluate how a sync ended that came to its end: green, or yellow with the causes of what failed."""
    described: Metadata = {"course": label, "status": status}
    if failed := [each for each in issues if each.meaning.severity == "error"]:
        most = max(failed, key=lambda each: each.count).meaning
        described |= {
            "items_failed": sum(each.count for each in failed),
            "cause": most.message,
            "remedy": most.remedy,
            "who": ", ".join(dict.fromkeys(each.meaning.who for each in failed)),
            "errors": issue_table(failed),
        }
    return _evaluation(SYNCED, course_id, passed=status == "Completed", severity="warn", described=described)


def of_failure(
    course_id: str, label: str, *, code: str | None, cause: str, remedy: str | None
) -> dg.AssetCheckEvaluation:
    """Evaluate the end of a sync that stopped: red, with why, what to do, and who can do it."""
    described: Metadata = {
        "course": label,
        "status": "Failed",
        "code": code,
        "cause": cause,
        "remedy": remedy,
        "who": stop_of(code or "").who,
    }
    return _evaluation(SYNCED, course_id, passed=False, severity="error", described=described)


def of_error(course_id: str, label: str, error: PipelineError) -> dg.AssetCheckEvaluation:
    """Evaluate the end of a sync that `error` stopped."""
    return of_failure(
        course_id, label, code=error.code, cause=cause_of(error, course_id), remedy=error.remedy
    )


def of_rows(course_id: str, label: str, rows: Rows) -> list[dg.AssetCheckEvaluation]:
    """Evaluate the checks of single rows, by what came of them or would."""
    frames: dict[str, pd.DataFrame] = {
        "filtered_assignments": rows.assignments,
        "filtered_grades": rows.grades,
    }
    return [
        _of_verdict(name, course_id, label, check.rule.verdict(frames[check.asset], rows.issues))
        for name, check in ROW_CHECKS.items()
    ]


def of_outcome(
    course_id: str,
    label: str,
    status: str,
    outcome: Rows,
    counts: Counts,
    read: verdicts.Pairs,
    rejects: Collection[Reject] = (),
) -> list[dg.AssetCheckEvaluation]:
    """Evaluate every check on an outcome, and against the grades that Canvas answered."""
    return [
        *of_rows(course_id, label, outcome),
        of_end(course_id, label, status, issue_counts(outcome.issues["code"])),
        _of_verdict(
            ACCOUNTED, course_id, label, verdicts.every_item_accounted_for(outcome, counts, read, rejects)
        ),
        _of_verdict(HELD, course_id, label, verdicts.sis_holds_what_was_sent(outcome)),
    ]


def aimed(
    instance: dg.DagsterInstance, evaluations: Iterable[dg.AssetCheckEvaluation]
) -> Iterator[dg.AssetCheckEvaluation]:
    """Give each with the materialization that it is about: else the UI shows its partition as Missing."""
    latest: dict[tuple[dg.AssetKey, str | None], AssetCheckEvaluationTargetMaterializationData | None] = {}
    for each in evaluations:
        at = (each.asset_key, each.partition)
        if at not in latest:
            latest[at] = _latest(instance, *at)
        yield dg.AssetCheckEvaluation(
            asset_key=each.asset_key,
            check_name=each.check_name,
            passed=each.passed,
            severity=each.severity,
            metadata=each.metadata,
            partition=each.partition,
            target_materialization_data=latest[at],
        )


def _latest(
    instance: dg.DagsterInstance, key: dg.AssetKey, course_id: str | None
) -> AssetCheckEvaluationTargetMaterializationData | None:
    of_course = dg.AssetRecordsFilter(key, asset_partitions=[course_id] if course_id else None)
    for record in instance.fetch_materializations(of_course, limit=1).records:
        return AssetCheckEvaluationTargetMaterializationData(
            storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
        )
    return None


def _of_verdict(name: str, course_id: str, label: str, verdict: Verdict) -> dg.AssetCheckEvaluation:
    described: Metadata = {"course": label, **verdict.counts}
    if verdict.met:
        described["where"] = _where(verdict.met)
    return _evaluation(name, course_id, passed=verdict.passed, severity=verdict.severity, described=described)


def _evaluation(
    name: str, course_id: str, *, passed: bool, severity: str, described: Mapping[str, object]
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(CHECKS[name].asset),
        check_name=name,
        passed=passed,
        severity=SEVERITIES[severity],
        partition=course_id,
        metadata=described,  # type: ignore[arg-type]
    )


def _where(met: Sequence[verdicts.Met]) -> dg.MetadataValue:
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "assignment": each.assignment_name,
                    "section_id": each.section_id,
                    "items": each.items,
                    "code": each.code.value,
                    "cause": CATALOGUE[each.code].cause,
                    "remedy": CATALOGUE[each.code].remedy,
                    "who": CATALOGUE[each.code].who,
                }
            )
            for each in met[:SHOWN]
        ]
    )
