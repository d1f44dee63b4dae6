"""Syncs put on record as if they had been, so that nights can be tested without waiting for them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gpb_pipeline.passback.rows.counts import Counts
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.warehouse import history
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.history import Begun, End


@dataclass(frozen=True)
class Sync:
    """A nightly sync that completed, or failed with `code`; `grades` were read and `skipped` of them."""

    course_id: str
    at: datetime
    code: str | None = None
    type: SyncType = "nightly"
    grades: int = 0
    skipped: int = 0
    minutes: float = 0

    @property
    def job_id(self) -> str:
        return f"{self.at.astimezone(UTC):%m%d%H%M%S}-{self.course_id}"


def put_on_record(warehouse: Warehouse, *syncs: Sync) -> None:
    warehouse.commit(_put, *syncs)


def _put(session: Connection, *syncs: Sync) -> None:
    for sync in syncs:
        at = sync.at.astimezone(UTC)
        begun = Begun(
            job_id=sync.job_id,
            course_id=sync.course_id,
            type=sync.type,
            posted_by="Canvas Integrations Admin",
            at=at,
        )
        nothing = Counts.none()
        end = End(
            job_id=sync.job_id,
            at=at + timedelta(minutes=sync.minutes),
            status="Failed" if sync.code else "Completed",
            counts=replace(
                nothing,
                extracted=replace(nothing.extracted, grades=sync.grades),
                filtered=replace(nothing.filtered, grades=sync.grades - sync.skipped),
            ),
            code=sync.code,
            cause=f"course {sync.course_id}: it did not go. Mend it." if sync.code else None,
        )
        history.begin(session, [begun])
        history.end(session, [end])
