"""What was measured of one pass over the courses, and how a pass is measured in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of one pass: seconds of wall and of CPU, the most memory in MiB, and what it wrote, where it counts."""

    seconds: float
    cpu: float
    peak: int
    courses: int = 0
    failed: int = 0
    unchanged: int = 0
    writes: int = 0
    rows: int = 0
    commits: int = 0
    bytes: int = 0

    @classmethod
    def of(cls, work: Callable[[], Mapping[str, int]]) -> Self:
        started, cpu = time.perf_counter(), _cpu()
        counted = work()
        return cls(
            seconds=time.perf_counter() - started,
            cpu=_cpu() - cpu,
            peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            **counted,
        )

    def told(self) -> None:
        """Give them to whoever began this process."""
        print(json.dumps(asdict(self)))


def _cpu() -> float:
    """Seconds of this process and of those that it began and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measured(module: str, asked: object) -> Figures:
    """Run a module of this package in a process of its own, `asked` as JSON on its standard input."""
    ended = subprocess.run(
        [sys.executable, "-m", f"gpb_pipeline_tests.bench.{module}"],
        input=json.dumps(asked),
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Figures(**json.loads(ended.stdout.splitlines()[-1]))
