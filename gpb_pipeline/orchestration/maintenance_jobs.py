"""The jobs beside the syncs: who syncs nightly, what is past its age, whether all is there to sync with."""

from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from gpb_pipeline.asked import to_switch
from gpb_pipeline.course_names import FORM
from gpb_pipeline.doctor.check import Check
from gpb_pipeline.doctor.checks import checks
from gpb_pipeline.errors import UsageError
from gpb_pipeline.orchestration import run_log
from gpb_pipeline.orchestration.config import BY_ITSELF, QUEUE_TAG
from gpb_pipeline.orchestration.dagster_runs import purge_runs
from gpb_pipeline.orchestration.legible import LegibleConfig
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.settings import RetentionSettings
from gpb_pipeline.warehouse import choices, history, maintenance, soundness
from gpb_pipeline.warehouse.ducklake import Warehouse


class NightlyConfig(LegibleConfig):
    """Who decides what for which courses."""

    course_ids: list[str] = Field([], description="Canvas course ids. Without one the run is refused.")
    enabled: bool = Field(
        True,  # noqa: FBT003
        description="true: these courses sync every night from now on. false: they no longer do.",
    )
    chosen_by: str = Field("", description="Your name; kept with the choice. Without it the run is refused.")


@dg.op
@run_log.step()
def choose_nightly(context: dg.OpExecutionContext, config: NightlyConfig, passback: Passback) -> None:
    """Keep the choice; a course that Canvas does not know is refused before any is kept.

    One that was switched before may be gone from Canvas by the time it is switched off.
    """
    by = _name(config)
    with passback.warehouse() as warehouse:
        switched = () if config.enabled else [each.course_id for each in warehouse.read(choices.nightly)]
        course_ids = to_switch(config.course_ids, switched=switched, fields=FORM)
        warehouse.commit(
            choices.choose_nightly, course_ids, enabled=config.enabled, by=by, at=datetime.now(UTC)
        )
    if config.enabled:
        add_courses(context.instance, course_ids)
    context.log.info("nightly sync %s: %s", "on" if config.enabled else "off", ", ".join(course_ids))


@dg.op
@run_log.step()
def tidy(context: dg.OpExecutionContext, passback: Passback) -> None:
    """Purge syncs and runs past their age, then merge the warehouse's small files."""
    with passback.warehouse() as warehouse:
        syncs, kept = _purge(warehouse)
    oldest = datetime.now(UTC) - max(maintenance.ages(RetentionSettings.load()).values())
    runs = purge_runs(
        context.instance,
        before=oldest,
        kept_jobs=kept,
        told=lambda count: context.log.info("%s runs are gone", count),
    )
    context.log.info("past their age, and gone: %s syncs, %s runs", syncs, runs)
    context.add_output_metadata({"syncs": syncs, "runs": runs})


@dg.op(ins={"tidied": dg.In(dg.Nothing)})
@run_log.step()
def look_for_doubled_keys(context: dg.OpExecutionContext, passback: Passback) -> None:
    """On the day on which all is written anew, look through every table; fail where a key is there twice."""
    if not maintenance.is_weekly_turn(datetime.now(UTC)):
        context.log.info("every table is looked through once a week, on Sundays (UTC)")
        return
    with passback.warehouse() as warehouse:
        rows = soundness.require_sound(warehouse)
    context.log.info("%s rows, and no key twice", rows)
    context.add_output_metadata({"rows": rows})


@dg.op
@run_log.step()
def look_at_connections(context: dg.OpExecutionContext) -> None:
    """Look at all that a sync needs; fail where something is not there, and say what to do."""
    found = list(checks())
    for check in found:
        if check.ok:
            context.log.info("%s: %s", check.name, check.detail)
        else:
            context.log.error("%s: %s. %s", check.name, check.detail, check.remedy)
    context.add_output_metadata({"checks": dg.MetadataValue.table([_record(check) for check in found])})
    if failed := [check.name for check in found if not check.ok]:
        raise dg.Failure(f"Not as it should be: {', '.join(failed)}.", allow_retries=False)


@dg.job(
    description="Switch the nightly sync of courses on or off, with who said so. Nothing is kept unless "
    "every course is one of Canvas's and somebody is named."
)
def set_nightly_sync() -> None:
    choose_nightly()


@dg.job(
    tags={QUEUE_TAG: BY_ITSELF},
    description="Remove what is past its age from the history and from Dagster (never a course's latest), "
    "and make the warehouse small; on Sundays, look through it for keys that are there twice. What was ever "
    "sent stays, unless GPB_KEEP_SENT_DAYS says how long.",
)
def purge_history() -> None:
    look_for_doubled_keys(tidy())


@dg.job(
    description="Look at settings, Canvas, the SIS and the warehouse, and change nothing: what `gpb doctor` "
    "does, from where the syncs run."
)
def check_connections() -> None:
    look_at_connections()


JOBS = [set_nightly_sync, purge_history, check_connections]


def _record(check: Check) -> dg.TableRecord:
    return dg.TableRecord(
        {"check": check.name, "ok": check.ok, "detail": check.detail, "remedy": check.remedy}
    )


def _name(choice: NightlyConfig) -> str:
    """Give the name of who chooses; raises UsageError where the form was left as it opens."""
    if not choice.course_ids:
        raise UsageError(
            "no course was given", item="course_ids", remedy="List the courses to switch; nothing was kept."
        )
    if not choice.chosen_by.strip():
        raise UsageError("nobody is named", item="chosen_by", remedy="Give your name; it is kept.")
    return choice.chosen_by.strip()


def _purge(warehouse: Warehouse) -> tuple[int, list[str]]:
    """Purge the history; return how many syncs went, and the ids of those that stay."""
    history.fail_dead_jobs(warehouse)
    gone = warehouse.commit(maintenance.purge)
    maintenance.compact(warehouse)
    return len(gone), [job.job_id for job in warehouse.read(history.jobs)]
