"""One sandbox for all of these tests, as new before each."""

from collections.abc import Iterator
from datetime import date

import pytest

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline_tests.sandbox.clients import CanvasUser, SisClient

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def running_school() -> Iterator[Sandbox]:
    with running_sandbox(today=TODAY) as running:
        yield running


@pytest.fixture
def school(running_school: Sandbox) -> Sandbox:
    running_school.reset()
    return running_school


@pytest.fixture
def canvas(school: Sandbox) -> CanvasUser:
    return CanvasUser(school)


@pytest.fixture
def sis(school: Sandbox) -> SisClient:
    return SisClient(school)
