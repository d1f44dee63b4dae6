"""The sandbox's school, read over HTTP as a sync reads it."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.passback.course import CanvasRead, SisRead
from gpb_pipeline.passback.frames import Enrollments
from gpb_pipeline.sandbox.serve import running_sandbox
from gpb_pipeline.settings import CanvasSettings, SisSettings
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sis.lookups import read_sis

TODAY = date(2026, 11, 24)
ReadCourse = Callable[[str], tuple[CanvasRead, SisRead]]


@pytest.fixture(scope="session")
def read_school() -> Iterator[ReadCourse]:
    """Read one of the school's courses, from both sides."""
    with running_sandbox(today=TODAY) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment.items():
            environment.setenv(name, value)
        canvas_settings, sis_settings = CanvasSettings.load(), SisSettings.load()
        environment.undo()
        with CanvasClient(canvas_settings) as canvas, OneRosterClient(sis_settings) as sis:

            def read(course_id: str) -> tuple[CanvasRead, SisRead]:
                course = read_course(canvas, course_id)
                return course, read_sis(sis, course.sections, course.columns[Enrollments])

            yield read
