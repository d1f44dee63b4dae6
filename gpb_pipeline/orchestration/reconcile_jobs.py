"""Reconcile and retract as jobs, and the nightly reading back; what they do is gpb_pipeline/reconcile.py's.

Metadata holds counts by cause and by course; no student's data. A retract chooses by cause, for a sourcedId
of a result may tell of a student.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import dagster as dg
from pydantic import Field

from gpb_pipeline.asked import own_ids
from gpb_pipeline.course_names import FORM, FORM_OF_ONE
from gpb_pipeline.errors import UsageError
from gpb_pipeline.orchestration import run_log
from gpb_pipeline.orchestration.config import time_of
from gpb_pipeline.orchestration.legible import LegibleConfig
from gpb_pipeline.orchestration.partitions import named
from gpb_pipeline.orchestration.reconcile_told import SHOWN, metadata, names_of, not_read
from gpb_pipeline.orchestration.stopping import ALIVE, who_cancelled
from gpb_pipeline.passback.holdings.differences import ORPHANED
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code
from gpb_pipeline.reconcile import Reconciled, believed_of, causes_of, orphans, read_back
from gpb_pipeline.reconcile import reconcile as reconciled
from gpb_pipeline.reconcile import retract as retracted
from gpb_pipeline.sync import Connections, open_connections
from gpb_pipeline.warehouse import holdings


class ReconcileConfig(LegibleConfig):
    """Run it as it is, look at the step's metadata, then again with what is to be mended."""

    course_ids: list[str] = Field(
        [], description="Canvas course ids. Empty: all of which the SIS holds something."
    )
    mend: list[str] = Field(
        [], description="Causes whose differences are written. Empty: nothing is written."
    )
    confirm: bool = Field(
        False,  # noqa: FBT003
        description="Release what the guard holds; of course_ids, believe lists without rows, too.",
    )
    posted_by: str = Field("Dagster UI", description="Your name, for the history.")
    nightly: bool = Field(False, description="Only the courses that were read back longest ago.")  # noqa: FBT003
    until: str = Field(
        "",
        description="Of a nightly one, a time (ISO 8601, with its offset): a course that would not end by "
        "then is not begun. The schedule sets it. Empty: no such time.",
    )


class RetractConfig(LegibleConfig):
    """Without causes it only lists."""

    course_id: str = Field(
        "",
        description="Canvas course id; of a course that Canvas no longer has, too. Without it the run is "
        "refused.",
    )
    causes: list[str] = Field([], description=f"What is taken back: {', '.join(ORPHANED)}.")
    confirm: bool = Field(False, description="Release what the guard holds.")  # noqa: FBT003
    posted_by: str = Field("Dagster UI", description="Your name, for the history.")


@dg.op(name="compare_with_sis")
@run_log.step()
def reconcile_op(context: dg.OpExecutionContext, config: ReconcileConfig) -> None:
    """Hold courses against the SIS, and write what is named."""
    _require_one_kind(config)
    mend, asked = causes_of(config.mend, field="mend"), own_ids(config.course_ids, FORM)
    until = time_of(config.until)
    who = partial(who_cancelled, context, config.posted_by)
    with _connections(context) as connections:
        if config.nightly:
            read = read_back(connections, posted_by=config.posted_by, who=who, until=until)
        else:
            chosen = asked or connections.warehouse.read(holdings.longest_unread)
            read = reconciled(
                connections,
                chosen,
                posted_by=config.posted_by,
                mend=mend,
                confirm=config.confirm,
                believes=None if asked else frozenset(),
                who=who,
            )
        found = []
        for each in read:
            context.log.info("course %s: %s", each.course_id, each.status)
            _tell_believed(context, each)
            found.append(each)
        names = connections.warehouse.read(names_of, found)
        if until is not None and connections.clock() >= until:
            context.log.warning("The night has no time left: the next begins with what was not read.")
    _tell(context, found, names)


@dg.op(name="take_back")
@run_log.step()
def retract_op(context: dg.OpExecutionContext, config: RetractConfig) -> None:
    """List a course's orphans, and take back those of the causes that are named."""
    causes = causes_of(config.causes, ORPHANED, field="causes")
    [course_id] = own_ids([config.course_id], FORM_OF_ONE)
    who = partial(who_cancelled, context, config.posted_by)
    with _connections(context) as connections:
        ask = partial(
            retracted,
            connections,
            course_id,
            posted_by=config.posted_by,
            confirm=config.confirm,
            who=who,
        )
        done = ask(())
        _tell_believed(context, done)
        if causes and done.told is not None:
            chosen = orphans(done.told, causes)["sourced_id"].to_list()
            done = ask(chosen, believes=believed_of([done]))
        names = connections.warehouse.read(names_of, [done])
    _tell(context, [done], names)


@dg.job(
    description="Holds courses against the SIS: each difference with its cause, and what would mend it. "
    "Writes nothing but the causes that mend names; edits made in the SIS are never among them unless named."
)
def reconcile() -> None:
    reconcile_op()


@dg.job(
    description="Lists what the SIS holds because of us and Canvas no longer supports, and takes back what "
    "is chosen, under the guard, never by itself."
)
def retract() -> None:
    retract_op()


JOBS = [reconcile, retract]


def _require_one_kind(config: ReconcileConfig) -> None:
    """Raise UsageError for what a nightly one, or one that is asked for, would leave unheeded."""
    fields = ("course_ids", "mend", "confirm") if config.nightly else ("until",)
    if unheeded := [name for name in fields if getattr(config, name)]:
        raise UsageError(
            f"says nothing where nightly is {str(config.nightly).lower()}",
            item=", ".join(unheeded),
            remedy="Leave out what is not meant; nothing was done.",
        )


@contextmanager
def _connections(context: dg.OpExecutionContext) -> Iterator[Connections]:
    """Connect, and let the run's log say that it is alive (stalled.py)."""
    with open_connections() as plain:
        yield replace(plain, pulse=lambda: context.log.info(ALIVE))


def _tell_believed(context: dg.OpExecutionContext, found: Reconciled) -> None:
    if found.believed:
        said = CATALOGUE[Code.EMPTY_LIST_BELIEVED].cause
        context.log.warning("course %s, %s: %s", found.course_id, ", ".join(found.believed), said)


def _tell(context: dg.OpExecutionContext, found: Sequence[Reconciled], names: Mapping[str, str]) -> None:
    """Say what was found, by cause and by course; fail, and say it there, where one could not be read."""
    told = metadata(found, names)
    failed = [each for each in found if each.error is not None]
    if failed:
        lines = [f"{named(each.course_id, names.get(each.course_id))}: {not_read(each)}" for each in failed]
        head = f"{len(failed)} of {len(found)} courses could not be read."
        raise dg.Failure("\n".join([head, *lines[:SHOWN]]), metadata=told, allow_retries=False)
    context.add_output_metadata(told)
