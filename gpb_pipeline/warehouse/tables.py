"""The tables: their names, their columns from the Pandera schemas, and how rows go in and come out.

Which rows to write, and when, is said elsewhere (frames, logs, holdings, history, choices). There are
*current* tables (a course's frames, replaced by its next sync), *logs* (one set a job, purged by age), the
holdings, and *append-only* ones (sent, history, choices).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, get_args

import pandas as pd
import pandera.pandas as pa
from pandera.typing import DataFrame, Series

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.frames import F, Frame, UtcTime, build
from gpb_pipeline.passback.holdings.differences import Differences
from gpb_pipeline.passback.holdings.frames import LineItemHoldings, ResultHoldings
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Issues
from gpb_pipeline.passback.sync_types import SyncType
from gpb_pipeline.warehouse import views
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.plain_rows import marks


@dataclass(frozen=True)
class Table(Generic[F]):
    """A table of the warehouse: the columns `keys` (text), then those of `schema`."""

    name: str
    schema: type[F]
    keys: tuple[str, ...] = ()

    @property
    def qualified(self) -> str:
        return f"warehouse.main.{self.name}"

    @property
    def columns(self) -> dict[str, str]:
        """Name → DuckDB type, in order."""
        declared = self.schema.to_schema().columns
        return dict.fromkeys(self.keys, "VARCHAR") | {
            name: _sql_type(column.dtype.type) for name, column in declared.items()
        }

    def create(self, session: Connection, present: Collection[str]) -> None:
        """Create the table, or add the columns that a newer version of its schema has to those `present`."""
        if not present:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in self.columns.items())
            session.execute(f"CREATE TABLE {self.qualified} ({columns})")
            return
        for name, kind in self.columns.items():
            if name not in present:
                session.execute(f'ALTER TABLE {self.qualified} ADD COLUMN "{name}" {kind}')

    def insert(self, session: Connection, *parts: pd.DataFrame) -> None:
        """Append the rows of these frames, which have the keys as columns too, in one statement."""
        rows = together(parts)
        if rows.empty:
            return
        session.register("incoming", rows)
        try:
            session.execute(f"INSERT INTO {self.qualified} BY NAME SELECT * FROM incoming")  # noqa: S608
        finally:
            session.unregister("incoming")

    def delete(self, session: Connection, column: str, values: Sequence[str]) -> None:
        """Delete the rows whose `column` is one of `values`."""
        if values:
            session.execute(f'DELETE FROM {self.qualified} WHERE "{column}" IN {marks(values)}', values)  # noqa: S608

    def delete_where(self, session: Connection, where: str, values: Sequence[object]) -> None:
        """Delete the rows of a condition; where there are none, nothing: it would be a commit for nothing."""
        rows = f"FROM {self.qualified} WHERE {where}"
        if session.execute(f"SELECT 1 {rows} LIMIT 1", list(values)).fetchall():
            session.execute(f"DELETE {rows}", list(values))

    def select(self, session: Connection, column: str, values: Sequence[str]) -> DataFrame[F]:
        """Read the rows whose `column` is one of `values`, as the schema has them (the keys left out)."""
        if not values:
            return frames.empty(self.schema)
        wanted = ", ".join(f'"{name}"' for name in self.schema.to_schema().columns)
        query = f'SELECT {wanted} FROM {self.qualified} WHERE "{column}" IN {marks(values)}'  # noqa: S608
        rows = session.execute(query, values).df()
        return build(self.schema, {name: rows[name] for name in rows.columns})


def together(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put frames of the same columns under one another; without columns if none has rows."""
    filled = [rows for rows in parts if not rows.empty]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def keyed(rows: pd.DataFrame, **keys: str) -> pd.DataFrame:
    """Put constant key columns in front of a frame."""
    return pd.DataFrame(
        {key: pd.Series(value, index=rows.index, dtype=object) for key, value in keys.items()}
    ).join(rows)


def _sql_type(dtype: Any) -> str:
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "TIMESTAMPTZ"
    return {"f": "DOUBLE", "b": "BOOLEAN", "i": "BIGINT"}.get(dtype.kind, "VARCHAR")


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


_COURSE = ("course_id", "job_id")
_PRESENT = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'warehouse'"

CANVAS_COURSES = Table("canvas_courses", frames.Courses, _COURSE)
CANVAS_SECTIONS = Table("canvas_sections", frames.Sections, _COURSE)
CANVAS_ENROLLMENTS = Table("canvas_enrollments", frames.Enrollments, _COURSE)
CANVAS_ASSIGNMENT_GROUPS = Table("canvas_assignment_groups", frames.AssignmentGroups, _COURSE)
CANVAS_ASSIGNMENTS = Table("canvas_assignments", frames.Assignments, _COURSE)
CANVAS_OVERRIDES = Table("canvas_overrides", frames.Overrides, _COURSE)
CANVAS_SUBMISSIONS = Table("canvas_submissions", frames.Submissions, _COURSE)
SIS_CATEGORIES = Table("sis_categories", frames.SisCategories, _COURSE)
SIS_CLASSES = Table("sis_classes", frames.SisClasses, _COURSE)
SIS_ROSTER = Table("sis_roster", frames.SisRoster, _COURSE)
SIS_GRADING_PERIODS = Table("sis_grading_periods", frames.SisGradingPeriods, _COURSE)
FILTERED_ASSIGNMENTS = Table("filtered_assignments", AssignmentRows, _COURSE)
FILTERED_GRADES = Table("filtered_grades", GradeRows, _COURSE)

