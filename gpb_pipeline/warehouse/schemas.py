"""The frames that the warehouse alone has: what was sent, history, choices, requests, looks.

Those that a sync reads and judges are of passback/.
"""

from __future__ import annotations

from typing import get_args

import pandera.pandas as pa
from pandera.typing import Series

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.frames import Frame, UtcTime
from gpb_pipeline.passback.sync_types import SyncType


class SentLineItems(Frame):
    """Each write of a line item that the SIS accepted."""

    section_id: Series[str]
    class_id: Series[str]
    assignment_id: Series[str]
    line_item_id: Series[str] = pa.Field(description="sourcedId in the SIS")
    title: Series[str]
    action: Series[str] = pa.Field(isin=["created", "updated", "withdrawn", "adopted"])
    sent_at: Series[UtcTime]
    job_id: Series[str]


class SentResults(Frame):
    """Each write of a result that the SIS accepted."""

    section_id: Series[str]
    class_id: Series[str]
    assignment_id: Series[str]
    user_id: Series[str] = pa.Field(nullable=True, description="private; Canvas user id")
    student_id: Series[str] = pa.Field(description="private; sourcedId of the student")
    result_id: Series[str] = pa.Field(description="sourcedId in the SIS")
    line_item_id: Series[str]
    score: Series[float] = pa.Field(nullable=True, description="private; as sent; None where withdrawn")
    exempt: Series[bool]
    action: Series[str] = pa.Field(isin=["created", "updated", "withdrawn", "adopted"])
    canvas_state: Series[str] = pa.Field(
        nullable=True, description="private; what Canvas said then; None of what was adopted unread"
    )
    sent_at: Series[UtcTime]
    job_id: Series[str]


class ClassReads(Frame):
    """Each whole read of a class's gradebook."""

    class_id: Series[str] = pa.Field(description="sourcedId of the SIS class")
    read_at: Series[UtcTime]


class Strangers(Frame):
    """Each line item that a read showed and that is not ours; kept where the SIS chooses the ids."""

    line_item_id: Series[str]
    class_id: Series[str]


class LeftInSis(Frame):
    """What the SIS still holds because of us, and of which all but the sourcedId was forgotten."""

    kind: Series[str] = pa.Field(isin=["assignment", "grade"])
    sourced_id: Series[str]
    section_id: Series[str]
    class_id: Series[str]
    assignment_id: Series[str]
    look: Series[bool] = pa.Field(description="the next sync of its class looks whom it belongs to")


class ForgottenMarks(Frame):
    """Each id of each student whom no sync reads in, as a keyed mark (passback/forgotten.py)."""

    salt: Series[str] = pa.Field(description="of all marks")
    mark: Series[str]
    forgotten_by: Series[str]
    forgotten_at: Series[UtcTime]


class SisAddresses(Frame):
    """Each time that someone said which SIS a host is; the latest row is the SIS that the holdings are of."""

    host: Series[str] = pa.Field(description="of SIS_BASE_URL")
    sis: Series[str] = pa.Field(description="the host by which this SIS was known first")
    chosen_by: Series[str]
    chosen_at: Series[UtcTime]


class Jobs(Frame):
    """Each sync of a course, as it began."""

    job_id: Series[str] = pa.Field(unique=True)
    course_id: Series[str]
    type: Series[str] = pa.Field(isin=list(get_args(SyncType)))
    posted_by: Series[str]
    started_at: Series[UtcTime]


class JobStages(Frame):
    """Each stage that a sync reached."""

    job_id: Series[str]
    stage: Series[str]
    reached_at: Series[UtcTime]


class JobEnds(Frame):
    """How each sync ended, with its counts (docs/decisions.md §8.11)."""

    job_id: Series[str] = pa.Field(unique=True)
    ended_at: Series[UtcTime]
    status: Series[str] = pa.Field(isin=["Completed", "Completed (with errors)", "Failed"])
    code: Series[str] = pa.Field(nullable=True, description="of the cause, where it failed")
    cause: Series[str] = pa.Field(nullable=True, description="in words, with the remedy")
    judged_in: Series[str] = pa.Field(
        nullable=True, description="the job whose logs are this one's too: its input was equal"
    )
    input: Series[str] = pa.Field(
        nullable=True, description="hash of what was read, where an equal one need not be judged"
    )
    stamp: Series[str] = pa.Field(nullable=True, description="of what the warehouse had of the course then")
    assignments: Series[int]
    line_items_sent: Series[int]
    line_items_created: Series[int]
    results_sent: Series[int]
    results_created: Series[int]
    results_withdrawn: Series[int]
    filtered_sections: Series[int]
    filtered_assignments: Series[int]
    filtered_grades: Series[int]
    extracted_sections: Series[int]
    extracted_assignments: Series[int]
    extracted_grades: Series[int]


class CategoryChoices(frames.CategoryMapping):
    """Each choice made in Sync SIS Categories; the latest of a section and group holds."""

    chosen_by: Series[str]
    chosen_at: Series[UtcTime]


class NightlyChoices(Frame):
    """Each time that someone switched a course's nightly sync; the latest holds."""

    course_id: Series[str]
    enabled: Series[bool]
    chosen_by: Series[str]
    chosen_at: Series[UtcTime]


class Requests(Frame):
    """Each request of the instructor's desk, by whom and when (requests.py)."""

    request_id: Series[str] = pa.Field(unique=True)
    course_id: Series[str]
    kind: Series[str]
    wanted: Series[str] = pa.Field(description="JSON: what was chosen; Canvas ids, none of a student")
    asked_by: Series[str]
    asked_by_id: Series[str] = pa.Field(description="Canvas user id")
    asked_at: Series[UtcTime]


class RequestSteps(Frame):
    """Each thing that became of a request; the latest holds."""

    request_id: Series[str]
    step: Series[str] = pa.Field(isin=["launched", "ended", "failed", "expired"])
    taken_at: Series[UtcTime]
    job_id: Series[str] = pa.Field(nullable=True, description="of its sync, where it is one")
    cause: Series[str] = pa.Field(nullable=True, description="in words, where it failed")
    code: Series[str] = pa.Field(nullable=True, description="of the cause, where it has one")


class RequestOutcomes(Frame):
    """What a look at a course found, as JSON without students; purged after a day."""

    request_id: Series[str] = pa.Field(unique=True)
    course_id: Series[str]
    kept_at: Series[UtcTime]
    outlook: Series[str]


class Looks(Frame):
    """Each look at a page that shows students (looks.py): who, when, of what; no student."""

    looked_at: Series[UtcTime]
    who: Series[str]
    page: Series[str]
    course_id: Series[str]
    job_id: Series[str] = pa.Field(nullable=True)
    source: Series[str] = pa.Field(description="the file that it was folded in from")


class LaunchContexts(Frame):
    """Which course each context id of Canvas's launches is, as Canvas itself said (lti/contexts.py)."""

    context_id: Series[str] = pa.Field(unique=True)
    course_id: Series[str]


class Restorations(Frame):
    """When the warehouse was found to be older than what was sent (restored.py)."""

    noticed_at: Series[UtcTime]


class FrameDigests(Frame):
    """What tells each frame of a course from any other: one that is as it was is not written again."""

    course_id: Series[str]
    frame: Series[str] = pa.Field(description="its table; a digest of none is no frame's")
    digest: Series[str]
