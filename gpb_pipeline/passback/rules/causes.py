"""From the rules' marks to states, codes and issues, alike for assignments and grades. No rule stands here.

A rule gives a *mark*: one boolean a row, whether its cause applies.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback.frames import build, empty
from gpb_pipeline.passback.rows.frames import Issues
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code

Marks = Mapping[Code, "pd.Series[bool]"]


def first_code(marks: Marks, rows: pd.DataFrame) -> "pd.Series[str]":
    """Give each row the first of its causes in the catalogue's order; None where nothing keeps it back."""
    code = np.full(len(rows), None, dtype=object)
    for each in reversed(Code):
        if each in marks and CATALOGUE[each].effect != "none":
            code[marks[each].to_numpy()] = each.value
    return pd.Series(code, index=rows.index, dtype=object)


def state_of(code: "pd.Series[str]", otherwise: str) -> "pd.Series[str]":
    """Give each row what its code makes of it: `skipped`, `failed`, or `otherwise` without a code."""
    effects: dict[object, str] = {each.value: issue.effect for each, issue in CATALOGUE.items()}
    return code.map(effects).astype(object).fillna(otherwise)


def issues_of(
    rows: pd.DataFrame,
    marks: Marks,
    code: "pd.Series[str]",
    details: Mapping[Code, "pd.Series[str]"] | None = None,
) -> DataFrame[Issues]:
    """List every cause of every row; what keeps nothing back is told only of rows that go.

    `details`: what a person needs beside a code, for the few that have it.
    """
    found = []
    goes = code.isna().to_numpy()
    for each, mark in marks.items():
        told = mark.to_numpy() & goes if CATALOGUE[each].effect == "none" else mark.to_numpy()
        if told.any():
            detail = details[each][told] if details and each in details else None
            found.append(of_rows(rows[told], each.value, detail))
    return joined(*found)


def of_rows(
    rows: pd.DataFrame, code: "str | pd.Series[str]", detail: "pd.Series[str] | None" = None
) -> pd.DataFrame:
    """Lay an issue of each row out as Issues has it; what the rows do not have is None."""
    return pd.DataFrame(
        {
            "code": code,
            "section_id": rows["section_id"],
            "assignment_id": rows["assignment_id"],
            "user_id": rows.get("user_id"),
            "detail": detail,
            "sis_error": rows.get("sis_error"),
        }
    )


def joined(*issues: pd.DataFrame) -> DataFrame[Issues]:
    """Put lists of issues after one another; a cause of an item is told once."""
    rows = [each for each in issues if len(each)]
    if not rows:
        return empty(Issues)
    every = pd.concat([each.astype(object) for each in rows])
    every = every.drop_duplicates(["code", "section_id", "assignment_id", "user_id"], ignore_index=True)
    return build(Issues, {name: every[name] for name in every.columns})


def with_more(issues: DataFrame[Issues], *more: pd.DataFrame) -> DataFrame[Issues]:
    """Put more of them after those told before: the very same where there is nothing more."""
    return joined(issues, *more) if any(len(each) for each in more) else issues


def course_issue(code: Code, detail: str | None) -> dict[str, str | None]:
    """Make an issue of the course as a whole."""
    nothing = dict.fromkeys(("section_id", "assignment_id", "user_id", "sis_error"))
    return {"code": code.value, "detail": detail} | nothing


def once_an_assignment(issues: DataFrame[Issues]) -> DataFrame[Issues]:
    """Count grades that only follow their assignment once an assignment and section, without the student."""
    follows = issues["code"] == Code.ASSIGNMENT_NOT_SENT.value
    followers = issues[follows].assign(user_id=None)
    key = ["section_id", "assignment_id"]
    sizes = followers.groupby(key)["code"].transform("size") if len(followers) else None
    if sizes is None:
        return issues
    followers["detail"] = [f"{count} grade{'' if count == 1 else 's'}" for count in sizes]
    return joined(issues[~follows], followers.drop_duplicates(key))
