"""The whole judgement of one course: rows, rules, and where assignments and grades depend on one another.

What a single cause is, assignments.py and grades.py say. Nothing is sent or held against the SIS here; what
only bars writing is noted (`bar`) and asked last, by holdings/plan.py.
"""

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback import frames
from gpb_pipeline.passback.course import CanvasRead, Policy, Selection, SisRead
from gpb_pipeline.passback.frames import derived
from gpb_pipeline.passback.holdings.frames import Holdings
from gpb_pipeline.passback.rows import assignments as assignment_rows
from gpb_pipeline.passback.rows import grades as grade_rows
from gpb_pipeline.passback.rows.frames import ITEM, AssignmentRows, Extracted, GradeRows, Rows
from gpb_pipeline.passback.rules import assignments as assignment_rules
from gpb_pipeline.passback.rules import grades as grade_rules
from gpb_pipeline.passback.rules.causes import first_code, issues_of, joined, once_an_assignment, state_of
from gpb_pipeline.passback.rules.issues import BARS, Code


def judge(
    canvas: CanvasRead,
    sis: SisRead,
    mapping: DataFrame[frames.CategoryMapping],
    holdings: Holdings,
    selection: Selection,
    policy: Policy,
    *,
    confirm: bool = False,
) -> Rows:
    """Give every row its state before posting, and list every cause met.

    `mapping`: what people chose in Sync SIS Categories. `confirm` releases withdrawals that would be held.
    Raises UsageError for a selected id that the course does not have (docs/decisions.md §8.16).
    """
    require_known(canvas, selection)
    assignments = assignment_rows.candidates(canvas, sis, mapping, holdings, selection, policy)
    grades = grade_rows.candidates(canvas, sis, holdings, assignments, selection)
    marks = assignment_rules.marks(assignments, policy)
    bar_marks = {code: marks.pop(code) for code in BARS if code in marks}
    grade_marks = grade_rules.marks(grades)

    blocked = first_code(marks, assignments)
    grade_marks[Code.ASSIGNMENT_NOT_SENT] = grades["covered"] & _among(grades, assignments[blocked.notna()])
    cleared = grade_rules.cleared(grades)
    goes = first_code(grade_marks, grades).isna()
    gradeless = ~_among(assignments, grades[goes & ~cleared])
    marks[Code.NO_GRADES_YET] = blocked.isna() & ~assignments["held"] & gradeless
    code = first_code(marks, assignments)
    state = state_of(code, "eligible")

    withdrawn = cleared & goes
    if not confirm and policy.too_many(int(withdrawn.sum()), len(holdings.results)):
        grade_marks[Code.WITHDRAWALS_HELD] = withdrawn
    grade_code = first_code(grade_marks, grades)
    grade_state = state_of(grade_code, "eligible").mask(withdrawn & grade_code.isna(), "withdraw")
    not_sent = grade_code == Code.ASSIGNMENT_NOT_SENT.value
    grade_state = grade_state.mask(not_sent, _states(grades, assignments, state))
    score = grades["score"].mask(grade_state == "skipped")  # a row says what is submitted, if it is

    details = dict.fromkeys((Code.CLASS_UNKNOWN, Code.CATEGORY_NOT_FOUND), assignments["detail"])
    return Rows(
        assignments=derived(
            AssignmentRows, assignments, state=state, code=code, bar=first_code(bar_marks, assignments)
        ),
        grades=derived(GradeRows, grades, state=grade_state, code=grade_code, score=score),
        issues=joined(
            issues_of(assignments, marks, code, details),
            once_an_assignment(issues_of(grades, grade_marks, grade_code)),
            _laid_aside(canvas),
        ),
        extracted=Extracted(
            sections=len(canvas.sections),
            assignments=len(assignment_rows.synced(canvas.assignments)),
            grades=len(grades.drop_duplicates(["assignment_id", "user_id"])),
        ),
    )


def _laid_aside(canvas: CanvasRead) -> pd.DataFrame:
    """Tell of what came from Canvas in a shape that cannot be carried, each by its code."""
    return pd.DataFrame(
        [
            {
                "code": each.code.value,
                "section_id": each.section_id,
                "assignment_id": each.assignment_id,
                "user_id": each.user_id,
                "detail": each.met,
                "sis_error": None,
            }
            for each in canvas.rejects
        ]
    )


def require_known(canvas: CanvasRead, selection: Selection) -> None:
    """Raise UsageError for a selected section or assignment that the course does not have."""
    for kind, chosen, known in (
        ("section", selection.sections, canvas.sections["section_id"]),
        ("assignment", selection.assignments, canvas.assignments["assignment_id"]),
    ):
        aside = {
            each.item_id for each in canvas.rejects if each.kind == kind
        }  # it has them, and tells of them
        unknown = sorted((chosen or frozenset()) - {*known, *aside})
        if unknown:
            raise UsageError(
                f"the course has no {kind} {', '.join(unknown)}",
                item=f"course {canvas.course.course_id}, {kind}s",
                remedy=f"See `gpb assignments {canvas.course.course_id}` for what there is.",
            )


def _among(rows: pd.DataFrame, others: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the rows whose section, class and assignment some of `others` has."""
    inside = pd.MultiIndex.from_frame(rows[ITEM]).isin(pd.MultiIndex.from_frame(others[ITEM]))
    return pd.Series(inside, index=rows.index)


def _states(grades: pd.DataFrame, assignments: pd.DataFrame, states: "pd.Series[str]") -> "pd.Series[str]":
    """Find the state of each grade's assignment; None for an orphan's."""
    by_item = pd.Series(states.to_list(), index=pd.MultiIndex.from_frame(assignments[ITEM]), dtype=object)
    found = by_item.reindex(pd.MultiIndex.from_frame(grades[ITEM]))
    return pd.Series(found.to_list(), index=grades.index, dtype=object)
