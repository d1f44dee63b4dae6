"""Warehouses to test against: embedded in a temporary folder, and on a real PostgreSQL from a wheel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.postgres import Postgres


@pytest.fixture
def embedded(tmp_path: Path) -> WarehouseSettings:
    return WarehouseSettings(
        catalog=f"sqlite:{tmp_path / 'lake' / 'catalog.sqlite'}", data_path=str(tmp_path / "lake" / "data")
    )


@pytest.fixture
def scaled_out(postgres: Postgres, tmp_path: Path, request: pytest.FixtureRequest) -> WarehouseSettings:
    catalog = postgres.new_database(f"lake_{abs(hash(request.node.nodeid))}")
    return WarehouseSettings(catalog=catalog, data_path=str(tmp_path / "data"))


@pytest.fixture(params=["embedded", "scaled_out"])
def either(request: pytest.FixtureRequest) -> WarehouseSettings:
    settings: WarehouseSettings = request.getfixturevalue(request.param)
    return settings


@pytest.fixture
def warehouse(embedded: WarehouseSettings) -> Iterator[Warehouse]:
    with ducklake.connect(embedded, tables.create) as opened:
        yield opened


@pytest.fixture(scope="module")
def one_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One for a whole module, of tests that each have a table to themselves."""
    folder = tmp_path_factory.mktemp("one")
    settings = WarehouseSettings(
        catalog=f"sqlite:{folder / 'catalog.sqlite'}", data_path=str(folder / "data")
    )
    with ducklake.connect(settings, tables.create) as opened:
        yield opened
