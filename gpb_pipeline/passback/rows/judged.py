"""One Pandera schema a frame: what the rules make of one course, before and after posting.

`state` says what may go (`JUDGED`), then what will be written (`PLANNED`), then what came of it (`FINAL`).
`code` names the cause in the issue catalogue (issues.py).
"""

import pandera.pandas as pa
from pandera.typing import Series

from gpb_pipeline.passback.frames import Frame, UtcTime

JUDGED = ["eligible", "withdraw", "skipped", "failed"]
PLANNED = ["create", "update", "unchanged", "withdraw", "skipped", "failed"]
FINAL = ["created", "updated", "unchanged", "withdrawn", "skipped", "failed"]


class AssignmentRow(Frame):
    """What every assignment row has: a section, an assignment, and how the SIS would know it."""

    section_id: Series[str]
    sis_section_id: Series[str]
    assignment_id: Series[str]
    assignment_name: Series[str]
    group_name: Series[str] = pa.Field(description="the Canvas assignment group")
    title: Series[str] = pa.Field(description="name on the wire, shortened where the district says so")
    category_id: Series[str] = pa.Field(nullable=True, description="sourcedId of the SIS category")
    category: Series[str] = pa.Field(nullable=True, description="its title")
    class_id: Series[str] = pa.Field(nullable=True, description="sourcedId of the SIS class")
    school_id: Series[str] = pa.Field(nullable=True)
    period_id: Series[str] = pa.Field(nullable=True, description="sourcedId of the grading period")
    points_possible: Series[float] = pa.Field(nullable=True)
    assigned_at: Series[UtcTime] = pa.Field(nullable=True, description="assignDate on the wire")
    due_at: Series[UtcTime] = pa.Field(nullable=True, description="effective for this section")
    due_on_wire: Series[UtcTime] = pa.Field(nullable=True, description="dueDate as sent")
    line_item_id: Series[str] = pa.Field(description="sourcedId: ours, or the SIS's in provider mode")
    payload_hash: Series[str] = pa.Field(description="of the domain values, not of the rendered body")

    class Config(Frame.Config):
        unique = ["section_id", "assignment_id"]


class FilteredAssignments(AssignmentRow):
    """Each published, sync-enabled assignment × section in scope to which it is assigned."""

    state: Series[str] = pa.Field(isin=JUDGED)
    code: Series[str] = pa.Field(nullable=True)


class PlannedAssignments(AssignmentRow):
    """The same rows, with what is to be written."""

    state: Series[str] = pa.Field(isin=PLANNED)
    code: Series[str] = pa.Field(nullable=True)


class SisAssignments(AssignmentRow):
    """The same rows, with what came of each."""

    state: Series[str] = pa.Field(isin=FINAL)
    code: Series[str] = pa.Field(nullable=True)
    sis_error: Series[str] = pa.Field(nullable=True, description="the SIS's own code and words")


class GradeRow(Frame):
    """What every grade row has: a section, an assignment, a student, and how the SIS would know it."""

    section_id: Series[str]
    sis_section_id: Series[str]
    assignment_id: Series[str]
    assignment_name: Series[str]
    user_id: Series[str] = pa.Field(description="private; Canvas user id")
    student_name: Series[str] = pa.Field(description="private")
    sis_user_id: Series[str] = pa.Field(nullable=True, description="private; the SIS id that Canvas has")
    student_id: Series[str] = pa.Field(nullable=True, description="private; sourcedId of the student")
    class_id: Series[str] = pa.Field(nullable=True)
    score: Series[float] = pa.Field(
        nullable=True, description="private; as submitted to the SIS, 0 if exempt"
    )
    exempt: Series[bool]
    canvas_state: Series[str] = pa.Field(
        description="private; what Canvas said, in words and numbers, for trace"
    )
    scored_at: Series[UtcTime] = pa.Field(nullable=True, description="graded, else posted: scoreDate")
    line_item_id: Series[str]
    result_id: Series[str] = pa.Field(description="sourcedId: ours, or the SIS's in provider mode")
    payload_hash: Series[str]

    class Config(Frame.Config):
        unique = ["section_id", "assignment_id", "user_id"]


class FilteredGrades(GradeRow):
    """Each grade in the sense of design.md §8.5, per section in scope."""

    state: Series[str] = pa.Field(isin=JUDGED)
    code: Series[str] = pa.Field(nullable=True)


class PlannedGrades(GradeRow):
    """The same rows, with what is to be written."""

    state: Series[str] = pa.Field(isin=PLANNED)
    code: Series[str] = pa.Field(nullable=True)


class SisGrades(GradeRow):
    """The same rows, with what came of each."""

    state: Series[str] = pa.Field(isin=FINAL)
    code: Series[str] = pa.Field(nullable=True)
    sis_error: Series[str] = pa.Field(nullable=True, description="the SIS's own code and words")


class Issues(Frame):
    """Every cause met, one row an item and code; what the code means stands in the catalogue."""

    code: Series[str]
    section_id: Series[str] = pa.Field(nullable=True)
    assignment_id: Series[str] = pa.Field(nullable=True)
    user_id: Series[str] = pa.Field(nullable=True, description="private")
    detail: Series[str] = pa.Field(
        nullable=True, description="what a person needs beside the cause; no student data"
    )
    sis_error: Series[str] = pa.Field(nullable=True)
