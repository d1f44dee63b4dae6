"""What came of a plan: the SIS's answers row by row, until every row is in its final state.

An answer without a code is an accepted write. A row that should have been written and has no answer was
never tried: the sync stopped before it. Who asks the SIS is not said here (sis/posting.py), nor what the SIS
holds from then on (holdings/answers.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from gpb_pipeline.passback import keys
from gpb_pipeline.passback.frames import derived, or_else
from gpb_pipeline.passback.rows.frames import ITEM, AssignmentRows, GradeRows, Rows
from gpb_pipeline.passback.rules.causes import joined, of_rows, once_an_assignment, with_more
from gpb_pipeline.passback.rules.issues import Code

DONE = {"create": "created", "update": "updated", "withdraw": "withdrawn"}
TO_WRITE = list(DONE)


@dataclass(frozen=True, kw_only=True)
class WriteAnswer:
    """What the SIS made of one write: its sourcedId if accepted, else the cause and the SIS's own words.

    `unknown`: the sourcedIds that it said it does not know; the writer asked, so they are what was sent.
    """

    sourced_id: str | None = None
    code: Code | None = None
    sis_error: str | None = None
    unknown: frozenset[str] = field(default=frozenset())


Answers = Mapping[int, WriteAnswer]
"""By the row's number in its frame."""


def after_assignments(planned: Rows, answers: Answers) -> Rows:
    """Carry the line items' answers to the grades: ids that the SIS chose, and assignments not sent."""
    items, grades = planned.assignments, planned.grades
    sent = items["state"].isin(TO_WRITE)
    if not sent.any():
        return planned
    ids = pd.Series({row: answer.sourced_id for row, answer in answers.items()}, dtype=object)
    unsent = sent & ids.reindex(items.index).isna()
    chosen = keys.matched(grades, items, ITEM, ids.reindex(items.index))
    writes = grades["state"].isin(["create", "update"])
    blocked = writes & keys.among(grades, items[unsent], ITEM)
    grades = derived(
        GradeRows,
        grades,
        line_item_id=or_else(chosen.where(writes), grades["line_item_id"]),
        state=grades["state"].mask(blocked, "failed"),
        code=grades["code"].mask(blocked, Code.ASSIGNMENT_NOT_SENT.value),
    )
    followers = joined(of_rows(grades[blocked], grades["code"][blocked]))
    return replace(planned, grades=grades, issues=with_more(planned.issues, once_an_assignment(followers)))


def settle(planned: Rows, item_answers: Answers, grade_answers: Answers) -> Rows:
    """Give every row its final state, and tell of those that failed."""
    assignments = derived(
        AssignmentRows,
        planned.assignments,
        **_settled(planned.assignments, "line_item_id", item_answers, Code.ASSIGNMENT_STOPPED),
    )
    settled = _settled(planned.grades, "result_id", grade_answers, Code.SYNC_STOPPED)
    score = planned.grades["score"].mask(settled["state"] == "withdrawn")
    grades = derived(GradeRows, planned.grades, score=score, **settled)
    newly_failed = [
        of_rows(failed, failed["code"])
        for rows, before in ((assignments, planned.assignments), (grades, planned.grades))
        for failed in [rows[before["state"].isin(TO_WRITE) & (rows["state"] == "failed")]]
    ]
    issues = with_more(planned.issues, *newly_failed)
    return replace(planned, assignments=assignments, grades=grades, issues=issues)


def _settled(
    rows: pd.DataFrame, id_column: str, answers: Answers, stopped: Code
) -> "dict[str, pd.Series[str]]":
    """Make the columns that answers decide."""
    asked = rows["state"].isin(TO_WRITE)
    answered = {row: answer for row, answer in answers.items() if asked.loc[row]}
    index = list(answered)
    codes = pd.Series([each.code and each.code.value for each in answered.values()], index, object)
    ids = pd.Series([each.sourced_id for each in answered.values()], index, object)
    errors = pd.Series([each.sis_error for each in answered.values()], index, object)
    tried = rows.index.isin(index)
    failed = asked & (~tried | codes.reindex(rows.index).notna())
    done = rows["state"].map(DONE)
    return {
        "state": rows["state"].mask(asked, done).mask(failed, "failed"),
        "code": rows["code"].mask(failed, codes.reindex(rows.index).fillna(stopped.value)),
        id_column: or_else(ids.reindex(rows.index), rows[id_column]),
        "sis_error": errors.reindex(rows.index),
    }
