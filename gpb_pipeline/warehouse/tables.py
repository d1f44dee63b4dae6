"""The tables that there are, each by its name and its schema.

Which rows to write, and when, is said elsewhere (frames, logs, holdings, history, choices). There are
*current* tables (a course's frames, replaced by its next sync), *logs* (one set a job, purged by age), the
holdings, and *append-only* ones (sent, history, choices).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from gpb_pipeline.passback import frames
from gpb_pipeline.passback.holdings.differences import Differences
from gpb_pipeline.passback.holdings.frames import LineItemHoldings, ResultHoldings
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Issues
from gpb_pipeline.warehouse import views
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.schemas import (
    CategoryChoices,
    ClassReads,
    ForgottenMarks,
    FrameDigests,
    JobEnds,
    Jobs,
    JobStages,
    LaunchContexts,
    LeftInSis,
    Looks,
    NightlyChoices,
    RequestOutcomes,
    Requests,
    RequestSteps,
    Restorations,
    SentLineItems,
    SentResults,
    SisAddresses,
    Strangers,
)
from gpb_pipeline.warehouse.table import Table

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
