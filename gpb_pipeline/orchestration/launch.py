"""Runs launched from the command line: the UI's own jobs, in this process, kept in the UI's run history.

What a run does is in assets.py; what the terminal shows of it, in cli/.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

import dagster as dg
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.remote_origin import (  # no public names
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG

from gpb_pipeline.orchestration.assets import grade_passback
from gpb_pipeline.orchestration.build import build_defs
from gpb_pipeline.orchestration.config import POSTED_BY_TAG, job_id
from gpb_pipeline.orchestration.home import dagster_home
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.orchestration.run_log import errors_in

CODE_LOCATION = "gpb_pipeline"
"""As workspace.yaml names it."""
REPOSITORY = f"{SINGLETON_REPOSITORY_NAME}@{CODE_LOCATION}"
"""What a job's list of runs looks for in a run's tags."""

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


def launch(asked: Launch) -> bool:
    """Run it to its end; True if every course succeeded. What became of each, the history says."""
    dagster_home()
    defs = build_defs()
    with dg.DagsterInstance.get() as instance:
        add_courses(instance, asked.course_ids)
        try:
            result = defs.resolve_job_def(asked.job_name).execute_in_process(
                run_config=_run_config(asked),
                instance=instance,
                run_id=asked.run_id,
                tags={POSTED_BY_TAG: asked.posted_by, REPOSITORY_LABEL_TAG: REPOSITORY},
                raise_on_error=False,
            )
        finally:
            _show_at_home(instance, asked)
        return result.success


def _show_at_home(instance: dg.DagsterInstance, asked: Launch) -> None:
    """Give the ended run the UI's code location, without which the home page leaves it out.

    Not before: while it has none, Dagster knows that the run is nobody's but this process's.
    """
    run = instance.get_run_by_id(asked.run_id)
    if run is not None:
        location = RegisteredCodeLocationOrigin(CODE_LOCATION)
        repository = RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME)
        instance.run_storage.replace_job_origin(run, RemoteJobOrigin(repository, asked.job_name))


def errors_logged(run_id: str) -> list[str]:
    """Read what the run's log says of courses that never came as far as the history."""
    with dg.DagsterInstance.get() as instance:
        return errors_in(instance, run_id)


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
