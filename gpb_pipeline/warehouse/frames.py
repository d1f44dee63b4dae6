"""A course's frames in the warehouse: replaced where they differ, read back as their schemas. No rule.

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

from gpb_pipeline.passback.course import CanvasRead, Course, SisRead, digest_of
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
    rows_of,
)
from gpb_pipeline.passback.rows.frames import Rows
from gpb_pipeline.warehouse import tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.plain_rows import marks
from gpb_pipeline.warehouse.schemas import FrameDigests
from gpb_pipeline.warehouse.table import Table, keyed


@dataclass(frozen=True, kw_only=True)
class CourseFrames:
    """What one sync leaves of one course: the frames that it made, by their tables.

    `digests`: of those that most syncs leave as they were; the others are written each time.
    """

    course_id: str
    job_id: str
    frames: Mapping[Table[Any], pd.DataFrame]
    digests: Mapping[str, str]


def of_sync(course_id: str, job_id: str, canvas: CanvasRead, sis: SisRead, judgement: Rows) -> CourseFrames:
    """Gather the frames of a course that was read, judged and posted to its end."""
    made = of_canvas(canvas) | _of_sis(sis) | _of_judgement(judgement)
    read: dict[type[Frame], str] = {**canvas.digests, **sis.digests, Courses: digest_of(canvas.course)}
    digests = {table.name: read[table.schema] for table in made if table.schema in read}
    return CourseFrames(course_id=course_id, job_id=job_id, frames=made, digests=digests)


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


def _of_sis(read: SisRead) -> dict[Table[Any], pd.DataFrame]:
    return {
        tables.SIS_CLASSES: read.classes,
        tables.SIS_ROSTER: read.roster,
        tables.SIS_CATEGORIES: read.categories,
        tables.SIS_GRADING_PERIODS: read.grading_periods,
    }


def _of_judgement(judgement: Rows) -> dict[Table[Any], pd.DataFrame]:
    return {
        tables.FILTERED_ASSIGNMENTS: judgement.assignments,
        tables.FILTERED_GRADES: judgement.grades,
    }


def replace(session: Connection, courses: Sequence[CourseFrames]) -> None:
    """Put these courses' frames in the place of their last ones, those that are not as they were.

    Ten courses cost about what one does: give them together. Tables not given keep what they hold; `job_id`
    is of the job that first left the frame so.
    """
    kept = _digests(session, [course.course_id for course in courses])
    there = kept.keys() | _without_digest(
        session, [each.course_id for each in courses if each.course_id not in kept]
    )
    for table in dict.fromkeys(table for course in courses for table in course.frames):
        new = [
            course
            for course in courses
            if table in course.frames and not _is_kept(course, table, kept.get(course.course_id, {}))
        ]
        table.delete(session, "course_id", [each.course_id for each in new if each.course_id in there])
        rows = (keyed(each.frames[table], course_id=each.course_id, job_id=each.job_id) for each in new)
        table.insert(session, *rows)
    _keep_digests(session, [each for each in courses if kept.get(each.course_id, {}) != each.digests])


def write_anew(session: Connection, course_ids: Sequence[str]) -> None:
    """Let the next sync of these courses take none of their frames for unchanged."""
    named = "WHERE list_contains($1::VARCHAR[], course_id)"
    session.execute(f"UPDATE {tables.FRAME_DIGESTS.qualified} SET digest = '' {named}", [list(course_ids)])  # noqa: S608


def _is_kept(course: CourseFrames, table: Table[Any], kept: Mapping[str, str]) -> bool:
    return table.name in course.digests and course.digests[table.name] == kept.get(table.name)


def _digests(session: Connection, course_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = {}
    for row in rows_of(tables.FRAME_DIGESTS.select(session, "course_id", course_ids)):
        kept.setdefault(row.course_id, {})[row.frame] = row.digest
    return kept


def _without_digest(session: Connection, course_ids: Sequence[str]) -> set[str]:
    """Name those of these courses that left frames before digests were kept: each sync leaves the course."""
    table = tables.CANVAS_COURSES
    if not course_ids or table.is_new(session):
        return set()
    query = f"SELECT course_id FROM {table.qualified} WHERE course_id IN {marks(course_ids)}"  # noqa: S608
    return {course_id for (course_id,) in session.execute(query, list(course_ids)).fetchall()}


def _keep_digests(session: Connection, courses: Sequence[CourseFrames]) -> None:
    tables.FRAME_DIGESTS.delete(session, "course_id", [course.course_id for course in courses])
    rows = [(course.course_id, *each) for course in courses for each in course.digests.items()]
    named = {"course_id": [row[0] for row in rows], "frame": [row[1] for row in rows]}
    tables.FRAME_DIGESTS.insert(session, build(FrameDigests, named | {"digest": [row[2] for row in rows]}))


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
