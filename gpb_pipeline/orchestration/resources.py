"""The one resource: a sync's connections, opened from the environment when a run asks, never at import."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from gpb_pipeline.orchestration import nights
from gpb_pipeline.orchestration.specs import PRODUCTS
from gpb_pipeline.passback.budget import Budget
from gpb_pipeline.settings import NightlySettings, PassbackSettings, WebSettings
from gpb_pipeline.stream import Stream
from gpb_pipeline.sync import Connections, SyncRequest, open_connections
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.opening import open_warehouse

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
    def stream(
        self,
        requests: Iterable[SyncRequest],
        until: datetime | None = None,
        pulse: Callable[[], None] = lambda: None,
        first: Callable[[Connections], Connections] = lambda plain: plain,
    ) -> Iterator[Stream]:
        """Give these courses' syncs; raises SettingsError, TransientError for a warehouse out of reach.

        `until`: by when each that begins must end. `pulse`: see Connections. `first`: what is looked for
        before any.
        """
        with self.connections() as plain:
            connections = first(replace(plain, pulse=pulse))
            budget = self._budget(connections, until) if until else None
            with self.streamed(connections, requests, budget) as stream:
                yield stream

    def connections(self) -> AbstractContextManager[Connections]:
        """Connect as the settings say."""
        return open_connections()

    def streamed(
        self, connections: Connections, requests: Iterable[SyncRequest], budget: Budget | None
    ) -> Stream:
        """Stream them over these connections."""
        return Stream(connections, requests, budget)

    def _budget(self, connections: Connections, until: datetime) -> Budget:
        night = connections.warehouse.read(
            nights.look,
            now=connections.clock(),
            zone=self.zone,
            settings=NightlySettings.load(),
            known=(),
            back=nights.NIGHTS_BACK,
        )
        return Budget(until=until, pace=night.pace)

    def warehouse(self) -> AbstractContextManager[Warehouse]:
        """Open the warehouse alone."""
        return open_warehouse()

    @property
    def zone(self) -> ZoneInfo:
        """The account's time zone, for times that people see."""
        return PassbackSettings.load().zone

    @property
    def pages(self) -> str:
        """Where people reach the history and details pages."""
        return WebSettings.load().url
