"""A running OneRoster server and clients for it; retries happen at once, as often as they would."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import stamina

from gpb_pipeline.settings import SisSettings
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline_tests.sis.one_roster import BASE, OneRosterServer, Running

Connect = Callable[..., OneRosterClient]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=5):
        yield


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    server = Running()
    yield server
    server.close()


@pytest.fixture
def sis(running: Running) -> OneRosterServer:
    running.one_roster = OneRosterServer()
    return running.one_roster


@pytest.fixture
def connect(running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Connect]:
    monkeypatch.chdir(tmp_path)  # away from any .env
    with ExitStack() as clients:

        def make(**changed: Any) -> OneRosterClient:
            values = {"base_url": running.origin + BASE, "client_id": "key", "client_secret": "sécret"}
            return clients.enter_context(OneRosterClient(SisSettings(**(values | changed))))

        yield make
