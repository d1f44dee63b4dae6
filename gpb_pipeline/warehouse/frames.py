"""A course's frames in the warehouse: replaced by each sync, read back as their schemas. No rule, no log.

The functions take a session of `Warehouse.commit` or `Warehouse.read`, so that the caller says what belongs
into one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.course import CanvasRead, Course, SisRead
from gpb_pipeline.passback.frames import (
    AssignmentGroups,
    Assignments,
    Courses,
    Enrollments,
    F,
    Frame,
    Overrides,
    Sections,
    SisCategories,
    SisClasses,
    SisGradingPeriods,
    SisRoster,
    Submissions,
    build,
    empty,
)
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.tables import Table, keyed


@dataclass(frozen=True, kw_only=True)
class CourseFrames:
    """What one sync leaves of one course: the frames that it made, by their tables."""

    course_id: str
    job_id: str
    frames: Mapping[Table[Any], pd.DataFrame]


def of_canvas(read: CanvasRead) -> dict[Table[Any], pd.DataFrame]:
    return {
        tables.CANVAS_COURSES: _itself(read.course),
        tables.CANVAS_SECTIONS: read.sections,
        tables.CANVAS_ENROLLMENTS: read.enrollments,
        tables.CANVAS_ASSIGNMENT_GROUPS: read.assignment_groups,
        tables.CANVAS_ASSIGNMENTS: read.assignments,
        tables.CANVAS_OVERRIDES: read.overrides,
        tables.CANVAS_SUBMISSIONS: read.submissions,
    }


def of_sis(read: SisRead) -> dict[Table[Any], pd.DataFrame]:
    return {
        tables.SIS_CLASSES: read.classes,
        tables.SIS_ROSTER: read.roster,
        tables.SIS_CATEGORIES: read.categories,
        tables.SIS_GRADING_PERIODS: read.grading_periods,
    }


def of_judgement(judgement: Rows) -> dict[Table[Any], pd.DataFrame]:
    return {
        tables.FILTERED_ASSIGNMENTS: judgement.assignments,
        tables.FILTERED_GRADES: judgement.grades,
    }


def replace(session: Connection, courses: Sequence[CourseFrames]) -> None:
    """Put these courses' frames in the place of their last ones; tables not given keep what they hold.

    Ten courses cost about what one does: give them together.
    """
    for table in dict.fromkeys(table for course in courses for table in course.frames):
        given = [course for course in courses if table in course.frames]
        table.delete(session, "course_id", [course.course_id for course in given])
        rows = (
            keyed(course.frames[table], course_id=course.course_id, job_id=course.job_id) for course in given
        )
        table.insert(session, *rows)


def current(session: Connection, table: Table[F], course_id: str) -> DataFrame[F]:
    """Read a course's frame as its last sync left it; without rows if there was none."""
    return table.select(session, "course_id", [course_id])


def last_sis(session: Connection, course_id: str) -> SisRead:
    """Give what the course's last whole sync looked up in the SIS; without rows if there was none."""
    return SisRead(
        columns={
            SisClasses: current(session, tables.SIS_CLASSES, course_id),
            SisRoster: current(session, tables.SIS_ROSTER, course_id),
            SisCategories: current(session, tables.SIS_CATEGORIES, course_id),
            SisGradingPeriods: current(session, tables.SIS_GRADING_PERIODS, course_id),
        }
    )


def in_other_courses(session: Connection, assignment_ids: Sequence[str], course_id: str) -> frozenset[str]:
    """Name those of these assignments that another course had when it was read last."""
    table = tables.CANVAS_ASSIGNMENTS.qualified
    rows = session.execute(
        f"SELECT assignment_id FROM {table} WHERE assignment_id IN (SELECT unnest($1)) AND course_id <> $2",  # noqa: S608
        [list(assignment_ids), course_id],
    ).fetchall()
    return frozenset(each for (each,) in rows)


def without_canvas(session: Connection, course_id: str) -> CanvasRead | None:
    """Make a read of a course that Canvas no longer has: its sections and people, and nothing to sync.

    None where no sync has left any.
    """
    sections = current(session, tables.CANVAS_SECTIONS, course_id)
    known = current(session, tables.CANVAS_COURSES, course_id)
    if sections.empty or known.empty:
        return None
    course = Course(
        course_id=course_id,
        name=known["course_name"].iloc[0],
        sis_course_id=known["sis_course_id"].iloc[0],
        time_zone=ZoneInfo(known["time_zone"].iloc[0]),
        workflow_state="deleted",
        concluded=True,
        blueprint=False,
    )
    left: dict[type[Frame], pd.DataFrame] = {
        Sections: sections,
        Enrollments: current(session, tables.CANVAS_ENROLLMENTS, course_id),
    }
    nothing: tuple[type[Frame], ...] = (AssignmentGroups, Assignments, Overrides, Submissions)
    return CanvasRead(course=course, columns=left | {each: empty(each) for each in nothing})


def _itself(course: Course) -> DataFrame[Courses]:
    return build(
        Courses,
        {
            "course_name": [course.name],
            "sis_course_id": [course.sis_course_id],
            "time_zone": [course.time_zone.key],
        },
    )
