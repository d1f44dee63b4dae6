"""A scripted Canvas, a client of it that waits for nothing, and a sandbox as new before each test."""

from collections.abc import Iterator
from datetime import date

import pytest
import stamina

from gpb_pipeline.canvas.bucket import Bucket
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline_tests.canvas.script import Script, scripted

FAST = 1e6  # points a second: a bucket that is never waited for


def fast_client(settings: CanvasSettings) -> CanvasClient:
    return CanvasClient(settings, Bucket(FAST))


@pytest.fixture
def canvas() -> Iterator[Script]:
    with scripted() as server:
        yield server


@pytest.fixture
def few_tries() -> Iterator[None]:
    stamina.set_testing(testing=True, attempts=3)
    yield
    stamina.set_testing(testing=False)


@pytest.fixture
def client(canvas: Script, few_tries: None) -> Iterator[CanvasClient]:
    settings = CanvasSettings(base_url=canvas.url, api_token="t", GPB_TIMEZONE="America/Chicago")
    with fast_client(settings) as made:
        yield made


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with running_sandbox(today=date(2026, 11, 24)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running
