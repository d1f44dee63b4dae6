"""Everything a sync reads of a course, in the order of docs/canvas.md §10: lists, made into frames.

What a value should be and what is laid aside is course_frames.py's; whether the lists are whole,
completeness.py's. A key is looked for wherever its absence would look like a deletion.
"""

from collections.abc import Callable, Sequence

from pandera.typing import DataFrame

from gpb_pipeline.canvas.assignments import read_assignments
from gpb_pipeline.canvas.body import Json
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.completeness import (
    require_enrollments,
    require_known,
    require_permissions,
    require_submissions,
    require_whole,
)
from gpb_pipeline.canvas.course_frames import ENROLLMENTS, GROUPS, SECTIONS, SUBMISSIONS
from gpb_pipeline.canvas.courses import Head, course_path, read_head
from gpb_pipeline.canvas.errors import ShiftedError, ShortReadError
from gpb_pipeline.canvas.paging import PAGE, Params
from gpb_pipeline.canvas.sieve import Columns
from gpb_pipeline.passback import frames
from gpb_pipeline.passback.course import CanvasRead
from gpb_pipeline.passback.frames import Frame, build

IDS_A_REQUEST = 50  # assignment ids: well below Canvas's 100 and 6 KB of URL
ROWS_A_LIST = 3 * PAGE  # submissions, about: a few pages follow one another, and such lists go side by side
OF_STUDENTS: Params = {
    "type[]": ["StudentEnrollment", "StudentViewEnrollment"],
    "state[]": ["active", "invited", "completed", "inactive"],
}
WITH_DATES: Params = {"include[]": ["overrides", "checkpoints"], "override_assignment_dates": "false"}


def read_course(
    client: CanvasClient, course: str | Head, before_grades: Callable[[], None] = lambda: None
) -> CanvasRead:
    """Read all that a sync needs, from the start again, once, where the course changed or came short.

    `course` may be any name of the course, which is what Canvas answers with, or its head if that was read.
    What cannot be carried of an item costs that item alone, and is told in `rejects`. `before_grades` is
    called when submissions come next. Raises PermanentError or TransientError, and then nothing of it counts.
    """
    head = course if isinstance(course, Head) else read_head(client, course)
    try:
        return _read_course(client, head, before_grades)
    except (ShiftedError, ShortReadError):
        return _read_course(client, head, lambda: None)


def _read_course(client: CanvasClient, head: Head, before_grades: Callable[[], None]) -> CanvasRead:
    course, untaken = head
    item, path = f"course {course.course_id}", course_path(course.course_id)
    section_rows, enrollment_rows, group_rows, assignment_rows = client.lists(
        [
            (f"{path}/sections", {}, f"{item}, sections"),
            (f"{path}/enrollments", OF_STUDENTS, f"{item}, enrollments"),
            (f"{path}/assignment_groups", {}, f"{item}, assignment groups"),
            (f"{path}/assignments", WITH_DATES, f"{item}, assignments"),
        ]
    )
    require_permissions(section_rows, enrollment_rows, assignment_rows, item)
    require_known(assignment_rows, ("post_to_sis", "workflow_state"), f"{item}, assignments")
    assignments = read_assignments(assignment_rows)
    before_grades()
    submission_rows = _submission_rows(
        client, path, [str(each["id"]) for each in assignments.synced], len(enrollment_rows), item
    )
    require_known(submission_rows, ("posted_at",), f"{item}, submissions")
    sections, sections_aside = SECTIONS.sift(section_rows)
    enrollments, enrollments_aside = ENROLLMENTS.sift(enrollment_rows)
    groups, groups_aside = GROUPS.sift(group_rows)
    submissions, submissions_aside = SUBMISSIONS.sift(submission_rows)
    rejects = (
        *untaken,
        *sections_aside,
        *enrollments_aside,
        *groups_aside,
        *assignments.rejects,
        *submissions_aside,
    )
    synced_in = [str(each["assignment_group_id"]) for each in assignments.synced]
    require_whole(sections, enrollments, groups, synced_in, rejects, item)
    require_enrollments(enrollment_rows, submission_rows, item)
    require_submissions(enrollments, assignments.synced, submission_rows, f"{item}, submissions")
    columns: dict[type[Frame], Columns] = {
        frames.Sections: sections,
        frames.Enrollments: enrollments,
        frames.AssignmentGroups: groups,
        frames.Assignments: assignments.columns,
        frames.Overrides: assignments.overrides,
        frames.Submissions: submissions,
    }
    return CanvasRead(course=course, columns=columns, rejects=rejects)


def read_groups(
    client: CanvasClient, course_id: str
) -> tuple[DataFrame[frames.Sections], DataFrame[frames.AssignmentGroups]]:
    """Read the sections and assignment groups alone, for Sync SIS Categories; raises as read_course does.

    A course whose sections were all cross-listed away has none, and a list without rows does no harm. What
    cannot be carried is left out: a sync tells of it.
    """
    item, path = f"course {course_id}", course_path(course_id)
    sections = list(client.pages(f"{path}/sections", item=f"{item}, sections"))
    groups = list(client.pages(f"{path}/assignment_groups", item=f"{item}, assignment groups"))
    require_permissions(sections, [], [], item)
    return (
        build(frames.Sections, SECTIONS.sift(sections)[0]),
        build(frames.AssignmentGroups, GROUPS.sift(groups)[0]),
    )


def _submission_rows(
    client: CanvasClient, path: str, assignment_ids: Sequence[str], students: int, item: str
) -> list[Json]:
    """Read the submissions of these assignments, those of different ones side by side."""
    together = min(max(ROWS_A_LIST // max(students, 1), 1), IDS_A_REQUEST)
    queries: list[Params] = [
        {
            "student_ids[]": ["all"],
            "assignment_ids[]": list(assignment_ids[start : start + together]),
            "include[]": ["visibility"],
        }
        for start in range(0, len(assignment_ids), together)
    ]
    lists = client.lists((f"{path}/students/submissions", query, f"{item}, submissions") for query in queries)
    return [row for rows in lists for row in rows]
