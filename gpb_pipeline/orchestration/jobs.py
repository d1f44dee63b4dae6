"""The jobs that the UI and the schedules launch. What a sync's step does is in assets.py."""

import dagster as dg

from gpb_pipeline.orchestration.config import BY_ITSELF, QUEUE_TAG, TYPE_TAG
from gpb_pipeline.orchestration.specs import PRODUCTS

SYNCED = dg.AssetSelection.assets(*PRODUCTS).without_checks()
"""Every asset. Without checks: the stream logs them, and a batch has no partition to run them by."""

grade_sync = dg.define_asset_job(
    "grade_sync",
    selection=SYNCED,
    description="Sync grades of the chosen courses to the SIS: what has changed since each one's last sync. "
    "Materialize: choose the courses as partitions. Open launchpad: choose one, or list course_ids in the "
    "config. posted_by is your name for the history. Without a course it refuses.",
)
remaster_grade_passback = dg.define_asset_job(
    "remaster_grade_passback",
    selection=SYNCED,
    tags={TYPE_TAG: "remaster"},
    description="Send everything eligible of the chosen courses again, whatever the SIS holds already. "
    "List assignments in the config to leave others out. Look first: materialize the filtered assets alone. "
    "Without a course it refuses.",
)
nightly_grade_sync = dg.define_asset_job(
    "nightly_grade_sync",
    selection=SYNCED,
    tags={TYPE_TAG: "nightly", QUEUE_TAG: BY_ITSELF},
    description="The nightly sync of the courses that have opted in, in batches; its schedules launch it. "
    "By hand it takes the courses that you choose, and refuses without; one that syncs already is left out.",
)
YET_TO_BEGIN = dg.RunsFilter(
    job_name=nightly_grade_sync.name,
    statuses=[
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
    ],
)
"""A run that has begun says so by its syncs: Dagster takes one whose host died for running, for hours."""

JOBS = [grade_sync, remaster_grade_passback, nightly_grade_sync]
