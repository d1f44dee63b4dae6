"""A sandbox a way in which the SIS may hand out ids, and a district's desk to sync it from."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
import stamina

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.sis import pacing, transport
from gpb_pipeline_tests.sync.desk import Desk

TODAY = date(2026, 11, 24)
IdMode = Literal["consumer", "provider"]


@pytest.fixture(autouse=True)
def _retries_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Try as often as in earnest, without the waits between."""
    monkeypatch.setattr(transport, "BRIEFLY", 0.01)
    monkeypatch.setattr(pacing, "GAP_MOST", 0.05)
    with stamina.set_testing(testing=True, attempts=3):
        yield


@pytest.fixture(scope="session")
def consumer() -> Iterator[Sandbox]:
    with running_sandbox(today=TODAY) as running:
        yield running


@pytest.fixture(scope="session")
def provider() -> Iterator[Sandbox]:
    with running_sandbox(today=TODAY, id_mode="provider", dialect="oneroster-1.2", sis_ids="own") as running:
        yield running


def _desk(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    sandbox.reset()
    monkeypatch.chdir(tmp_path)
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GPB_CATALOG", f"sqlite:{tmp_path}/catalog.sqlite")
    monkeypatch.setenv("GPB_DATA_PATH", f"{tmp_path}/data")
    return Desk(sandbox)


@pytest.fixture
def desk(consumer: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return _desk(consumer, tmp_path, monkeypatch)


@pytest.fixture(params=["consumer", "provider"])
def either_desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    sandbox: Sandbox = request.getfixturevalue(request.param)
    return _desk(sandbox, tmp_path, monkeypatch)


@pytest.fixture(params=["provider", pytest.param("consumer", marks=pytest.mark.long)])
def strict_desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """One of a SIS that hands out the ids itself, where more can go wrong; by `make nights` of either."""
    sandbox: Sandbox = request.getfixturevalue(request.param)
    return _desk(sandbox, tmp_path, monkeypatch)


@pytest.fixture
def desk_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Sandbox], Desk]:
    """Makes the desk of another sandbox than these."""
    return partial(_desk, tmp_path=tmp_path, monkeypatch=monkeypatch)
