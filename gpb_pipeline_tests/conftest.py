"""What all tests share: no setting of whoever runs them, a browser, properties tried alike each run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect

from gpb_pipeline.settings import ENV_FILE, known_names
from gpb_pipeline_tests import chromium
from gpb_pipeline_tests.bucket import Bucket, running_bucket
from gpb_pipeline_tests.postgres import Postgres, running_postgres

for each in known_names() | {ENV_FILE}:
    os.environ.pop(each, None)  # a test names its own; a home without dagster.yaml would be refused at import

settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")


SLOWEST = ("orchestration", "cli", "sync", "web")
"""Folders whose files take longest: begun first, so that no worker is left with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(here).parts[0] not in SLOWEST)


def pytest_xdist_auto_num_workers() -> int:
    """Two workers a core: tests wait for servers, commits and browsers half of their time."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def bucket() -> Iterator[Bucket]:
    with running_bucket() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; a module's, for while it runs no other test of its thread could use asyncio."""
    with chromium.browser() as running:
        expect.set_options(timeout=90_000)  # a machine on which four workers share two cores is slow
        yield running
