"""Where Canvas, the holdings and the SIS differ, each with its cause: what `gpb reconcile` tells and mends.

The causes are read off what plan.py and see.py found; nothing is compared here a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Self, get_args

import pandas as pd
import pandera.pandas as pa
from pandera.typing import DataFrame, Series

from gpb_pipeline.passback.course import CanvasRead, Reject
from gpb_pipeline.passback.frames import Frame, build, derived
from gpb_pipeline.passback.holdings import link
from gpb_pipeline.passback.holdings.adopt import Places
from gpb_pipeline.passback.holdings.frames import ITEM_KEY, NO_HOLDINGS, Holdings
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT, HoldingKind, shown_there
from gpb_pipeline.passback.holdings.plan import TO_WRITE
from gpb_pipeline.passback.keys import among
from gpb_pipeline.passback.rows.assignments import synced
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Rows

Cause = Literal[
    "not_sent",
    "changed_in_canvas",
    "cleared_in_canvas",
    "missing_in_sis",
    "edited_in_sis",
    "not_taken",
    "kept_otherwise",
    "not_on_record",
    "unsettled",
    "two_candidates",
    "deleted_in_canvas",
    "not_synced_any_more",
    "not_given_by_canvas",
    "unreadable_in_canvas",
    "moved",
    "not_moved_yet",
    "without_sis_id",
    "without_class",
    "of_another_course",
    "section_deleted",
    "left",
]


@dataclass(frozen=True)
class CauseMeaning:
    """A cause in words, and what mends it."""

    words: str
    mend: str
    by_mend: bool = False  # `gpb reconcile --mend` writes it


CAUSES: dict[Cause, CauseMeaning] = {
    "not_sent": CauseMeaning(
        "Canvas has it and the SIS does not, yet.", "a sync, or --mend not_sent", by_mend=True
    ),
    "changed_in_canvas": CauseMeaning(
        "Canvas has changed since it was sent.", "a sync, or --mend changed_in_canvas", by_mend=True
    ),
    "cleared_in_canvas": CauseMeaning(
        "Canvas has cleared it, and the SIS holds it.", "a sync, or --mend cleared_in_canvas", by_mend=True
    ),
    "missing_in_sis": CauseMeaning(
        "The SIS took it and no longer shows it.", "--mend missing_in_sis", by_mend=True
    ),
    "edited_in_sis": CauseMeaning(
        "Someone changed it in the SIS.", "--mend edited_in_sis: Canvas wins", by_mend=True
    ),
    "not_taken": CauseMeaning(
        "The SIS accepted it, and shows what stood there before.", "a sync, or --mend not_taken", by_mend=True
    ),
    "kept_otherwise": CauseMeaning(
        "The SIS keeps it in its own way: rounded, cut or respelt.", "nothing: it is as sent"
    ),
    "not_on_record": CauseMeaning(
        "It is ours, and the warehouse did not know it.", "nothing: it is known now"
    ),
    "unsettled": CauseMeaning(
        "It was sent, never answered, and is not found.",
        "a sync on another night; --mend unsettled: you have looked in the SIS, and it is not there",
        by_mend=True,
    ),
    "two_candidates": CauseMeaning(
        "It was sent, never answered, and two of what the SIS shows could be it.",
        "the one too many is deleted in the SIS; then a sync",
    ),
    "deleted_in_canvas": CauseMeaning("Canvas no longer has the assignment.", "gpb retract"),
    "not_synced_any_more": CauseMeaning(
        "The assignment is unpublished, un-ticked or not assigned there.", "gpb retract"
    ),
    "not_given_by_canvas": CauseMeaning(
        "Canvas gives no submission of it: not assigned to them any more, or left out of its list.",
        "gpb retract, by name",
    ),
    "unreadable_in_canvas": CauseMeaning(
        "Something of it in Canvas could not be read and is laid aside; whether it is wanted is not known.",
        "what the details of the sync name",
    ),
    "moved": CauseMeaning(
        "The student or section has it in another place now, and the SIS shows it there.", "gpb retract"
    ),
    "not_moved_yet": CauseMeaning(
        "The student or section has another place now, and the SIS does not show it there.",
        "what keeps it back there; or gpb retract, by name",
    ),
    "without_sis_id": CauseMeaning(
        "Its section has no SIS id in Canvas now.", "the SIS id; or gpb retract, by name"
    ),
    "without_class": CauseMeaning(
        "The SIS shows no class for its section now.", "the class; or gpb retract, by name"
    ),
    "of_another_course": CauseMeaning(
        "Its assignment is another course's, in which the section was.", "gpb retract, by name"
    ),
    "section_deleted": CauseMeaning(
        "Canvas no longer has its section in the course.", "gpb retract, by name"
    ),
    "left": CauseMeaning("The student has left the section.", "gpb retract, by name"),
}
MENDED: tuple[Cause, ...] = tuple(cause for cause, said in CAUSES.items() if said.by_mend)
PRESELECTED: tuple[Cause, ...] = ("deleted_in_canvas", "not_synced_any_more", "moved")
"""What is taken back without being named: what comes back by itself is not among it, nor who has left, nor
what may be the only copy of a grade, nor what Canvas may only have failed to give."""
ORPHANED: tuple[Cause, ...] = (
    *PRESELECTED,
    "not_given_by_canvas",
    "not_moved_yet",
    "without_sis_id",
    "without_class",
    "of_another_course",
    "section_deleted",
    "left",
)


@dataclass(frozen=True, kw_only=True)
class CourseNow:
    """What Canvas and the SIS have of a course now, as far as it tells why nothing asks for a thing any more.

    `assignments`: ids of all; `synced`: of those that are published and ticked; `of_other_courses`: ids of
    what other courses had when they were read last. `sections`, `without_…`: section ids. `students`:
    section_id and user_id of the active ones. `submissions`: assignment_id and user_id of all that Canvas
    gave. `laid_aside`: what it gave and could not be read.
    """

    assignments: frozenset[str]
    synced: frozenset[str]
    of_other_courses: frozenset[str]
    sections: frozenset[str]
    without_sis_id: frozenset[str]
    without_class: frozenset[str]
    students: pd.DataFrame
    submissions: pd.DataFrame
    laid_aside: tuple[Reject, ...]

    @classmethod
    def of(cls, canvas: CanvasRead, places: Places, of_other_courses: frozenset[str]) -> Self:
        sections, people, classes = canvas.sections, canvas.enrollments, places.sections
        active = (people["type"] == "StudentEnrollment") & (people["state"] == "active")
        return cls(
            assignments=frozenset(canvas.assignments["assignment_id"]),
            synced=frozenset(synced(canvas.assignments)["assignment_id"]),
            of_other_courses=of_other_courses,
            sections=frozenset(sections["section_id"]),
            without_sis_id=frozenset(sections.loc[sections["sis_section_id"].isna(), "section_id"]),
            without_class=frozenset(classes.loc[classes["class_id"].isna(), "section_id"]),
            students=people.loc[active, ["section_id", "user_id"]],
            submissions=canvas.submissions[["assignment_id", "user_id"]],
            laid_aside=canvas.rejects,
        )


class Differences(Frame):
    """A difference an item: a line item where there is no student."""

    kind: Series[str] = pa.Field(isin=["assignment", "grade"])
    section_id: Series[str]
    class_id: Series[str] = pa.Field(nullable=True)
    assignment_id: Series[str]
    assignment_name: Series[str]
    user_id: Series[str] = pa.Field(nullable=True, description="private; Canvas user id")
    student_id: Series[str] = pa.Field(nullable=True, description="private; sourcedId of the student")
    sourced_id: Series[str] = pa.Field(nullable=True, description="in the SIS; None: not there")
    cause: Series[str] = pa.Field(isin=list(get_args(Cause)))


def differences(
    rows: Rows, holdings: Holdings, now: CourseNow, released: Holdings = NO_HOLDINGS
) -> DataFrame[Differences]:
    """List where the three differ, of planned rows; `released`: what was unsettled, and is none of these."""
    parts = []
    assigned = rows.assignments[rows.assignments["covered"]]
    for frame, kind, unsettled in (
        (rows.assignments, LINE_ITEM, released.line_items),
        (rows.grades, RESULT, released.results),
    ):
        cause = _causes(frame, holdings, kind, now, assigned)
        cause = cause.mask((cause == "not_sent") & among(frame, unsettled, kind.key), "unsettled")
        told = frame[cause.notna()]
        columns = {name: told.get(name) for name in ("user_id", "student_id")}
        parts.append(
            pd.DataFrame(
                {
                    "kind": "assignment" if kind is LINE_ITEM else "grade",
                    **{
                        name: told[name]
                        for name in ("section_id", "class_id", "assignment_id", "assignment_name")
                    },
                    **columns,
                    "sourced_id": told[kind.id_column].where(told["held"]),
                    "cause": cause[cause.notna()],
                }
            ).astype(object)
        )
    every = pd.concat(parts, ignore_index=True)
    return build(Differences, {name: every[name] for name in Differences.to_schema().columns})


def orphaned(rows: Rows, holdings: Holdings) -> Rows:
    """Lay out what a section without a class holds as what nothing asks for, in the class it stands in."""
    parts: dict[str, Any] = {}
    for name, schema, kind, held in (
        ("assignments", AssignmentRows, LINE_ITEM, holdings.line_items),
        ("grades", GradeRows, RESULT, holdings.results),
    ):
        frame = getattr(rows, name)
        away = frame["held"] & frame["class_id"].isna()
        there = link.beside(frame, held, kind.link(frame, held))
        places = {each: frame[each].mask(away, there[each]) for each in (*kind.key, "line_item_id")}
        parts[name] = derived(schema, frame, covered=frame["covered"] & ~away, **places)
    return replace(rows, **parts)


def told_again(holdings: Holdings) -> Holdings:
    """Tell again of what earlier reads have told: what was last seen otherwise than it was taken."""
    return Holdings(
        line_items=_told_again(LINE_ITEM, holdings.line_items),
        results=_told_again(RESULT, holdings.results),
    )


def _told_again(kind: HoldingKind, rows: pd.DataFrame) -> Any:
    told, shown = rows["seen_at"].notna() & (rows["finding"] == "same"), kind.as_seen(rows)
    otherwise = told & kind.kept(rows, shown) & ~kind.exact(rows, shown)
    finding = rows["finding"].mask(otherwise, "kept_otherwise").mask(told & kind.edited(rows), "edited")
    return rows.assign(finding=finding)


def _causes(
    rows: pd.DataFrame, holdings: Holdings, kind: HoldingKind, now: CourseNow, assigned: pd.DataFrame
) -> pd.Series[str]:
    held = holdings.line_items if kind is LINE_ITEM else holdings.results
    found = link.beside(rows, held, kind.link(rows, held))
    finding, certainty, state = found["finding"], found["certainty"], rows["state"]
    lost = finding.isin(["missing", "gone"]) | (certainty == "gone")
    never_shown = (state == "update") & (finding == "unshown")  # as it was accepted last
    covered, writes = rows["covered"], state.isin(TO_WRITE)
    cause = pd.Series(None, rows.index, object)
    cause = cause.mask(finding == "kept_otherwise", "kept_otherwise")
    cause = cause.mask(finding == "adopted", "not_on_record")
    cause = cause.mask(certainty == "unknown", "unsettled").mask(finding == "ambiguous", "two_candidates")
    cause = cause.mask(covered & (state == "update") & ~lost, "changed_in_canvas")
    cause = cause.mask(covered & (state == "update") & (finding == "not_taken"), "not_taken")
    cause = cause.mask(covered & (state == "withdraw"), "cleared_in_canvas")
    cause = cause.mask(covered & (state == "create") & ~lost, "not_sent")
    cause = cause.mask(covered & (writes & lost | never_shown), "missing_in_sis").mask(
        covered & (finding == "edited"), "edited_in_sis"
    )
    return cause.mask(~covered & ~lost, _why_unwanted(rows, found, kind, now, assigned))


def _why_unwanted(
    rows: pd.DataFrame, found: pd.DataFrame, kind: HoldingKind, now: CourseNow, assigned: pd.DataFrame
) -> pd.Series[str]:
    """Say why nothing asks for what is not covered; that its student has left goes before all of Canvas's.

    And before that, that it has another place: whatever its row there is kept back by, only where the SIS was
    seen to hold it is it moved. What is `assigned` to its section lacks a submission.
    """
    assignment, section = rows["assignment_id"], rows["section_id"]
    cause = pd.Series("not_synced_any_more", rows.index, object)
    if kind is RESULT:
        not_given = among(rows, assigned, ITEM_KEY) & ~among(
            rows, now.submissions, ["assignment_id", "user_id"]
        )
        cause = cause.mask(not_given, "not_given_by_canvas")
    cause = cause.mask(section.isin(list(now.without_class)), "without_class")
    cause = cause.mask(section.isin(list(now.without_sis_id)), "without_sis_id")
    cause = cause.mask(~assignment.isin(list(now.synced)), "not_synced_any_more")
    cause = cause.mask(~assignment.isin(list(now.assignments)), "deleted_in_canvas")
    cause = cause.mask(assignment.isin(list(now.of_other_courses)), "of_another_course")
    deleted = ~section.isin(list(now.sections))
    cause = cause.mask(deleted, "section_deleted")
    placed, key = rows["covered"] & rows["class_id"].notna(), ["section_id", "assignment_id"]
    if kind is RESULT:
        key = ["assignment_id", "user_id"]
        cause = cause.where(among(rows, now.students, ["section_id", "user_id"]) | deleted, "left")
    cause = cause.mask(cause.isin(ABSENT) & _may_be_laid_aside(rows, kind, now), "unreadable_in_canvas")
    cause = cause.mask(among(rows, rows[placed], key), "not_moved_yet")
    return cause.mask(among(rows, rows[placed & shown_there(found)], key), "moved")


def _may_be_laid_aside(rows: pd.DataFrame, kind: HoldingKind, now: CourseNow) -> pd.Series[bool]:
    """Mark what Canvas may have given all the same, in a row that could not be read, by what ids it had."""
    kinds = ["section", "assignment", *(["enrollment", "submission"] if kind is RESULT else [])]
    aside = pd.Series(data=False, index=rows.index)
    for each in now.laid_aside:
        if each.kind not in kinds:
            continue
        ids = {"section_id": each.section_id, "assignment_id": each.assignment_id, "user_id": each.user_id}
        may_be = pd.Series(data=True, index=rows.index)
        for name, value in ids.items():
            if value is not None:
                may_be &= rows[name] == value
        aside |= may_be
    return aside


ABSENT: tuple[Cause, ...] = (
    "deleted_in_canvas",
    "not_synced_any_more",
    "not_given_by_canvas",
    "section_deleted",
    "left",
)
"""What is told because something is in no list of Canvas's."""
