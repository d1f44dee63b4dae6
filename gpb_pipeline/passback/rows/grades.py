"""The grades to be judged: a row for each student and section with all that the rules look at. No rule here.

Sources: design.md §6 and §8.5; reference/canvas_api.md §5.
"""

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import DataFrame, Series

from gpb_pipeline.passback.course import CanvasRead, Policy, Remembered, Selection, SisRead
from gpb_pipeline.passback.frames import UtcTime, typed
from gpb_pipeline.passback.holdings.identity import result_hash, result_id
from gpb_pipeline.passback.rows import judged
from gpb_pipeline.passback.rows.assignments import Candidates as AssignmentCandidates
from gpb_pipeline.passback.rows.assignments import in_scope

KEY = ["section_id", "assignment_id", "user_id"]
SENT = ["result_id", "line_item_id", "student_id", "score", "exempt"]


class Candidates(judged.GradeRow):
    """The rows to be judged, with what the rules look at beside what is sent."""

    covered: Series[bool] = pa.Field(description="this read covers it; else only the ledger knows it")
    held: Series[bool] = pa.Field(description="the ledger has its result")
    canvas_score: Series[float] = pa.Field(nullable=True, description="private")
    canvas_grade: Series[str] = pa.Field(nullable=True, description="private")
    excused: Series[bool]
    missing: Series[bool]
    late: Series[bool]
    posted_at: Series[UtcTime] = pa.Field(nullable=True)
    workflow_state: Series[str]
    current: Series[bool] = pa.Field(description="the score is of the latest attempt")
    points_possible: Series[float] = pa.Field(nullable=True)


def students_of(canvas: CanvasRead, selection: Selection) -> pd.DataFrame:
    """List the active students of each section in scope: section_id, user_id, sis_user_id, student_name."""
    sections = in_scope(canvas.sections, selection)["section_id"]
    enrollments = canvas.enrollments
    kept = (
        (enrollments["type"] == "StudentEnrollment")
        & (enrollments["state"] == "active")
        & enrollments["section_id"].isin(sections)
    )
    columns = ["section_id", "user_id", "sis_user_id", "student_name"]
    return enrollments.loc[kept, columns].drop_duplicates(["section_id", "user_id"])


def candidates(
    canvas: CanvasRead,
    sis: SisRead,
    remembered: Remembered,
    assignments: DataFrame[AssignmentCandidates],
    selection: Selection,
    policy: Policy,
) -> DataFrame[Candidates]:
    """Make a row for each grade in the sense of design.md §8.5, and for each that only the ledger knows."""
    held = remembered.results.drop(columns=["payload_hash", "sent_at", "job_id"]).rename(
        columns={name: f"held_{name}" for name in SENT}
    )
    covered = _covered(canvas, sis, assignments, selection).merge(held, how="left", on=KEY)
    has_grade = (
        covered["score"].notna()
        | covered["excused"]
        | covered["missing"]
        | covered["late"]
        | (covered["grade"].fillna("") != "")
        | covered["held_result_id"].notna()
    )
    return typed(
        Candidates,
        _columns(covered[has_grade.astype(bool)], _orphans(canvas, held, covered, selection), policy),
    )


def _covered(
    canvas: CanvasRead, sis: SisRead, assignments: DataFrame[AssignmentCandidates], selection: Selection
) -> pd.DataFrame:
    """Join what was read: submissions × their students' sections × the assignments of those sections."""
    wanted = ["section_id", "assignment_id", "sis_section_id", "assignment_name"]
    wanted += ["class_id", "line_item_id", "points_possible"]
    submissions = canvas.submissions[canvas.submissions["assigned"]]
    rows = submissions.merge(students_of(canvas, selection), on="user_id")
    rows = rows.merge(assignments[wanted], on=["section_id", "assignment_id"])
    return rows.merge(sis.roster, how="left", on=["section_id", "sis_user_id"])


