"""The grades to be judged: a row for each student and section with all that the rules look at. No rule here.

Sources: docs/decisions.md §6.1 and §8.5; docs/wires.md, Submissions.
"""

from typing import Any

import numpy as np
import pandas as pd
from pandera.typing import DataFrame

from gpb_pipeline.passback import keys
from gpb_pipeline.passback.course import CanvasRead, Selection, SisRead
from gpb_pipeline.passback.frames import typed
from gpb_pipeline.passback.holdings import link
from gpb_pipeline.passback.holdings.frames import Holdings
from gpb_pipeline.passback.rows.assignments import in_scope
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows

FLAGS = ("excused", "missing", "late")
HELD = ["student_id", "score", "exempt", "line_item_id", "result_id", "certainty"]


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
    holdings: Holdings,
    assignments: DataFrame[AssignmentRows],
    selection: Selection,
) -> DataFrame[GradeRows]:
    """Make a row for each grade (decisions.md §8.5), and for each result that only the holdings know."""
    standing = holdings.results["certainty"] != "gone"
    covered = _covered(canvas, sis, assignments, selection)
    positions = link.of_grades(covered, holdings.results)
    held = link.beside(covered, holdings.results[HELD].where(standing), positions)
    covered = covered.assign(**{f"held_{name}": held[name] for name in HELD})
    has_grade = (
        covered["score"].notna()
        | covered[list(FLAGS)].any(axis=1)
        | (covered["grade"].fillna("") != "")
        | covered["held_result_id"].notna()
    )
    linked = np.isin(np.arange(len(holdings.results)), positions)
    shown = covered[np.isin(positions, np.flatnonzero(link.shown_there(holdings.results)))]
    orphans = _orphans(canvas, holdings.results[standing & ~linked], shown, selection)
    rows = typed(GradeRows, _columns(covered[has_grade.astype(bool)], seen=True))
    if orphans.empty:
        return rows
    beside = orphans.reindex(columns=[*covered.columns, "moved"]).astype(object)
    others = typed(GradeRows, _columns(beside, seen=False))
    return typed(GradeRows, pd.concat([rows, others], ignore_index=True))


def canvas_state(rows: pd.DataFrame) -> "pd.Series[str]":
    """Put what Canvas said of each grade in words, for whoever asks later why the SIS has it.

    Its instants stay as ISO 8601 in UTC: whoever shows them knows the account's zone.
    """
    said = {
        "score {:.10g}": rows["canvas_score"],
        "grade {}": rows["canvas_grade"],
        **{name: rows[name] for name in FLAGS},
        "submission {}": rows["workflow_state"].str.replace("_", " "),
        "posted at {:%Y-%m-%dT%H:%M:%SZ}": rows["posted_at"],
        "graded at {:%Y-%m-%dT%H:%M:%SZ}": rows["graded_at"],
    }
    told = [
        ", ".join(
            words.format(value)
            for words, value in zip(said, values, strict=True)
            if value is not None and value is not False and value == value  # noqa: PLR0124  NaN and NaT
        )
        for values in zip(*said.values(), strict=True)
    ]
    return pd.Series(told, rows.index, object).where(rows["covered"], "not in this read")


def _covered(
    canvas: CanvasRead, sis: SisRead, assignments: DataFrame[AssignmentRows], selection: Selection
) -> pd.DataFrame:
    """Join what was read: submissions × their students' sections × the assignments of those sections."""
    wanted = ["section_id", "assignment_id", "sis_section_id", "assignment_name", "class_id"]
    wanted += ["line_item_id", "points_possible"]
    students = _in_sis(students_of(canvas, selection), sis)
    rows = canvas.submissions[canvas.submissions["assigned"]].merge(students, on="user_id")
    return rows.merge(assignments.loc[assignments["covered"], wanted], on=["section_id", "assignment_id"])


def _in_sis(students: pd.DataFrame, sis: SisRead) -> pd.DataFrame:
    """Give each student the SIS's; none to two users that it knows as one, for only one of them is."""
    found = students.merge(sis.roster, how="left", on=["section_id", "sis_user_id"])
    twice = found["student_id"].notna() & found.duplicated(["section_id", "student_id"], keep=False)
    return found.assign(student_id=found["student_id"].mask(twice, None), twice=twice)


def _orphans(
    canvas: CanvasRead, held: pd.DataFrame, shown: pd.DataFrame, selection: Selection
) -> pd.DataFrame:
    """Lay out what is held and this read does not cover, of the sections that were asked for.

    `shown`: what it covers and the SIS was seen to hold, where a grade may have moved to.
    """
    if selection.sections is not None:
        held = held[held["section_id"].isin(list(selection.sections))]
    rows = held.merge(canvas.sections[["section_id", "sis_section_id"]], how="left", on="section_id")
    people = canvas.enrollments[["user_id", "sis_user_id", "student_name"]].drop_duplicates("user_id")
    names = canvas.assignments[["assignment_id", "assignment_name"]]
    rows = rows.merge(people, how="left", on="user_id").merge(names, how="left", on="assignment_id")
    moved = keys.among(rows, shown, ["assignment_id", "user_id"])
    rows = rows.fillna({"student_name": "", "assignment_name": "", "sis_section_id": ""})
    return rows.rename(columns={name: f"held_{name}" for name in HELD}).assign(moved=moved)


def _columns(rows: pd.DataFrame, *, seen: bool) -> dict[str, Any]:
    """Lay rows of one kind out as GradeRows has them: those that this read covers (`seen`), or the others."""
    rows = rows.reset_index(drop=True)
    flags = {name: _flag(rows, name) for name in (*FLAGS, "moved", "twice")}
    excused, held = flags["excused"], rows["held_result_id"].notna()
    raw = rows["score"].astype(float)
    gone = held & raw.isna() & ~excused & seen
    shown = rows["posted_at"].notna()
    exempt = (excused & shown).mask(gone, _flag(rows, "held_exempt"))
    texts = ("section_id", "sis_section_id", "assignment_id", "assignment_name", "user_id", "student_name")
    plain = (*texts, "sis_user_id", "class_id", "posted_at", "graded_at", "points_possible")
    nothing = [None] * len(rows)
    return (
        {name: rows[name] for name in plain}
        | flags
        | {
            "student_id": rows["student_id"].mask(gone | (not seen), rows["held_student_id"]),
            "score": raw.mask(excused, 0.0).where(shown).mask(gone, rows["held_score"].astype(float)),
            "exempt": exempt,
            "scored_at": rows["graded_at"].where(rows["graded_at"].notna(), rows["posted_at"]),
            "covered": [seen] * len(rows),
            "canvas_score": raw,
            "canvas_grade": rows["grade"],
            "workflow_state": rows["workflow_state"].fillna(""),
            "current": ~rows["grade_matches_current_submission"].eq(False),  # noqa: FBT003
            "held": held,
            "line_item_id": rows["line_item_id"].mask(gone | (not seen), rows["held_line_item_id"]),
            "result_id": rows["held_result_id"],
            "state": ["eligible"] * len(rows),
            "code": nothing,
            "sis_error": nothing,
        }
    )


def _flag(rows: pd.DataFrame, name: str) -> "pd.Series[bool]":
    return rows[name].eq(True) if name in rows else pd.Series(data=False, index=rows.index)  # noqa: FBT003
