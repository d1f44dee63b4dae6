"""The jobs that the UI and the schedules launch. What a sync's step does is in assets.py."""

import dagster as dg

from gpb_pipeline.orchestration.config import TYPE_TAG
from gpb_pipeline.orchestration.specs import PRODUCTS

SYNCED = dg.AssetSelection.assets(*PRODUCTS).without_checks()
"""Every asset. Without checks: the stream logs them, and a batch has no partition to run them by."""

grade_sync = dg.define_asset_job(
    "grade_sync",
    selection=SYNCED,
    description="Sync grades of the chosen courses to the SIS: what has changed since each one's last sync. "
    "Choose a partition, or list course_ids in the config and confirm that no partition is chosen. "
    "posted_by is your name for the history.",
)
remaster_grade_passback = dg.define_asset_job(
    "remaster_grade_passback",
    selection=SYNCED,
    tags={TYPE_TAG: "remaster"},
    description="Send everything eligible of the chosen courses again, whatever the SIS holds already. "
    "List assignments in the config to leave others out. Look first: materialize the filtered assets alone.",
)
nightly_grade_sync = dg.define_asset_job(
    "nightly_grade_sync",
    selection=SYNCED,
    tags={TYPE_TAG: "nightly"},
    description="The nightly sync of the courses that have opted in, in batches; its schedules launch it.",
)
check_again = dg.define_asset_job(
    "check_again",
    selection=dg.AssetSelection.all_asset_checks(),
    description="Run the checks again on what the last syncs left in the warehouse: of the course_ids in the "
    "config, else of every course. (The UI's own Execute takes no partitions yet.)",
)

JOBS = [grade_sync, remaster_grade_passback, nightly_grade_sync, check_again]
