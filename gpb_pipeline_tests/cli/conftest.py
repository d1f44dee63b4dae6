"""The sandbox that tests of commands run against. What a module settles besides is its own."""

from collections.abc import Iterator
from datetime import date

import pytest

from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with running_sandbox(today=date(2026, 11, 24)) as sandbox:
        yield sandbox
