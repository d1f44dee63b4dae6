"""The warehouse in figures, on either catalogue: its commits, its files, and how late changes arrive."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, figures, history, maintenance, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Begun
from gpb_pipeline.warehouse.schemas import SentResults
from gpb_pipeline_tests.warehouse.rows import frame

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


def send(session: Connection, course_id: str, kind: SyncType, at: datetime, *changed: datetime) -> None:
    """Put a sync on record that sent grades which were graded and posted at these times."""
    job = Begun(job_id=f"{at:%d%H}-{course_id}", course_id=course_id, type=kind, posted_by="x", at=at)
    history.begin(session, [job])
    said = (
        f"score 1, submission graded, posted at {_spelt(each - HOUR)}, graded at {_spelt(each)}"
        for each in changed
    )
    sent = {"action": "updated", "job_id": job.job_id, "sent_at": pd.Timestamp(at)}
    tables.SENT_RESULTS.insert(
        session, frame(SentResults, *({**sent, "canvas_state": each} for each in said))
    )


def _spelt(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def test_how_late_changes_arrive_is_of_changes_alone_and_of_what_was_sent_lately(
    either: WarehouseSettings,
) -> None:
    long_ago = NOW - timedelta(days=30)
    with ducklake.connect(either, tables.create) as warehouse:
        assert warehouse.read(figures.change_lag, NOW - 24 * HOUR, long_ago) is None

        def sent(session: Connection) -> None:
            send(session, "1", "nightly", NOW - timedelta(days=6))
            send(
                session, "1", "nightly", NOW - 2 * HOUR, *(NOW - hours * HOUR for hours in (4, 6, 8, 10, 12))
            )
            send(session, "1", "nightly", NOW - 48 * HOUR, NOW - 49 * HOUR)  # not lately
            send(session, "2", "nightly", NOW - 2 * HOUR, long_ago, NOW - 70 * HOUR)  # its first sync
            send(session, "1", "remaster", NOW - HOUR, NOW - 90 * HOUR)

        warehouse.commit(sent)
        found = warehouse.read(figures.change_lag, NOW - 24 * HOUR, long_ago)
        of_nights = warehouse.read(figures.change_lag, NOW - 24 * HOUR, NOW - 7 * HOUR)
    assert found is not None
    assert found[0] == 6 * HOUR
    assert of_nights is not None
    assert of_nights[0] == 3 * HOUR  # two of the five are of after nights were switched on
    assert 9 * HOUR < found[1] <= 10 * HOUR


def test_commits_leave_files_which_maintenance_merges(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        for number in range(3):
            warehouse.commit(send, "1", "nightly", NOW + number * HOUR, NOW)
        assert abs(warehouse.read(figures.newest_commit) - datetime.now(UTC)) < HOUR
        assert warehouse.read(figures.unmerged_files) == 4  # two more than one of each of two tables
        maintenance.compact(warehouse)
        assert warehouse.read(figures.unmerged_files) == 0
