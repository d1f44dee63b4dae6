"""What came of a plan: the SIS's answers row by row, until every row is in its final state.

An answer without a code is an accepted write. A row that should have been written and has no answer was
never tried: the sync stopped before it. Who asks the SIS is not said here (sis/posting.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.course import Outcome, Plan
from gpb_pipeline.passback.frames import derived
from gpb_pipeline.passback.rows import judged
from gpb_pipeline.passback.rows.grades import KEY
from gpb_pipeline.passback.rules.causes import joined, of_rows
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.rules.judge import ITEM, once_an_assignment

DONE = {"create": "created", "update": "updated", "withdraw": "withdrawn"}
TO_WRITE = list(DONE)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the SIS made of one write: its sourcedId if accepted, else the cause and the SIS's own words."""

    sourced_id: str | None = None
    code: Code | None = None
    sis_error: str | None = None


ItemKey = tuple[str, str]  # section_id, assignment_id
GradeKey = tuple[str, str, str]  # section_id, assignment_id, user_id


def after_assignments(plan: Plan, answers: Mapping[ItemKey, Answer]) -> Plan:
    """Carry the line items' answers to the grades: ids that the SIS chose, and assignments not sent."""
    by_key = pd.MultiIndex.from_frame(plan.grades[ITEM])
    known = [answers.get(key) for key in by_key]
    to_write = plan.grades["state"].isin(TO_WRITE)
    withdrawn = plan.grades["state"] == "withdraw"
    failed = pd.Series([bool(each and each.code) for each in known], index=plan.grades.index)
    unsent = failed | _never_tried(plan, answers, by_key)
    blocked = to_write & ~withdrawn & unsent
    ids = [each and each.sourced_id for each in known]
    grades = derived(
        judged.PlannedGrades,
        plan.grades,
        line_item_id=pd.Series(ids, index=plan.grades.index, dtype=object)
        .where(~withdrawn)
        .fillna(plan.grades["line_item_id"]),
        state=plan.grades["state"].mask(blocked, "failed"),
        code=plan.grades["code"].mask(blocked, Code.ASSIGNMENT_NOT_SENT.value),
    )
    followers = joined(of_rows(grades[blocked], grades["code"][blocked]))
    return Plan(
        assignments=plan.assignments,
        grades=grades,
        issues=joined(plan.issues, once_an_assignment(followers)),
        extracted=plan.extracted,
    )


def settle(
    plan: Plan,
    assignment_answers: Mapping[ItemKey, Answer],
    grade_answers: Mapping[GradeKey, Answer],
    told: DataFrame[judged.Issues] | None = None,
) -> Outcome:
    """Give every row its final state; `told`: what verifying found beside it."""
    stopped = Code.ASSIGNMENT_STOPPED
    assignments = derived(
        judged.SisAssignments,
        plan.assignments,
        **_settled(plan.assignments, ITEM, "line_item_id", assignment_answers, stopped),
    )
    settled = _settled(plan.grades, KEY, "result_id", grade_answers, Code.SYNC_STOPPED)
    score = plan.grades["score"].mask(settled["state"] == "withdrawn")
    grades = derived(judged.SisGrades, plan.grades, score=score, **settled)
    newly_failed = [
        of_rows(failed, failed["code"])
        for rows, planned in ((assignments, plan.assignments), (grades, plan.grades))
        for failed in [rows[planned["state"].isin([*TO_WRITE, "unchanged"]) & (rows["state"] == "failed")]]
    ]
    issues = joined(plan.issues, *newly_failed, *([] if told is None else [told]))
    return Outcome(
        assignments=assignments,
        grades=grades,
        issues=issues,
        extracted=plan.extracted,
    )


def _settled(
    rows: pd.DataFrame,
    key: list[str],
    id_column: str,
    answers: Mapping[Any, Answer],
    stopped: Code,
) -> dict[str, "pd.Series[Any]"]:
    """Make the columns that answers decide."""
    never_tried = Answer(code=stopped)
    states: list[str] = []
    codes: list[str | None] = []
    ids: list[str] = []
    errors: list[str | None] = []
    for each, state, code, held in zip(
        rows[key].itertuples(index=False, name=None),
        rows["state"],
        rows["code"],
        rows[id_column],
        strict=True,
    ):
        answer = answers.get(each, never_tried if state in DONE else None)
        if answer is None:
            states.append(state)
            codes.append(code)
        else:
            states.append("failed" if answer.code else DONE.get(state, "updated"))
            codes.append(answer.code.value if answer.code else code)
        ids.append((answer.sourced_id if answer else None) or held)
        errors.append(answer.sis_error if answer else None)
    columns = {"state": states, "code": codes, id_column: ids, "sis_error": errors}
    return {name: pd.Series(values, rows.index, object) for name, values in columns.items()}


def _never_tried(plan: Plan, answers: Mapping[ItemKey, Answer], by_key: pd.MultiIndex) -> "pd.Series[bool]":
    """Mark the grades whose line item should have been written and was not."""
    wanted = plan.assignments[plan.assignments["state"].isin(TO_WRITE)]
    missing = {key for key in wanted[ITEM].itertuples(index=False, name=None) if key not in answers}
    return pd.Series([key in missing for key in by_key], index=plan.grades.index, dtype=bool)
