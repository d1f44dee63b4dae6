"""What all tests share: a browser; no figure of time decides a test, a property is tried alike each run."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from gpb_pipeline_tests import chromium

settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; a module's, for while it runs no other test of its thread could use asyncio."""
    with chromium.browser() as running:
        yield running
