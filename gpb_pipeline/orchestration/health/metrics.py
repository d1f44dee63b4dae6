"""What is seen, in Prometheus's text format. A label names a sign, a schedule, a part of Dagster or a store.

No course and no student stands in a label or a value. deploy/alerts.yaml has rules over these names.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gpb_pipeline.orchestration.health.seen import DagsterFigures, Seen, Tonight, WarehouseFigures
from gpb_pipeline.orchestration.health.signs import signs

Label = Literal["sign", "part", "schedule", "sensor", "status", "share", "place", ""]
Values = Mapping[str, float | None]


def rendered(seen: Seen) -> bytes:
    """Write all figures and signs of one look."""
    registry = CollectorRegistry()
    registry.register(_OneLook(seen))
    return generate_latest(registry)


class _OneLook(Collector):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        seen = self._seen
        well: Values = {each.name: float(each.well) for each in signs(seen)}
        yield _gauge("gpb_sign_well", "1 where nothing need be done, else 0", well, "sign")
        yield _gauge("gpb_seen_timestamp_seconds", "When this was seen", {"": seen.at.timestamp()})
        yield _gauge("gpb_free_bytes", "Free on the disk of a store", seen.free, "place")
        if isinstance(seen.dagster, DagsterFigures):
            yield from _of_dagster(seen.dagster)
        if isinstance(seen.warehouse, WarehouseFigures):
            yield from _of_warehouse(seen.warehouse)


def _of_dagster(seen: DagsterFigures) -> Iterator[Metric]:
    queue = seen.queue
    beats = {part: _seconds(at) for part, at in seen.heartbeats.items()}
    ticks = {each.name: _seconds(each.ticked_at) for each in seen.schedules}
    on = {each.name: float(each.on) for each in seen.schedules}
    runs = {"queued": float(queue.queued), "under way": float(queue.under_way)}
    yield _gauge("gpb_daemon_heartbeat_timestamp_seconds", "Newest of a part of the daemon", beats, "part")
    yield _gauge("gpb_schedule_tick_timestamp_seconds", "Newest tick of a schedule", ticks, "schedule")
    yield _gauge("gpb_schedule_on", "1 where a schedule is switched on", on, "schedule")
    failing = {name: _seconds(since) for name, since in seen.sensors_failing.items()}
    yield _gauge("gpb_sensors_off", "Sensors that are switched off", {"": len(seen.sensors_off)})
    yield _gauge("gpb_sensor_failing_timestamp_seconds", "Since when each tick failed", failing, "sensor")
    yield _gauge("gpb_runs", "Dagster's runs", runs, "status")
    yield _gauge(
        "gpb_oldest_queued_run_timestamp_seconds", "Since when it waits", {"": _seconds(queue.oldest)}
    )


def _of_warehouse(seen: WarehouseFigures) -> Iterator[Metric]:
    commit, files = {"": seen.newest_commit.timestamp()}, {"": seen.unmerged_files}
    lags = {"0.5": seen.lag.half, "0.95": seen.lag.most} if seen.lag else {}
    yield _gauge("gpb_warehouse_commit_timestamp_seconds", "Newest commit of the warehouse", commit)
    yield _gauge("gpb_warehouse_unmerged_files", "Files of the warehouse not merged yet", files)
    yield _gauge(
        "gpb_change_lag_seconds",
        "How late a share of the changes sent in the last day were in the SIS",
        {share: lag.total_seconds() for share, lag in lags.items()},
        "share",
    )
    yield _gauge("gpb_courses_not_read_back", "Courses not read back", {"": seen.not_read_back})
    yield from _of_night(seen.tonight)


def _of_night(tonight: Tonight) -> Iterator[Metric]:
    yield _gauge("gpb_night_began_timestamp_seconds", "When it began", {"": tonight.began.timestamp()})
    yield _gauge("gpb_courses_due", "Courses due in the newest night", {"": tonight.due})
    yield _gauge("gpb_courses_not_synced", "Of them, not synced yet", {"": tonight.not_synced})
    yield _gauge("gpb_courses_left", "Of them, left for the next night", {"": tonight.left})
    yield _gauge("gpb_night_courses_per_minute", "Courses that ended lately", {"": tonight.a_minute})
    yield _gauge("gpb_night_slowness_ratio", "By how much courses take longer", {"": tonight.slower})
    yield _gauge("gpb_night_end_timestamp_seconds", "When it will end", {"": _seconds(tonight.ends_at)})


def _gauge(name: str, meaning: str, values: Values, label: Label = "") -> Metric:
    """Make one; what is not known is left out."""
    gauge = GaugeMetricFamily(name, meaning, labels=[label] if label else [])
    for each, value in values.items():
        if value is not None:
            gauge.add_metric([each] if label else [], value)
    return gauge


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
