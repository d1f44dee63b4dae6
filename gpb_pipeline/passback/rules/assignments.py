"""Which assignments may go to the SIS: one rule for each cause against a row. Rows are made elsewhere.

Sources: decisions.md §6 and §8.4–8.8, 8.14; the manual's question 3. When an assignment waits for its first
grade is judged with the grades (judge.py).
"""

from collections.abc import Callable, Mapping

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.course import Policy
from gpb_pipeline.passback.rows.frames import AssignmentRows
from gpb_pipeline.passback.rules.due_dates import Assigned
from gpb_pipeline.passback.rules.issues import Code

CATEGORY_CODES = (
    Code.CATEGORY_UNASSOCIATED,
    Code.CATEGORY_NOT_FOUND,
    Code.CATEGORY_AMBIGUOUS,
    Code.CATEGORY_GONE,
)
PERIOD_CODES = (Code.PERIOD_MISSING, Code.PERIOD_CLOSED)

Rule = Callable[[DataFrame[AssignmentRows], Policy], "pd.Series[bool]"]


def not_selected(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return ~rows["selected"]


def students_only(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return rows["assigned"] == Assigned.STUDENTS_ONLY


def duplicate_name(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return rows["twins"] > 1


def name_empty(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return rows["title"] == ""


def name_too_long(rows: DataFrame[AssignmentRows], policy: Policy) -> "pd.Series[bool]":
    return rows["title"].str.len() > policy.title_max


def not_graded(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return rows["grading_type"] == "not_graded"


def no_points(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return ~(rows["points_possible"] > 0) & (rows["grading_type"] != "not_graded")


def no_due_date(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return rows["due_at"].isna() & (rows["assigned"] != Assigned.STUDENTS_ONLY)


def everyone_else(rows: DataFrame[AssignmentRows], policy: Policy) -> "pd.Series[bool]":
    """Mark sections on Everyone Else's date where others have one of their own (docs/decisions.md §8.14)."""
    if policy.everyone_else == "send":
        return pd.Series(data=False, index=rows.index)
    return rows["sections_named"] & (rows["assigned"] == Assigned.EVERYONE)


def _has(column: str, code: Code) -> Rule:
    def rule(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
        return rows[column] == code.value

    return rule


def class_unknown(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return rows["class_id"].isna()


def everyone_else_undated(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return rows["everyone_else_undated"]


def names_differ_in_case(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return rows["folded_twins"] > rows["twins"]


def omitted_from_final_grade(rows: DataFrame[AssignmentRows], _: Policy) -> "pd.Series[bool]":
    return rows["omit_from_final_grade"]


RULES: Mapping[Code, Rule] = {
    Code.NOT_SELECTED: not_selected,
    Code.STUDENTS_ONLY: students_only,
    Code.DUPLICATE_NAME: duplicate_name,
    Code.NAME_EMPTY: name_empty,
    Code.NAME_TOO_LONG: name_too_long,
    Code.NOT_GRADED: not_graded,
    Code.NO_POINTS: no_points,
    Code.NO_DUE_DATE: no_due_date,
    Code.EVERYONE_ELSE: everyone_else,
    **{code: _has("category_code", code) for code in CATEGORY_CODES},
    Code.CLASS_UNKNOWN: class_unknown,
    **{code: _has("period_code", code) for code in PERIOD_CODES},
    Code.EVERYONE_ELSE_UNDATED: everyone_else_undated,
    Code.NAMES_DIFFER_IN_CASE: names_differ_in_case,
    Code.OMITTED_FROM_FINAL_GRADE: omitted_from_final_grade,
}


def marks(rows: DataFrame[AssignmentRows], policy: Policy) -> dict[Code, "pd.Series[bool]"]:
    """Hold every row against every rule."""
    covered = rows["covered"]
    marks = {code: (rule(rows, policy) & covered).astype(bool) for code, rule in RULES.items()}
    return marks | {Code.ASSIGNMENT_ORPHAN: ~covered}
