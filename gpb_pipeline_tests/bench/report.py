"""The figures of a bench as a table: told as they come, and kept in docs/performance.md."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gpb_pipeline_tests.bench.figures import Figures

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- as make bench wrote it -->", "<!-- its end -->"
HEAD = (
    "| pass | latency | requests a course: Canvas, SIS | writes | wall | × raw | CPU a course "
    "| beyond raw | rows, commits a course | peak memory |\n|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One pass over the courses, and the same requests made bare."""

    name: str
    latency: int
    ours: Figures
    raw: Figures | None
    canvas: int
    sis: int

    @property
    def line(self) -> str:
        ours, raw, count = self.ours, self.raw, self.ours.courses or 1
        failed = f", {ours.failed} failed" if ours.failed else ""
        beyond = f"{1000 * (ours.cpu - raw.cpu) / count:.0f} ms" if raw else ""
        return " | ".join(
            [
                f"| {self.name}: {ours.courses} courses, {ours.unchanged} not judged{failed}",
                f"{self.latency} ms",
                f"{self.canvas / count:.1f}, {self.sis / count:.1f}",
                f"{ours.writes}",
                f"{ours.seconds:.1f} s",
                f"{ours.seconds / raw.seconds:.1f}" if raw else "",
                f"{1000 * ours.cpu / count:.0f} ms",
                beyond,
                f"{ours.rows / count:.1f}, {ours.commits / count:.1f}",
                f"{ours.peak} MiB |",
            ]
        )


@dataclass
class Report:
    courses: int
    passes: list[Pass] = field(default_factory=list)

    def add(self, done: Pass) -> None:
        if not self.passes:
            print(HEAD)
        self.passes.append(done)
        print(done.line, flush=True)

    def save(self) -> None:
        """Put the table into its place in the page."""
        said = PAGE.read_text(encoding="utf-8")
        before, after = said.split(BEGIN)[0], said.split(END)[1]
        lines = [HEAD, *(each.line for each in self.passes)]
        when = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, 2 cores"
        table = "\n".join(lines)
        PAGE.write_text(f"{before}{BEGIN}\n{when}\n\n{table}\n{END}{after}", encoding="utf-8")
