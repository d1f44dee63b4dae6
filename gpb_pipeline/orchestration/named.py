"""A night looked back on: who was due by default its runs say, and of some Dagster alone knows.

What else a night is, nights.py says.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from gpb_pipeline.orchestration.assets import grade_passback
from gpb_pipeline.orchestration.jobs import nightly_grade_sync
from gpb_pipeline.orchestration.nights import Night, look
from gpb_pipeline.passback.nightly import last_nightly
from gpb_pipeline.settings import NightlySettings
from gpb_pipeline.warehouse.ducklake import Connection


def look_back(
    session: Connection,
    instance: dg.DagsterInstance,
    *,
    known: frozenset[str],
    now: datetime,
    zone: ZoneInfo,
    settings: NightlySettings,
    back: int = 1,
) -> Night:
    """Read the night that `now` (aware) belongs to, as nights.look does, by the runs that it has."""
    return look(
        session,
        now=now,
        zone=zone,
        settings=settings,
        known=known,
        named=named_since(instance, last_nightly(now, settings.at, zone)),
        back=back,
    )


def named_since(instance: dg.DagsterInstance, began: datetime) -> frozenset[str]:
    """Read the courses of the nightly runs that were made since then (aware)."""
    made = dg.RunsFilter(job_name=nightly_grade_sync.name, created_after=began.astimezone(UTC))
    return frozenset(course_id for run in instance.get_runs(made) for course_id in _named(run))


def _named(run: dg.DagsterRun) -> Iterator[str]:
    ops: Any = run.run_config.get("ops", {})
    yield from ops.get(grade_passback.op.name, {}).get("config", {}).get("course_ids", ())
