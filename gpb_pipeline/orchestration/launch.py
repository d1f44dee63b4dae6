"""Runs launched from the command line: the UI's own jobs, in this process, kept in the UI's run history.

What a run does is in assets.py; what the terminal shows of it, in cli/.
"""

import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import uuid4

import dagster as dg

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.orchestration.assets import grade_passback
from gpb_pipeline.orchestration.config import POSTED_BY_TAG, job_id
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.settings import DagsterSettings

PROJECT = Path(__file__).parents[2]

JobName = Literal["grade_sync", "remaster_grade_passback", "nightly_grade_sync"]


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A run as asked for: its ids are known before it begins."""

    job_name: JobName
    course_ids: Sequence[str]
    posted_by: str
    sections: Sequence[str] = ()
    assignments: Sequence[str] = ()
    confirm: bool = False
    run_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def job_ids(self) -> list[str]:
        """Name each course's sync, as the history has it."""
        return [job_id(self.run_id, course_id) for course_id in self.course_ids]


def dagster_home() -> Path:
    """Find DAGSTER_HOME, made if missing, with the project's dagster.yaml where it has none."""
    home = DagsterSettings.load().home.absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "dagster.yaml").exists():
            shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    except OSError as refused:
        raise SettingsError(
            f"cannot write to the folder {home} ({refused.strerror})",
            item="DAGSTER_HOME",
            remedy="Name a folder that may be written to.",
        ) from None
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def launch(asked: Launch) -> bool:
    """Run it to its end; True if every course succeeded. What became of each, the history says."""
    from gpb_pipeline.definitions import defs  # noqa: PLC0415  it imports this package

    dagster_home()
    with dg.DagsterInstance.get() as instance:
        add_courses(instance, asked.course_ids)
        result = defs.resolve_job_def(asked.job_name).execute_in_process(
            run_config=_run_config(asked),
            instance=instance,
            run_id=asked.run_id,
            tags={POSTED_BY_TAG: asked.posted_by},
            raise_on_error=False,
        )
        return result.success


def errors_logged(run_id: str) -> list[str]:
    """Read what the run's log says of courses that never came as far as the history."""
    with dg.DagsterInstance.get() as instance:
        return [
            entry.user_message
            for entry in instance.all_logs(run_id)
            if int(entry.level) >= logging.ERROR and not entry.is_dagster_event
        ]


def _run_config(asked: Launch) -> dict[str, object]:
    config = {
        "course_ids": list(asked.course_ids),
        "posted_by": asked.posted_by,
        "sections": list(asked.sections),
        "assignments": list(asked.assignments),
        "confirm": asked.confirm,
    }
    return {
        "ops": {grade_passback.op.name: {"config": config}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},  # the terminal has its own words
    }
