"""Which courses a night's runs name: Dagster's store alone knows of those whose run never came to them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from gpb_pipeline.orchestration.assets import grade_passback
from gpb_pipeline.orchestration.jobs import nightly_grade_sync


def named_since(instance: dg.DagsterInstance, began: datetime) -> frozenset[str]:
    """Read the courses of the nightly runs that were made since then (aware)."""
    made = dg.RunsFilter(job_name=nightly_grade_sync.name, created_after=began.astimezone(UTC))
    return frozenset(course_id for run in instance.get_runs(made) for course_id in _named(run))


def _named(run: dg.DagsterRun) -> Iterator[str]:
    ops: Any = run.run_config.get("ops", {})
    yield from ops.get(grade_passback.op.name, {}).get("config", {}).get("course_ids", ())
