"""Where Canvas, the holdings and the SIS differ, each with its cause: what `gpb reconcile` tells and mends.

The causes are read off what plan.py and see.py found; nothing is compared here a second time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import pandas as pd
import pandera.pandas as pa
from pandera.typing import DataFrame, Series

from gpb_pipeline.passback.course import Policy
from gpb_pipeline.passback.frames import Frame, build, derived
from gpb_pipeline.passback.holdings import link
from gpb_pipeline.passback.holdings.frames import ITEM_KEY, RESULT_KEY, Holdings
from gpb_pipeline.passback.holdings.link import LINE_ITEM, RESULT, HoldingKind, shown_there
from gpb_pipeline.passback.holdings.plan import TO_WRITE
from gpb_pipeline.passback.keys import among
from gpb_pipeline.passback.rows.frames import AssignmentRows, GradeRows, Rows
from gpb_pipeline.passback.rules.causes import course_issue, joined, of_rows
from gpb_pipeline.passback.rules.issues import Code

Cause = Literal[
    "not_sent",
    "changed_in_canvas",
    "cleared_in_canvas",
    "missing_in_sis",
    "edited_in_sis",
    "kept_otherwise",
    "not_on_record",
    "unsettled",
    "deleted_in_canvas",
    "not_synced_any_more",
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
    "deleted_in_canvas": CauseMeaning("Canvas no longer has the assignment.", "gpb retract"),
    "not_synced_any_more": CauseMeaning(
        "The assignment is unpublished, un-ticked or not assigned there.", "gpb retract"
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
what may be the only copy of a grade."""
ORPHANED: tuple[Cause, ...] = (
    *PRESELECTED,
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
    section_id and user_id of the active ones.
    """

    assignments: frozenset[str]
    synced: frozenset[str]
    of_other_courses: frozenset[str]
    sections: frozenset[str]
    without_sis_id: frozenset[str]
    without_class: frozenset[str]
    students: pd.DataFrame


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


def differences(rows: Rows, holdings: Holdings, now: CourseNow) -> DataFrame[Differences]:
    """List where the three differ, of planned rows."""
    parts = []
    for frame, kind in ((rows.assignments, LINE_ITEM), (rows.grades, RESULT)):
        cause = _causes(frame, holdings, kind, now)
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


def only_mended(rows: Rows, told: DataFrame[Differences], causes: Collection[str]) -> Rows:
    """Leave the writes whose cause is one of these; every other waits for a sync."""
    chosen = told[told["cause"].isin(list(causes))]
    items, grades = (chosen[chosen["kind"] == kind] for kind in ("assignment", "grade"))
    # a grade needs its column: one that is not there yet, or no longer, goes with it
    new = (rows.assignments["state"] == "create") & among(rows.assignments, chosen, ITEM_KEY)
    keep_item = among(rows.assignments, items, ITEM_KEY) | new
    keep_grade = among(rows.grades, grades, RESULT_KEY)
    return replace(
        rows,
        assignments=_waiting(AssignmentRows, rows.assignments, ~keep_item, Code.ASSIGNMENT_NOT_MENDED),
        grades=_waiting(GradeRows, rows.grades, ~keep_grade, Code.NOT_MENDED),
    )


def only_retracted(
    rows: Rows, holdings: Holdings, sourced_ids: Collection[str], read: Collection[str]
) -> Rows:
    """Withdraw the orphans of these sourcedIds, and nothing that a wanted row has; every other write waits.

    What was edited in the SIS is nobody's to take back but theirs: it fails. So does what stands in a class
    that is none of those `read`: whether it was edited nobody knows.
    """
    waiting = only_mended(
        rows, build(Differences, {name: [] for name in Differences.to_schema().columns}), ()
    )
    parts: dict[str, Any] = {}
    told: list[pd.DataFrame] = []
    for name, schema, kind, held, edited_code, unread_code in (
        (
            "assignments",
            AssignmentRows,
            LINE_ITEM,
            holdings.line_items,
            Code.ASSIGNMENT_EDITED_IN_SIS,
            Code.ASSIGNMENT_NOT_READ_BACK,
        ),
        ("grades", GradeRows, RESULT, holdings.results, Code.EDITED_IN_SIS, Code.NOT_READ_BACK),
    ):
        frame = getattr(waiting, name)
        chosen = ~frame["covered"] & frame["held"] & frame[kind.id_column].isin(list(sourced_ids))
        edited = chosen & frame[kind.id_column].isin(held.loc[held["finding"] == "edited", kind.id_column])
        unread = chosen & ~frame["class_id"].isin(list(read))
        code = frame["code"].where(~chosen, None).mask(edited, edited_code.value)
        parts[name] = derived(
            schema,
            frame,
            state=frame["state"].mask(chosen, "withdraw").mask(edited | unread, "failed"),
            code=code.mask(unread, unread_code.value),
        )
        told.append(of_rows(frame[unread], unread_code.value))
    return replace(waiting, **parts, issues=joined(waiting.issues, *told))


def unread_told(rows: Rows, class_ids: Collection[str]) -> Rows:
    """Tell of the classes that no section of the course has now, and that could not be read."""
    return told_of_course(rows, Code.CLASS_LEFT_UNREAD, class_ids)


def told_of_course(rows: Rows, code: Code, details: Collection[str]) -> Rows:
    issues = [course_issue(code, each) for each in sorted(details)]
    return replace(rows, issues=joined(rows.issues, pd.DataFrame(issues))) if issues else rows


def held_back(rows: Rows, holdings: Holdings, policy: Policy) -> Rows:
    """Hold what was asked for until someone confirms, where it is more at once than the guard's share."""
    items, grades = (frame["state"].isin(TO_WRITE) for frame in (rows.assignments, rows.grades))
    if not (
        policy.too_many(int(grades.sum()), len(holdings.results))
        or policy.too_many(int(items.sum()), len(holdings.line_items))
    ):
        return rows
    return replace(
        rows,
        assignments=_ended(AssignmentRows, rows.assignments, items, "failed", Code.ASSIGNMENT_MEND_HELD),
        grades=_ended(GradeRows, rows.grades, grades, "failed", Code.MEND_HELD),
        issues=joined(
            rows.issues,
            of_rows(rows.assignments[items], Code.ASSIGNMENT_MEND_HELD.value),
            of_rows(rows.grades[grades], Code.MEND_HELD.value),
        ),
    )


def _causes(rows: pd.DataFrame, holdings: Holdings, kind: HoldingKind, now: CourseNow) -> pd.Series[str]:
    held = holdings.line_items if kind is LINE_ITEM else holdings.results
    found = link.beside(rows, held, kind.link(rows, held))
    finding, certainty, state = found["finding"], found["certainty"], rows["state"]
    lost = finding.isin(["missing", "gone"]) | (certainty == "gone")
    never_shown = (state == "update") & (finding == "unshown")  # as it was accepted last
    covered, writes = rows["covered"], state.isin(TO_WRITE)
    cause = pd.Series(None, rows.index, object)
    cause = cause.mask(finding == "kept_otherwise", "kept_otherwise")
    cause = cause.mask(finding == "adopted", "not_on_record")
    cause = cause.mask(certainty == "unknown", "unsettled")
    cause = cause.mask(covered & (state == "update") & ~lost, "changed_in_canvas")
    cause = cause.mask(covered & (state == "withdraw"), "cleared_in_canvas")
    cause = cause.mask(covered & (state == "create") & ~lost, "not_sent")
    cause = cause.mask(covered & (writes & lost | never_shown), "missing_in_sis").mask(
        covered & (finding == "edited"), "edited_in_sis"
    )
    return cause.mask(~covered & ~lost, _why_unwanted(rows, found, kind, now))


def _why_unwanted(
    rows: pd.DataFrame, found: pd.DataFrame, kind: HoldingKind, now: CourseNow
) -> pd.Series[str]:
    """Say why nothing asks for what is not covered; that its student has left goes before all of Canvas's.

    And before that, that it has another place: whatever its row there is kept back by, only where the SIS was
    seen to hold it is it moved.
    """
    assignment, section = rows["assignment_id"], rows["section_id"]
    cause = pd.Series("not_synced_any_more", rows.index, object)
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
    cause = cause.mask(among(rows, rows[placed], key), "not_moved_yet")
    return cause.mask(among(rows, rows[placed & shown_there(found)], key), "moved")


def _waiting(schema: Any, rows: pd.DataFrame, which: Any, code: Code) -> Any:
    return _ended(schema, rows, rows["state"].isin(TO_WRITE) & which, "skipped", code)


def _ended(schema: Any, rows: pd.DataFrame, which: Any, state: str, code: Code) -> Any:
    return derived(
        schema, rows, state=rows["state"].mask(which, state), code=rows["code"].mask(which, code.value)
    )
