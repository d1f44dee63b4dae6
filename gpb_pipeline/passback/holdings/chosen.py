"""What of a plan is written because somebody asked for just that: a reconcile's mend, or a retract.

Which differences there are to choose of, and why, is differences.py's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.course import Policy
from gpb_pipeline.passback.frames import build, derived
from gpb_pipeline.passback.holdings.differences import Differences
from gpb_pipeline.passback.holdings.frames import ITEM_KEY, RESULT_KEY, Holdings
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT
from gpb_pipeline.passback.holdings.plan import OF_ASSIGNMENT, OF_GRADE, TO_WRITE
from gpb_pipeline.passback.keys import among
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Rows
from gpb_pipeline.passback.rules.causes import course_issue, joined, of_rows
from gpb_pipeline.passback.rules.issues import Code


def only_mended(rows: Rows, told: DataFrame[Differences], causes: Collection[str]) -> Rows:
    """Leave the writes whose cause is one of these; every other waits for a sync."""
    chosen = told[told["cause"].isin(list(causes))]
    items, grades = (chosen[chosen["kind"] == kind] for kind in ("assignment", "grade"))
    # a grade needs its column: one that is not there yet, or no longer, goes with it
    new = (rows.assignments["state"] == "create") & among(rows.assignments, chosen, ITEM_KEY)
    keep_item = among(rows.assignments, items, ITEM_KEY) | new
    keep_grade = among(rows.grades, grades, RESULT_KEY)
    return replace(
        rows,
        assignments=_waiting(AssignmentRows, rows.assignments, ~keep_item, Code.ASSIGNMENT_NOT_MENDED),
        grades=_waiting(GradeRows, rows.grades, ~keep_grade, Code.NOT_MENDED),
    )


def only_retracted(
    rows: Rows, holdings: Holdings, sourced_ids: Collection[str], read: Collection[str]
) -> Rows:
    """Withdraw the orphans of these sourcedIds, and nothing that a wanted row has; every other write waits.

    What was edited in the SIS is nobody's to take back but theirs: it fails. So does what stands in a class
    that is none of those `read`: whether it was edited nobody knows. And what was never answered: by which id
    the SIS has it, if it does, is not known.
    """
    waiting = only_mended(
        rows, build(Differences, {name: [] for name in Differences.to_schema().columns}), ()
    )
    parts: dict[str, Any] = {}
    told: list[pd.DataFrame] = []
    for name, schema, kind, held, codes, unread_code in (
        (
            "assignments",
            AssignmentRows,
            LINE_ITEM,
            holdings.line_items,
            OF_ASSIGNMENT,
            Code.ASSIGNMENT_NOT_READ_BACK,
        ),
        ("grades", GradeRows, RESULT, holdings.results, OF_GRADE, Code.NOT_READ_BACK),
    ):
        frame = getattr(waiting, name)
        chosen = ~frame["covered"] & frame["held"] & frame[kind.id_column].isin(list(sourced_ids))
        edited = chosen & frame[kind.id_column].isin(held.loc[held["finding"] == "edited", kind.id_column])
        unread = chosen & ~frame["class_id"].isin(list(read))
        unsure = chosen & frame[kind.id_column].isin(held.loc[held["certainty"] == "unknown", kind.id_column])
        code = frame["code"].where(~chosen, None).mask(edited, codes.edited.value)
        parts[name] = derived(
            schema,
            frame,
            state=frame["state"].mask(chosen, "withdraw").mask(edited | unread | unsure, "failed"),
            code=code.mask(unsure, codes.unknown_outcome.value).mask(unread, unread_code.value),
        )
        told.append(of_rows(frame[unread], unread_code.value))
        told.append(of_rows(frame[unsure & ~unread], codes.unknown_outcome.value))
    return replace(waiting, **parts, issues=joined(waiting.issues, *told))


def unread_told(rows: Rows, class_ids: Collection[str]) -> Rows:
    """Tell of the classes that no section of the course has now, and that could not be read."""
    return told_of_course(rows, Code.CLASS_LEFT_UNREAD, class_ids)


def told_of_course(rows: Rows, code: Code, details: Collection[str]) -> Rows:
    issues = [course_issue(code, each) for each in sorted(details)]
    return replace(rows, issues=joined(rows.issues, pd.DataFrame(issues))) if issues else rows


def held_back(rows: Rows, holdings: Holdings, policy: Policy) -> Rows:
    """Hold what was asked for until someone confirms, where it is more at once than the guard's share."""
    items, grades = (frame["state"].isin(TO_WRITE) for frame in (rows.assignments, rows.grades))
    if not (
        policy.too_many(int(grades.sum()), len(holdings.results))
        or policy.too_many(int(items.sum()), len(holdings.line_items))
    ):
        return rows
    return replace(
        rows,
        assignments=_ended(AssignmentRows, rows.assignments, items, "failed", Code.ASSIGNMENT_MEND_HELD),
        grades=_ended(GradeRows, rows.grades, grades, "failed", Code.MEND_HELD),
        issues=joined(
            rows.issues,
            of_rows(rows.assignments[items], Code.ASSIGNMENT_MEND_HELD.value),
            of_rows(rows.grades[grades], Code.MEND_HELD.value),
        ),
    )


def _waiting(schema: Any, rows: pd.DataFrame, which: Any, code: Code) -> Any:
    return _ended(schema, rows, rows["state"].isin(TO_WRITE) & which, "skipped", code)


def _ended(schema: Any, rows: pd.DataFrame, which: Any, state: str, code: Code) -> Any:
    return derived(
        schema, rows, state=rows["state"].mask(which, state), code=rows["code"].mask(which, code.value)
    )
