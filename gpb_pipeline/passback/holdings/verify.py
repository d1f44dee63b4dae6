"""After posting: what the SIS holds against what it took, and what people changed there since our last write.

What is held is given in (sis/held.py reads it). What to do about an edit is the district's (SIS_ON_EDIT).
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.course import Plan
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.holdings.adoption import Held
from gpb_pipeline.passback.rows import judged
from gpb_pipeline.passback.rows.settle import Answer, GradeKey, ItemKey
from gpb_pipeline.passback.rules.causes import course_issue, joined, of_rows
from gpb_pipeline.passback.rules.issues import Code

TOLERANCE = 0.005  # a SIS that keeps two decimals still holds the score


def line_items_not_held(
    plan: Plan, answers: Mapping[ItemKey, Answer], held: Held, class_ids: frozenset[str]
) -> dict[ItemKey, Answer]:
    """Find the line items of these classes that the SIS accepted and does not have."""
    have = set(held.line_items["line_item_id"])
    return {
        key: Answer(sourced_id=answer.sourced_id, code=Code.ASSIGNMENT_NOT_HELD)
        for each in rows_of(plan.assignments)
        if (key := (each.section_id, each.assignment_id)) in answers
        and each.class_id in class_ids
        and (answer := answers[key]).code is None
        and answer.sourced_id not in have
    }


def results_not_held(
    plan: Plan, answers: Mapping[GradeKey, Answer], held: Held, class_ids: frozenset[str]
) -> dict[GradeKey, Answer]:
    """Find the results of these classes that the SIS accepted and holds otherwise, or still holds."""
    have = _by_id(held)
    found = {}
    for each in rows_of(plan.grades):
        key = (each.section_id, each.assignment_id, each.user_id)
        answer = answers.get(key)
        if answer is None or answer.code is not None or each.class_id not in class_ids:
            continue
        holding = have.get(answer.sourced_id or each.result_id)
        wrong = holding is not None if each.state == "withdraw" else not _same(each, holding)
        if wrong:
            found[key] = Answer(sourced_id=answer.sourced_id, code=Code.NOT_HELD)
    return found


def edited(plan: Plan, held: Held, class_ids: frozenset[str]) -> DataFrame[judged.PlannedGrades]:
    """Find the unchanged results of these classes that the SIS holds otherwise, or no longer."""
    have = _by_id(held)
    grades = plan.grades
    changed = [
        each.state == "unchanged" and each.class_id in class_ids and not _same(each, have.get(each.result_id))
        for each in rows_of(grades)
    ]
    return grades[pd.Series(changed, index=grades.index, dtype=bool)]


def told_of(rows: DataFrame[judged.PlannedGrades]) -> DataFrame[judged.Issues]:
    """Tell of each edit."""
    return joined(of_rows(rows, Code.EDITED_IN_SIS.value))


def _by_id(held: Held) -> dict[str, tuple[float, bool]]:
    rows = held.results
    return {
        name: (score, exempt)
        for name, score, exempt in zip(rows["result_id"], rows["score"], rows["exempt"], strict=True)
    }


def _same(sent: Any, holding: tuple[float, bool] | None) -> bool:
    if holding is None:
        return False
    score, exempt = holding
    if sent.exempt or exempt:
        return bool(sent.exempt and exempt)
    return bool(abs(score - sent.score) < TOLERANCE)


def flagged(rows: DataFrame[judged.PlannedGrades]) -> dict[GradeKey, Answer]:
    """Fail each edit, for a district that wants to be asked."""
    return {
        (each.section_id, each.assignment_id, each.user_id): Answer(code=Code.EDITED_IN_SIS)
        for each in rows_of(rows)
    }


def not_verified(why: str) -> DataFrame[judged.Issues]:
    """Tell that the SIS could not be read back; `why` is the failure's code."""
    return joined(pd.DataFrame([course_issue(Code.NOT_VERIFIED, why)]))