FRAME_DIGESTS = Table("frame_digests", FrameDigests)

SIS_ASSIGNMENTS = Table("sis_assignments", AssignmentRows, _COURSE)
SIS_GRADES = Table("sis_grades", GradeRows, _COURSE)
ISSUES = Table("issues", Issues, _COURSE)
DIFFERENCES = Table("differences", Differences, _COURSE)

HOLDINGS_LINE_ITEMS = Table("holdings_line_items", LineItemHoldings)
HOLDINGS_RESULTS = Table("holdings_results", ResultHoldings)
CLASS_READS = Table("class_reads", ClassReads)
STRANGERS = Table("strangers", Strangers)
LEFT_IN_SIS = Table("left_in_sis", LeftInSis)
ASIDE: tuple[tuple[Table[Any], Table[Any]], ...] = tuple(
    (table, Table(f"{table.name}_aside", table.schema, ("sis",)))
    for table in (HOLDINGS_LINE_ITEMS, HOLDINGS_RESULTS, CLASS_READS, STRANGERS, LEFT_IN_SIS)
)
"""What is known of the SIS that syncs go to, and where that of another SIS is kept meanwhile."""
SIS_ADDRESSES = Table("sis_addresses", SisAddresses)
SENT_LINE_ITEMS = Table("sent_line_items", SentLineItems)
SENT_RESULTS = Table("sent_results", SentResults)

JOBS = Table("jobs", Jobs)
PAST_JOBS = Table("past_jobs", Jobs)
"""Jobs that have left the history: who posted what was ever sent stays known (trace.py)."""
JOB_STAGES = Table("job_stages", JobStages)
JOB_ENDS = Table("job_ends", JobEnds)
CATEGORY_CHOICES = Table("category_choices", CategoryChoices)
NIGHTLY_CHOICES = Table("nightly_choices", NightlyChoices)
REQUESTS = Table("requests", Requests)
REQUEST_STEPS = Table("request_steps", RequestSteps)
REQUEST_OUTCOMES = Table("request_outcomes", RequestOutcomes)
LOOKS = Table("looks", Looks)
LAUNCH_CONTEXTS = Table("launch_contexts", LaunchContexts)
FORGOTTEN = Table("forgotten", ForgottenMarks)
RESTORATIONS = Table("restorations", Restorations)

LOGS: tuple[Table[Any], ...] = (SIS_ASSIGNMENTS, SIS_GRADES, ISSUES, DIFFERENCES)
HISTORY: tuple[Table[Any], ...] = (JOBS, JOB_STAGES, JOB_ENDS)
CURRENT: tuple[Table[Any], ...] = (
    CANVAS_COURSES,
    CANVAS_SECTIONS,
    CANVAS_ENROLLMENTS,
    CANVAS_ASSIGNMENT_GROUPS,
    CANVAS_ASSIGNMENTS,
    CANVAS_OVERRIDES,
    CANVAS_SUBMISSIONS,
    SIS_CATEGORIES,
    SIS_CLASSES,
    SIS_ROSTER,
    SIS_GRADING_PERIODS,
    FILTERED_ASSIGNMENTS,
    FILTERED_GRADES,
    FRAME_DIGESTS,
)
ALL: tuple[Table[Any], ...] = (
    *CURRENT,
    *LOGS,
    HOLDINGS_LINE_ITEMS,
    HOLDINGS_RESULTS,
    CLASS_READS,
    STRANGERS,
    LEFT_IN_SIS,
    *(aside for _, aside in ASIDE),
    SIS_ADDRESSES,
    SENT_LINE_ITEMS,
    SENT_RESULTS,
    *HISTORY,
    PAST_JOBS,
    CATEGORY_CHOICES,
    NIGHTLY_CHOICES,
    REQUESTS,
    REQUEST_STEPS,
    REQUEST_OUTCOMES,
    LOOKS,
    LAUNCH_CONTEXTS,
    FORGOTTEN,
    RESTORATIONS,
)


def create(session: Connection) -> None:
    """Create whatever is missing, views too; opening.py does so when a version first comes."""
    present: dict[str, set[str]] = defaultdict(set)
    for table_name, column in session.execute(_PRESENT).fetchall():
        present[table_name].add(column)
    for table in ALL:
        table.create(session, present[table.name])
    views.create(session)
