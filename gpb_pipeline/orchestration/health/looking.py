"""Looks at Dagster's store, the warehouse and the disks. Reads alone, makes nothing, asks no server of ours.

Each store is opened once and kept. One that cannot be read is told as such, and opened anew at the next look.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar
from zoneinfo import ZoneInfo

import dagster as dg

from gpb_pipeline.errors import PipelineError, SettingsError
from gpb_pipeline.orchestration import nights, schedules
from gpb_pipeline.orchestration.build import SENSORS
from gpb_pipeline.orchestration.health.dagster_figures import dagster_figures
from gpb_pipeline.orchestration.health.seen import (
    DagsterFigures,
    Lag,
    Seen,
    Unreachable,
    WarehouseFigures,
)
from gpb_pipeline.orchestration.health.tonight import tonight
from gpb_pipeline.orchestration.home import INSTANCE_FILE, dagster_home
from gpb_pipeline.orchestration.named import named_since
from gpb_pipeline.orchestration.partitions import known_courses
from gpb_pipeline.passback.nightly import last_nightly
from gpb_pipeline.settings import DagsterSettings, NightlySettings, PassbackSettings, WarehouseSettings
from gpb_pipeline.warehouse import figures
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.opening import open_warehouse

T = TypeVar("T")
R = TypeVar("R")
LAG_OF = timedelta(days=1)
_NONE: frozenset[str] = frozenset()


class Lookout:
    """Looks as often as it is asked, each time by the settings as they are then, as the daemon's ticks do.

    Raises SettingsError where they are wrong when it begins; later that is told. Without `watching` it looks
    once, and what the daemon does not know is not waited for.
    """

    def __init__(self, *, watching: bool = True) -> None:
        NightlySettings.load()
        self._zone = PassbackSettings.load().zone
        self._watching = watching
        self._unknown: Mapping[str, datetime] = {}
        self._places = _places(WarehouseSettings.load(), DagsterSettings.load())
        self._dagster = _Kept(_existing_instance)
        self._warehouse = _Kept(_existing_warehouse)

    def look(self, now: datetime | None = None) -> Seen:
        """Look at all of it once."""
        at = (now or datetime.now(UTC)).astimezone(UTC)
        free = dict(_free(self._places))
        try:
            nightly, passback = NightlySettings.load(), PassbackSettings.load()
        except SettingsError as fault:
            wrong = _told(fault)
            return Seen(at=at, zone=self._zone, dagster=wrong, warehouse=wrong, free=free)
        self._zone = passback.zone
        found = self._dagster.read(lambda instance: self._of_dagster(instance, at, nightly, passback))
        dagster, known, named = found if not isinstance(found, Unreachable) else (found, _NONE, _NONE)
        warehouse = self._warehouse.read(
            lambda opened: opened.read(_of_warehouse, at, nightly, passback.zone, known, named)
        )
        return Seen(at=at, zone=self._zone, dagster=dagster, warehouse=warehouse, free=free)

    def _of_dagster(
        self, instance: dg.DagsterInstance, at: datetime, nightly: NightlySettings, passback: PassbackSettings
    ) -> tuple[DagsterFigures, frozenset[str], frozenset[str]]:
        found = dagster_figures(instance, schedules.build(nightly, passback.timezone), SENSORS, at)
        since = at if self._watching else datetime.min.replace(tzinfo=UTC)
        self._unknown = {name: self._unknown.get(name, since) for name in found.unknown}
        named = named_since(instance, last_nightly(at, nightly.at, passback.zone))
        return replace(found, unknown=self._unknown), known_courses(instance), named

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dagster.close()
        self._warehouse.close()


class _Kept(Generic[T]):
    """A store, opened when it is first read, and anew after it failed."""

    def __init__(self, opening: Callable[[], AbstractContextManager[T]]) -> None:
        self._opening = opening
        self._stack = ExitStack()
        self._store: T | None = None

    def read(self, work: Callable[[T], R]) -> R | Unreachable:
        """Give what `work` reads, or say in words why it cannot."""
        try:
            if self._store is None:
                self._store = self._stack.enter_context(self._opening())
            return work(self._store)
        except PipelineError as fault:
            self.close()
            return _told(fault)
        except Exception as fault:  # noqa: BLE001  whatever it is, it is told; its text may hold an address
            self.close()
            return Unreachable(
                what=f"it cannot be read ({type(fault).__name__})",
                remedy="See `gpb doctor`, and that its server or its disk is there.",
            )

    def close(self) -> None:
        self._store = None
        with suppress(Exception):  # it may be away by now
            self._stack.close()


def _told(fault: PipelineError) -> Unreachable:
    return Unreachable(what=f"{fault.item}: {fault.what}", remedy=fault.remedy)


def _places(warehouse: WarehouseSettings, dagster: DagsterSettings) -> dict[str, Path]:
    """Name where the stores are, as far as that is a disk of this machine."""
    places = {"dagster": dagster.home, "looks": warehouse.looks_folder}
    if warehouse.embedded_catalog is not None:
        places["catalogue"] = warehouse.embedded_catalog
    if "://" not in warehouse.data_path:
        places["data"] = Path(warehouse.data_path)
    return {name: path.absolute() for name, path in places.items()}


def _free(places: Mapping[str, Path]) -> Iterator[tuple[str, int]]:
    """Tell how much is free there; of a disk that is away its store tells."""
    for name, path in places.items():
        with suppress(OSError):
            yield name, shutil.disk_usage(next(each for each in (path, *path.parents) if each.exists())).free


@contextmanager
def _existing_instance() -> Iterator[dg.DagsterInstance]:
    home = DagsterSettings.load().home.absolute()
    if not (home / INSTANCE_FILE).exists():
        raise SettingsError(
            f"there is no Dagster in {home} yet",
            item="DAGSTER_HOME",
            remedy="Name its folder, or start dagster-daemon and dagster-webserver.",
        )
    dagster_home()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


@contextmanager
def _existing_warehouse() -> Iterator[Warehouse]:
    catalog = WarehouseSettings.load().embedded_catalog
    if catalog is not None and not catalog.exists():
        raise SettingsError(
            f"there is no warehouse at {catalog.absolute()} yet",
            item="GPB_CATALOG",
            remedy="Name its catalogue, or sync a course: `gpb sync COURSE`.",
        )
    with open_warehouse() as warehouse:
        yield warehouse


def _of_warehouse(
    session: Connection,
    at: datetime,
    settings: NightlySettings,
    zone: ZoneInfo,
    known: frozenset[str],
    named: frozenset[str],
) -> WarehouseFigures:
    night = nights.look(
        session, now=at, zone=zone, settings=settings, known=known, named=named, back=nights.NIGHTS_BACK
    )
    on_since = nights.on_since(session, at, zone, settings)
    lag = figures.change_lag(session, at - LAG_OF, on_since) if on_since else None
    return WarehouseFigures(
        tonight=tonight(night, at),
        newest_commit=figures.newest_commit(session),
        unmerged_files=figures.unmerged_files(session),
        lag=Lag(half=lag[0], most=lag[1]) if lag else None,
        not_read_back=len(nights.not_read_back(session, at, zone, settings, known)),
    )
