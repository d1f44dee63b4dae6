"""The one resource: a sync's connections, opened from the environment when a run asks, never at import."""

from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager
from zoneinfo import ZoneInfo

import dagster as dg

from gpb_pipeline.events import Event
from gpb_pipeline.settings import PassbackSettings, WebSettings
from gpb_pipeline.stream import sync_courses
from gpb_pipeline.sync import SyncRequest, open_connections
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Warehouse


class Passback(dg.ConfigurableResource[None]):
    """Canvas, SIS and warehouse, as the environment names them (.env.example). Nothing to configure here."""

    def stream(self, requests: Iterable[SyncRequest]) -> Generator[Event]:
        """Sync these courses; raises SettingsError, and TransientError where a side cannot be reached."""
        with open_connections() as connections:
            yield from sync_courses(connections, requests)

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
