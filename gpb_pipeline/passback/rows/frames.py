"""The two frames of a sync and its issues: one schema a kind, from candidate to final state.

`state` says what may go (`JUDGED`), then what will be written (`PLANNED`), then what came of it (`FINAL`);
`code` names the cause in the issue catalogue (rules/issues.py). Rows are made in assignments.py and grades.py
of this room, judged by rules/, planned by holdings/ and settled by settle.py; each widens what it is given.
"""

from dataclasses import dataclass

import pandera.pandas as pa
from pandera.typing import DataFrame, Series

from gpb_pipeline.passback.frames import Frame, UtcTime
from gpb_pipeline.passback.rows.counts import Extracted

JUDGED = ["eligible", "withdraw", "skipped", "failed"]
PLANNED = ["create", "update", "unchanged", "withdraw", "skipped", "failed"]
FINAL = ["created", "updated", "unchanged", "withdrawn", "skipped", "failed"]
STATES = list(dict.fromkeys([*JUDGED, *PLANNED, *FINAL]))

ITEM = ["section_id", "class_id", "assignment_id"]
"""What a line item's row is known by; a result's has the student beside it."""


class AssignmentRows(Frame):
    """Each published, sync-enabled assignment × section in scope to which it is assigned (decisions.md §8.5).

    Beside them each line item that the SIS holds because of us and nothing asks for any more.
    """

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
    covered: Series[bool] = pa.Field(description="this read covers it; else only the holdings know it")
    selected: Series[bool]
    assigned: Series[str] = pa.Field(description="how it comes to the section (rules/due_dates.py)")
    sections_named: Series[bool] = pa.Field(description="some section has a due date of its own")
    everyone_else_undated: Series[bool]
    twins: Series[int] = pa.Field(description="of this name in this section, itself included")
    folded_twins: Series[int] = pa.Field(description="the same, upper and lower case alike")
    grading_type: Series[str]
    omit_from_final_grade: Series[bool]
    category_code: Series[str] = pa.Field(nullable=True)
    period_code: Series[str] = pa.Field(nullable=True)
    detail: Series[str] = pa.Field(nullable=True, description="what a person needs beside some codes")
    held: Series[bool] = pa.Field(description="the SIS holds its line item because of us")
    line_item_id: Series[str] = pa.Field(nullable=True, description="sourcedId, of what is held or goes")
    bar: Series[str] = pa.Field(nullable=True, description="code of what bars a write alone")
    state: Series[str] = pa.Field(isin=STATES)
    code: Series[str] = pa.Field(nullable=True)
    sis_error: Series[str] = pa.Field(nullable=True, description="the SIS's own code and words")

    class Config(Frame.Config):
        unique = ITEM


class GradeRows(Frame):
    """Each grade (decisions.md §8.5) per section in scope, and each result that nothing asks for."""

    section_id: Series[str]
    sis_section_id: Series[str]
    assignment_id: Series[str]
    assignment_name: Series[str]
    user_id: Series[str] = pa.Field(nullable=True, description="private; Canvas user id")
    student_name: Series[str] = pa.Field(description="private")
    sis_user_id: Series[str] = pa.Field(nullable=True, description="private; the SIS id that Canvas has")
    student_id: Series[str] = pa.Field(nullable=True, description="private; sourcedId of the student")
    class_id: Series[str] = pa.Field(nullable=True)
    score: Series[float] = pa.Field(nullable=True, description="private; as submitted, 0 if exempt")
    exempt: Series[bool]
    scored_at: Series[UtcTime] = pa.Field(nullable=True, description="graded, else posted: scoreDate")
    covered: Series[bool] = pa.Field(description="this read covers it; else only the holdings know it")
    moved: Series[bool] = pa.Field(description="not covered, and the SIS shows the student's grade elsewhere")
    twice: Series[bool] = pa.Field(description="another user of the section is the same student in the SIS")
    canvas_score: Series[float] = pa.Field(nullable=True, description="private")
    canvas_grade: Series[str] = pa.Field(nullable=True, description="private")
    excused: Series[bool]
    missing: Series[bool]
    late: Series[bool]
    posted_at: Series[UtcTime] = pa.Field(nullable=True)
    graded_at: Series[UtcTime] = pa.Field(nullable=True)
    workflow_state: Series[str]
    current: Series[bool] = pa.Field(description="the score is of the latest attempt")
    points_possible: Series[float] = pa.Field(nullable=True)
    held: Series[bool] = pa.Field(description="the SIS holds its result because of us")
    line_item_id: Series[str] = pa.Field(nullable=True)
    result_id: Series[str] = pa.Field(nullable=True, description="sourcedId, of what is held or goes")
    state: Series[str] = pa.Field(isin=STATES)
    code: Series[str] = pa.Field(nullable=True)
    sis_error: Series[str] = pa.Field(nullable=True, description="the SIS's own code and words")

    class Config(Frame.Config):
        unique = ["section_id", "class_id", "assignment_id", "user_id", "student_id"]


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


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A course's rows at some stage of its sync, and every cause met so far."""

    assignments: DataFrame[AssignmentRows]
    grades: DataFrame[GradeRows]
    issues: DataFrame[Issues]
    extracted: Extracted
