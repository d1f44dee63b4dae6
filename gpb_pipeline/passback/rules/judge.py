"""The whole judgement of one course: rows, rules, and where assignments and grades depend on one another.

What a single cause is, assignments.py and grades.py say. Nothing is sent or held against the SIS here; what
only bars writing is noted (`bar`) and asked last, by holdings/plan.py.
"""

from collections.abc import Iterable

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback import frames, keys
from gpb_pipeline.passback.course import CanvasRead, Policy, RejectKind, Selection, SisRead
from gpb_pipeline.passback.frames import build
from gpb_pipeline.passback.holdings.frames import Holdings
from gpb_pipeline.passback.rows import assignments as assignment_rows
from gpb_pipeline.passback.rows import grades as grade_rows
from gpb_pipeline.passback.rows.counts import Extracted
from gpb_pipeline.passback.rows.frames import ITEM, AssignmentRows, GradeRows, Rows
from gpb_pipeline.passback.rules import assignments as assignment_rules
from gpb_pipeline.passback.rules import grades as grade_rules
from gpb_pipeline.passback.rules.causes import (
    course_issue,
    first_code,
    issues_of,
    joined,
    once_an_assignment,
    state_of,
)
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
    Raises UsageError for a selected id that the course does not have, unless it was chosen from a list that
    may be older than the course (docs/decisions.md §8.16).
    """
    if not selection.from_list:
        require_known(canvas, selection)
    assignments = assignment_rows.candidates(canvas, sis, mapping, holdings, selection, policy)
    grades = grade_rows.candidates(canvas, sis, holdings, assignments, selection)
    marks = assignment_rules.marks(assignments, policy)
    bar_marks = {code: marks.pop(code) for code in BARS if code in marks}
    grade_marks = grade_rules.marks(grades)

    blocked = first_code(marks, assignments)
    grade_marks[Code.ASSIGNMENT_NOT_SENT] = grades["covered"] & keys.among(
        grades, assignments[blocked.notna()], ITEM
    )
    cleared = grade_rules.cleared(grades)
    goes = first_code(grade_marks, grades).isna()
    gradeless = ~keys.among(assignments, grades[goes & ~cleared], ITEM)
    marks[Code.NO_GRADES_YET] = blocked.isna() & ~assignments["held"] & gradeless
    code = first_code(marks, assignments)
    state = state_of(code, "eligible")

    withdrawn = cleared & goes
    if not confirm and policy.too_many(int(withdrawn.sum()), len(holdings.results)):
        grade_marks[Code.WITHDRAWALS_HELD] = withdrawn
    grade_code = first_code(grade_marks, grades)
    grade_state = state_of(grade_code, "eligible").mask(withdrawn & grade_code.isna(), "withdraw")
    not_sent = grade_code == Code.ASSIGNMENT_NOT_SENT.value
    grade_state = grade_state.mask(not_sent, keys.matched(grades, assignments, ITEM, state))
    score = grades["score"].mask(grade_state == "skipped")  # a row says what is submitted, if it is

    details = dict.fromkeys((Code.CLASS_UNKNOWN, Code.CATEGORY_NOT_FOUND), assignments["detail"])
    return Rows(
        assignments=build(
            AssignmentRows,
            assignments.assign(state=state, code=code, bar=first_code(bar_marks, assignments)),
        ),
        grades=build(GradeRows, grades.assign(state=grade_state, code=grade_code, score=score)),
        issues=joined(
            issues_of(assignments, marks, code, details),
            once_an_assignment(issues_of(grades, grade_marks, grade_code)),
            _laid_aside(canvas),
            _left_the_course(canvas, selection),
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


def _left_the_course(canvas: CanvasRead, selection: Selection) -> pd.DataFrame:
    """Tell what was chosen and is in the course no more: an assignment in each of the chosen sections."""
    sections, assignments = _unknown(canvas, selection)
    chosen = sorted((selection.sections or frozenset()) - {*sections})
    places: list[str | None] = [*chosen] or [None]
    lines = [course_issue(Code.SECTION_LEFT_COURSE, None) | {"section_id": each} for each in sections]
    lines += [
        course_issue(Code.LEFT_COURSE, None) | {"section_id": place, "assignment_id": each}
        for each in assignments
        for place in places
    ]
    return pd.DataFrame(lines)


def require_known(canvas: CanvasRead, selection: Selection) -> None:
    """Raise UsageError for a selected section or assignment that the course does not have."""
    for kind, unknown in zip(("section", "assignment"), _unknown(canvas, selection), strict=True):
        if unknown:
            raise UsageError(
                f"the course has no {kind} {', '.join(unknown)}",
                item=f"course {canvas.course.course_id}, {kind}s",
                remedy=f"See `gpb assignments {canvas.course.course_id}` for what there is.",
            )


def _unknown(canvas: CanvasRead, selection: Selection) -> tuple[list[str], list[str]]:
    """Find the selected sections and assignments that the course does not have."""

    def beyond(chosen: frozenset[str] | None, known: Iterable[str], kind: RejectKind) -> list[str]:
        # what was laid aside the course has, and is told
        aside = (each.item_id for each in canvas.rejects if each.kind == kind)
        return sorted((chosen or frozenset()) - {*known, *aside})

    return (
        beyond(selection.sections, canvas.sections["section_id"], "section"),
        beyond(selection.assignments, canvas.assignments["assignment_id"], "assignment"),
    )
