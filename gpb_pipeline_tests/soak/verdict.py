"""What the soak showed: commits given up, rows doubled or lost, and how long pages were away."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import history, soundness
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline_tests.sync.gradebook import in_canvas, in_sis

AWAY_MOST = 5.0
"""Seconds that pages may be away."""
LOST_LOCK = "lock_lost"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Each figure; `passed` where nothing was given up, doubled or lost, and pages were there."""

    told: Counter[str]
    given_up: Counter[str]
    doubled: list[str]
    lost: list[str]
    away: float

    @property
    def passed(self) -> bool:
        return not (self.given_up or self.doubled or self.lost) and self.away <= AWAY_MOST

    def lines(self) -> list[str]:
        return [
            f"told                {dict(sorted(self.told.items()))}",
            f"commits given up    {self.given_up.total()} {dict(self.given_up) or ''}",
            f"doubled             {len(self.doubled)} {self.doubled[:5] or ''}",
            f"lost                {len(self.lost)} {self.lost[:5] or ''}",
            f"pages away at most  {self.away:.1f} s",
            "passed" if self.passed else "FAILED",
        ]


def judged(sandbox: Sandbox, logs: Iterable[Path], courses: Sequence[str], away: float) -> Verdict:
    """Hold what hosts told against the warehouse, and the SIS against Canvas."""
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines() if line[:1] == "{"]
    told: Counter[str] = Counter(_named(each) for each in lines)
    given_up = Counter(each["code"] for each in lines if each["what"] == "given up")
    with open_warehouse() as warehouse:
        on_record = {job.job_id: job.status for job in warehouse.read(history.jobs)}
        scans = warehouse.read(soundness.scan)
    unrecorded = [
        f"the end of {each['job']}"
        for each in lines
        if each["what"] == "ended" and not on_record.get(each["job"], "").startswith("Completed")
    ]
    miscounted = [
        f"{each.table}: {each.rows} of {each.counted} rows" for each in scans if each.rows != each.counted
    ]
    twice = [f"{each.table}: {each.doubled} keys" for each in scans if each.doubled]
    return Verdict(
        told=told,
        given_up=given_up,
        doubled=twice + _twice_in_sis(sandbox),
        lost=unrecorded + miscounted + _missing_in_sis(sandbox, courses),
        away=away,
    )


def _named(line: dict[str, Any]) -> str:
    return f"{line['what']} ({line['code']})" if line.get("code") else str(line["what"])


def _twice_in_sis(sandbox: Sandbox) -> list[str]:
    state = sandbox.state()
    active = [
        each for kind in ("line_items", "results") for each in state[kind] if each["status"] == "active"
    ]
    cells = Counter(
        (each["line_item_id"], each["student_id"])
        if "student_id" in each
        else (each["class_id"], each["title"])
        for each in active
    )
    return [f"in the SIS: {number} of one cell" for number in cells.values() if number > 1]


def _missing_in_sis(sandbox: Sandbox, courses: Sequence[str]) -> list[str]:
    held = in_sis(sandbox)
    wanted = {cell: grade for each in courses for cell, grade in in_canvas(sandbox, each).grades.items()}
    wrong = sum(held.get(cell) != grade for cell, grade in wanted.items())
    return [f"in the SIS: {wrong} of {len(wanted)} grades are not as Canvas has them"] if wrong else []
