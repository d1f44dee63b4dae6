"""The one resource: a sync's connections, opened from the environment when a run asks, never at import."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from gpb_pipeline.orchestration.specs import PRODUCTS
from gpb_pipeline.settings import PassbackSettings, WebSettings
from gpb_pipeline.stream import Stream
from gpb_pipeline.sync import SyncRequest, open_connections
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Warehouse

PARTITION_TAGS = {PARTITION_NAME_TAG, ASSET_PARTITION_RANGE_START_TAG, ASSET_PARTITION_RANGE_END_TAG}


class Passback(dg.ConfigurableResource[None]):
    """Canvas, SIS and warehouse, as the environment names them (.env.example). Nothing to configure here."""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Refuse what Dagster itself would fail with a riddle, before its first step.

        Assets chosen by themselves need a partition: Dagster looks for it in those that they are made from.
        """
        run = context.run
        if run and run.asset_selection and not run.tags.keys() & PARTITION_TAGS:
            chosen = {key.to_user_string() for key in run.asset_selection}
            if any(set(PRODUCTS[key].deps) - chosen for key in chosen & PRODUCTS.keys()):
                raise dg.Failure(
                    "run: no course was given. Choose partitions; to name courses in the config, launch the "
                    "job grade_sync, or all assets.",
                    allow_retries=False,
                )

    @contextmanager
    def stream(self, requests: Iterable[SyncRequest]) -> Iterator[Stream]:
        """Give these courses' syncs; raises SettingsError, TransientError for a warehouse out of reach."""
        with open_connections() as connections, Stream(connections, requests) as stream:
            yield stream

    def warehouse(self) -> AbstractContextManager[Warehouse]:
        """Open the warehouse alone."""
        return tables.open_warehouse()

    @property
    def zone(self) -> ZoneInfo:
        """The account's time zone, for times that people see."""
        return PassbackSettings.load().zone

    @property
    def pages(self) -> str:
        """Where people reach the history and details pages."""
        return WebSettings.load().url
