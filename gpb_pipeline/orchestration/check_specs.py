"""The checks of a sync as the UI lists them: name, asset, and what to do where one fails.

What each says of a course is evaluated in checks.py, by the rules of verdicts.py.
"""

from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import dagster as dg
from dagster_shared.utils.warnings import PreviewWarning

from gpb_pipeline.orchestration import verdicts
from gpb_pipeline.orchestration.partitions import COURSE
from gpb_pipeline.orchestration.verdicts import RowRule


@dataclass(frozen=True)
class RowCheck:
    """A check of the rows of `asset`; its description says what to do where it fails."""

    asset: str
    rule: RowRule
    description: str


@dataclass(frozen=True)
class SyncCheck:
    """A check of what a sync has done."""

    asset: str
    description: str


ROW_CHECKS: dict[str, RowCheck] = {
    "due_dates": RowCheck(
        "filtered_assignments",
        verdicts.DUE_DATES,
        "Every assignment has a due date for each of its sections, within an open grading period. "
        "Where not: the instructor adds or moves it in Assign to; the SIS admin opens the period.",
    ),
    "mapped_categories": RowCheck(
        "filtered_assignments",
        verdicts.MAPPED_CATEGORIES,
        "Every assignment's group has one category in the SIS. Where not: rename the group, or choose a "
        "category with `gpb categories set`.",
    ),
    "names_fit": RowCheck(
        "filtered_assignments",
        verdicts.NAMES_FIT,
        "Every assignment has a name that the SIS takes. Where not: the instructor shortens it in Canvas.",
    ),
    "names_unique": RowCheck(
        "filtered_assignments",
        verdicts.NAMES_UNIQUE,
        "No two assignments of a section share a name. Where they do: the instructor renames one; until then "
        "neither goes.",
    ),
    "numeric": RowCheck(
        "filtered_assignments",
        verdicts.NUMERIC,
        "Every assignment is graded, for more than 0 points. Where not: give it points, or turn Sync to SIS "
        "off.",
    ),
    "numeric_scores": RowCheck(
        "filtered_grades",
        verdicts.NUMERIC_SCORES,
        "Every grade is a number, or excused. Where not (text; missing or late without a score): the "
        "instructor enters a score or excuses the student.",
    ),
}
SYNCED, ACCOUNTED, HELD = "course_synced", "every_item_accounted_for", "sis_holds_what_was_sent"
SYNC_CHECKS = {
    SYNCED: SyncCheck(
        "grade_syncs",
        "The course's last sync came to its end, and all its items too. An error: it failed, and nothing was "
        "sent afterwards. A warning: some items failed. Cause, remedy and who can act stand beside it.",
    ),
    ACCOUNTED: SyncCheck(
        "grade_syncs",
        "Every grade that Canvas answered ended in exactly one state, and the history's counts are those of "
        "its rows. If it ever fails, the pipeline has a fault: report it with the job id.",
    ),
    HELD: SyncCheck(
        "sis_grades",
        "The SIS, read back, holds what it accepted. Where not: compare the named assignments in the SIS; "
        "the next sync looks them up and sends them again.",
    ),
}
CHECKS: dict[str, RowCheck | SyncCheck] = {**ROW_CHECKS, **SYNC_CHECKS}
with catch_warnings():
    simplefilter("ignore", PreviewWarning)  # checks by partition: the version is held
    SPECS = [
        dg.AssetCheckSpec(name, asset=check.asset, description=check.description, partitions_def=COURSE)
        for name, check in CHECKS.items()
    ]