def _orphans(
    canvas: CanvasRead, held: pd.DataFrame, covered: pd.DataFrame, selection: Selection
) -> pd.DataFrame:
    """Find what the ledger has of the sections in scope and this read does not cover."""
    known = pd.MultiIndex.from_frame(covered[KEY])
    sections = in_scope(canvas.sections, selection)[["section_id", "sis_section_id"]]
    rows = held[~pd.MultiIndex.from_frame(held[KEY]).isin(known)].merge(sections, on="section_id")
    people = canvas.enrollments[["user_id", "sis_user_id", "student_name"]].drop_duplicates("user_id")
    names = canvas.assignments[["assignment_id", "assignment_name"]]
    rows = rows.merge(people, how="left", on="user_id").merge(names, how="left", on="assignment_id")
    return rows.fillna({"student_name": "", "assignment_name": ""})


def _columns(covered: pd.DataFrame, orphans: pd.DataFrame, policy: Policy) -> dict[str, Any]:
    """Lay both kinds of row under one another as Candidates has them."""
    rows = pd.concat([covered.astype(object), orphans.astype(object)], ignore_index=True)
    seen = pd.Series(np.arange(len(rows)) < len(covered))
    held = rows["held_result_id"].notna()
    excused = rows.get("excused", pd.Series(dtype=object)).eq(True)  # noqa: FBT003
    raw = rows["score"].astype(float)
    gone = seen & held & raw.isna() & ~excused
    shown = rows["posted_at"].notna()
    score = raw.mask(excused, 0.0).where(shown).mask(gone, rows["held_score"].astype(float))
    exempt = (excused & shown).mask(gone, rows["held_exempt"].eq(True))  # noqa: FBT003
    student = rows["student_id"].mask(gone | ~seen, rows["held_student_id"])
    same = held & (rows["held_student_id"] == student)
    own = [
        result_id(policy.tenant, *key) if isinstance(key[2], str) else ""
        for key in zip(rows["section_id"], rows["assignment_id"], rows["sis_user_id"], strict=True)
    ]
    return {name: rows[name] for name in (*KEY, "sis_section_id", "assignment_name", "student_name")} | {
        "sis_user_id": rows["sis_user_id"],
        "student_id": student,
        "class_id": rows["class_id"],
        "score": score,
        "exempt": exempt,
        "canvas_state": _canvas_state(rows, seen),
        "scored_at": rows["graded_at"].where(rows["graded_at"].notna(), rows["posted_at"]),
        "line_item_id": rows["line_item_id"].mask(gone | ~seen, rows["held_line_item_id"]),
        "result_id": rows["held_result_id"].where(same, pd.Series(own, dtype=object)),
        "payload_hash": [
            result_hash(class_id=class_id, student_id=student_id, score=number, exempt=flag)
            for class_id, student_id, number, flag in zip(
                rows["class_id"], student, score, exempt, strict=True
            )
        ],
        "covered": seen,
        "held": held,
        "canvas_score": raw,
        "canvas_grade": rows["grade"],
        "excused": excused,
        "missing": rows["missing"].eq(True),  # noqa: FBT003
        "late": rows["late"].eq(True),  # noqa: FBT003
        "posted_at": rows["posted_at"],
        "workflow_state": rows["workflow_state"].fillna(""),
        "current": ~rows["grade_matches_current_submission"].eq(False),  # noqa: FBT003
        "points_possible": rows["points_possible"],
    }


def _canvas_state(rows: pd.DataFrame, seen: "pd.Series[bool]") -> list[str]:
    """Put Canvas's own words for each grade in one line, for whoever asks later why the SIS has it."""
    columns = ("score", "grade", "excused", "late", "missing", "workflow_state", "posted_at", "graded_at")
    said = zip(seen, *(rows[name] for name in columns), strict=True)
    return [
        ", ".join(
            f"{name} {value}"
            for name, value in zip(columns, values, strict=True)
            if value is not None and value is not False and value == value  # noqa: PLR0124  NaN and NaT
        )
        if covered
        else "not in this read"
        for covered, *values in said
    ]
