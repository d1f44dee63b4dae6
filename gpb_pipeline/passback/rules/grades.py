"""Which grades may go to the SIS: one rule for each cause against a row. Rows are made elsewhere.

Sources: docs/decisions.md §6 and §8.7; docs/canvas.md §0 and §5. Decided on (`excused`, `score`,
`posted_at`), never on `workflow_state`.
"""

from collections.abc import Callable, Mapping

import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.rows.frames import GradeRows
from gpb_pipeline.passback.rules.issues import Code

Rule = Callable[[DataFrame[GradeRows]], "pd.Series[bool]"]


def has_value(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    """Mark what Canvas says a number of: a score, or an excuse."""
    return rows["canvas_score"].notna() | rows["excused"]


def cleared(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    """Mark what we sent and Canvas has now explicitly emptied; judged before missing, late and text."""
    return rows["covered"] & rows["held"] & ~has_value(rows)


def moved(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return ~rows["covered"] & rows["moved"]


def orphan(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return ~rows["covered"] & ~rows["moved"]


def student_without_sis_id(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return rows["covered"] & rows["sis_user_id"].isna() & ~cleared(rows)


def hidden(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return has_value(rows) & rows["posted_at"].isna() & rows["covered"]


def missing_without_score(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return rows["missing"] & ~has_value(rows) & ~cleared(rows)


def late_without_score(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return rows["late"] & ~has_value(rows) & ~cleared(rows)


def text_grade(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return (rows["canvas_grade"].fillna("") != "") & ~has_value(rows) & ~cleared(rows)


def student_twice(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    """Mark what cannot be told whose it is; cleared too, for the other's grade may stand there."""
    return rows["covered"] & rows["twice"]


def student_not_on_roster(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    known = rows["covered"] & rows["sis_user_id"].notna() & rows["class_id"].notna()
    return known & rows["student_id"].isna() & ~cleared(rows) & ~rows["twice"]


def above_maximum(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return rows["canvas_score"] > rows["points_possible"]


def below_zero(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return rows["canvas_score"] < 0


def pending_review(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return (rows["workflow_state"] == "pending_review") & has_value(rows)


def resubmitted(rows: DataFrame[GradeRows]) -> "pd.Series[bool]":
    return ~rows["current"] & rows["canvas_score"].notna()


RULES: Mapping[Code, Rule] = {
    Code.MOVED: moved,
    Code.ORPHAN: orphan,
    Code.STUDENT_WITHOUT_SIS_ID: student_without_sis_id,
    Code.HIDDEN: hidden,
    Code.MISSING_WITHOUT_SCORE: missing_without_score,
    Code.LATE_WITHOUT_SCORE: late_without_score,
    Code.TEXT_GRADE: text_grade,
    Code.STUDENT_TWICE: student_twice,
    Code.STUDENT_NOT_ON_ROSTER: student_not_on_roster,
    Code.ABOVE_MAXIMUM: above_maximum,
    Code.BELOW_ZERO: below_zero,
    Code.PENDING_REVIEW: pending_review,
    Code.RESUBMITTED: resubmitted,
}


def marks(rows: DataFrame[GradeRows]) -> dict[Code, "pd.Series[bool]"]:
    """Hold every row against every rule."""
    return {code: rule(rows).astype(bool) for code, rule in RULES.items()}
