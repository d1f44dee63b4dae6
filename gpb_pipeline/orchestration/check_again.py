"""The checks evaluated again, on what the last syncs left in the warehouse: of some courses, or of every one.

Twice, since the UI launches them in two places: as checks (a check's own page), which take no config, and as
the job check_again, whose form takes courses.
"""

from collections.abc import Iterable, Iterator

import dagster as dg
from pydantic import Field

from gpb_pipeline.asked import own_ids
from gpb_pipeline.course_names import FORM
from gpb_pipeline.orchestration import checks, run_log, verdicts
from gpb_pipeline.orchestration.check_specs import SPECS, SYNCED
from gpb_pipeline.orchestration.legible import LegibleConfig
from gpb_pipeline.orchestration.partitions import beside_its_name, named
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.warehouse import district, frames, history, logs, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job

SHOWN = 50
"""Courses that a run tells of one by one."""


class CheckConfig(LegibleConfig):
    """Which courses to check again."""

    course_ids: list[str] = Field([], description="Canvas course ids. Empty: every course that was synced.")


@dg.multi_asset_check(name="sync_checks", specs=SPECS, can_subset=True)
def sync_checks(
    context: dg.AssetCheckExecutionContext, passback: Passback
) -> Iterator[dg.AssetCheckEvaluation]:
    """Evaluate the selected checks again: of the chosen partitions, else of every course."""
    chosen = context.has_partition_key or context.has_partition_key_range
    course_ids = list(context.partition_keys) if chosen else []
    selected = context.selected_asset_check_keys
    with run_log.step():
        for _, evaluations in _of_courses(context.instance, passback, course_ids):
            yield from (each for each in evaluations if each.asset_check_key in selected)


@dg.op
@run_log.step()
def evaluate_checks(context: dg.OpExecutionContext, config: CheckConfig, passback: Passback) -> None:
    """Evaluate every check again, of the courses asked for, and say of which course not all, and why."""
    checked: dict[str, int] = {}
    course_ids = own_ids(config.course_ids, FORM)
    for course_id, evaluations in _of_courses(context.instance, passback, course_ids):
        for evaluation in evaluations:
            context.log_event(evaluation)  # type: ignore[arg-type]  # it takes them all the same
        checked[course_id] = len(evaluations)
    partly = [course_id for course_id, count in checked.items() if count < len(SPECS)]
    if course_ids and not any(checked.values()):
        raise dg.Failure("None of these courses was ever synced: there is nothing to check.")
    context.log.info("%s checks evaluated, of %s courses", sum(checked.values()), len(checked))
    for course_id in partly[:SHOWN]:
        context.log.warning("%s: %s", named(course_id, None), _why_partly(checked[course_id]))
    context.add_output_metadata(
        {
            "checks_evaluated": sum(checked.values()),
            "courses_checked_whole": len(checked) - len(partly),
            "courses_not_checked_whole": len(partly),
            "not_checked_whole": dg.MetadataValue.table(
                [_record(course_id, checked[course_id]) for course_id in partly[:SHOWN]], schema=_COLUMNS
            ),
        }
    )


@dg.job(
    description="Run the checks again on what the last syncs left in the warehouse: of the course_ids in the "
    "config, else of every course. Nothing is read from Canvas or sent. A course whose syncs all failed has "
    "its last end checked alone: the step's metadata names it."
)
def check_again() -> None:
    evaluate_checks()


def of_warehouse(session: Connection, course_id: str) -> list[dg.AssetCheckEvaluation]:
    """Evaluate every check on what the course's last syncs left; none for a course without one."""
    past = [job for job in history.jobs(session, course_id) if job.status != "Running"]
    if not past:
        return []
    label = named(course_id, district.course_name(session, course_id))
    whole = next((job for job in past if job.status.startswith("Completed")), None)
    evaluated = _of_whole(session, label, whole) if whole else []
    if past[0].status == "Failed":
        last = past[0]
        evaluated = [each for each in evaluated if each.check_name != SYNCED]
        evaluated.append(
            checks.of_failure(
                course_id,
                label,
                code=last.code,
                cause=beside_its_name(str(last.cause), course_id),
                remedy=None,
            )
        )
    return evaluated


def _of_whole(session: Connection, label: str, job: Job) -> list[dg.AssetCheckEvaluation]:
    course_id = job.course_id
    outcome = Rows(
        assignments=logs.of_job(session, tables.SIS_ASSIGNMENTS, job.judged_in),
        grades=logs.of_job(session, tables.SIS_GRADES, job.judged_in),
        issues=logs.of_job(session, tables.ISSUES, job.judged_in),
        extracted=job.counts.extracted,
    )
    submissions = frames.current(session, tables.CANVAS_SUBMISSIONS, course_id)
    enrollments = frames.current(session, tables.CANVAS_ENROLLMENTS, course_id)
    sections = frozenset(outcome.assignments["section_id"])  # which others were asked for is not on record
    read = verdicts.answered(submissions, enrollments, outcome.assignments, sections)
    return checks.of_outcome(course_id, label, job.status, outcome, job.counts, read)


def _of_courses(
    instance: dg.DagsterInstance, passback: Passback, course_ids: Iterable[str]
) -> Iterator[tuple[str, list[dg.AssetCheckEvaluation]]]:
    with passback.warehouse() as warehouse:
        for course_id in course_ids or warehouse.read(_synced_courses):
            yield course_id, list(checks.aimed(instance, warehouse.read(of_warehouse, course_id)))


def _synced_courses(session: Connection) -> list[str]:
    return [job.course_id for job in history.latest_of_each(session)]


def _why_partly(evaluated: int) -> str:
    if evaluated:
        return f"{SYNCED} alone was evaluated, for no sync of it has come to its end"
    return "not checked, for it was never synced"


def _record(course_id: str, evaluated: int) -> dg.TableRecord:
    return dg.TableRecord({"course": course_id, "checks_evaluated": evaluated, "why": _why_partly(evaluated)})


_COLUMNS = dg.TableSchema(
    [
        dg.TableColumn("course"),
        dg.TableColumn("checks_evaluated", "int", description=f"of {len(SPECS)}"),
        dg.TableColumn("why", description="why not all"),
    ]
)
