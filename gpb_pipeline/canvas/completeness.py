"""Whether a course was read whole: what a permission or a short read leaves out looks like a deletion.

Canvas says neither; it only leaves out (docs/canvas.md §0, §2, §6). It leaves a key out of all of a
list or of none: one row without it is that row's fault, and told with it (sieve.py).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from gpb_pipeline.canvas.body import Json
from gpb_pipeline.canvas.errors import AccessError, ShortReadError
from gpb_pipeline.canvas.readings import ident_if_any, moment_if_any
from gpb_pipeline.canvas.sieve import Columns
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.passback.course import CanvasRead, Reject

FEATURES = {
    "post_to_sis": "the assignments' Sync to SIS",
    "posted_at": "post policies, without which hidden grades cannot be told",
    "workflow_state": "the states of courses, assignments and submissions",
}
NEW = timedelta(hours=1)  # Canvas makes an assignment's submissions minutes after it, by a job of its own


def require_known(rows: Sequence[Json], keys: Iterable[str], item: str) -> None:
    """Raise PermanentError for a key that no row has: this Canvas is older than what it stands for."""
    for key in keys:
        if _lacks(rows, key):
            raise PermanentError(
                f"this Canvas does not say `{key}`",
                item=item,
                remedy=f"Update Canvas, or have the feature switched on: it lacks {FEATURES[key]}.",
                code="canvas_too_old",
            )


def require_permissions(
    sections: Sequence[Json], enrollments: Sequence[Json], assignments: Sequence[Json], item: str
) -> None:
    """Raise AccessError where keys are absent, which Canvas leaves out without a word (not null: absent)."""
    if _lacks(sections, "sis_section_id") or _lacks(enrollments, "sis_user_id"):
        raise AccessError(
            "Canvas leaves out SIS ids",
            item=f"{item}, sections and enrollments",
            remedy="Grant the user of CANVAS_API_TOKEN: SIS data - read.",
        )
    if _lacks(assignments, "overrides") and any(each.get("has_overrides") for each in assignments):
        raise AccessError(
            "Canvas leaves out overrides, and with them due dates",
            item=f"{item}, assignments",
            remedy="Grant the user of CANVAS_API_TOKEN: Assignments and Quizzes - add, edit.",
        )


def require_whole(
    sections: Columns,
    enrollments: Columns,
    groups: Columns,
    synced_in: Iterable[str],
    rejects: Sequence[Reject],
    item: str,
) -> None:
    """Raise ShortReadError where one list lacks what another names, or there is no section at all.

    `synced_in`: the groups of the synced assignments. What is missing because it was laid aside is no sign.
    """
    aside = {(each.kind, each.item_id) for each in rejects}
    nameless = {kind for kind, item_id in aside if item_id is None}
    if not sections["section_id"] and not any(kind == "section" for kind, _ in aside):
        raise _short(
            "Canvas gives no section of it",
            f"{item}, sections",
            "Sync again; if all its sections were cross-listed away, it needs no sync.",
        )
    used = {
        section
        for section, state in zip(enrollments["section_id"], enrollments["state"], strict=True)
        if state == "active" and ("section", section) not in aside
    }
    if "section" not in nameless and used - set(sections["section_id"]):
        raise _short("students are enrolled in sections that it lacks", f"{item}, sections")
    named = {group for group in synced_in if ("assignment_group", group) not in aside}
    if "assignment_group" not in nameless and named - set(groups["group_id"]):
        raise _short("assignments are in groups that it lacks", f"{item}, assignment groups")


def require_enrollments(enrollments: Sequence[Json], submissions: Sequence[Json], item: str) -> None:
    """Raise ShortReadError where there are submissions and nobody is enrolled, in any state."""
    if submissions and not enrollments:
        raise _short("there are submissions, and nobody is enrolled", f"{item}, enrollments")


def require_somebody(read: CanvasRead, *, posted: bool) -> None:
    """Raise ShortReadError where nobody is enrolled and grades of the course are `posted`."""
    if posted and read.enrollments.empty:
        raise _short(
            "nobody is enrolled, and grades of it stand in the SIS",
            f"course {read.course.course_id}, enrollments",
            "Sync again; where everybody has left, sync it with --confirm.",
        )


def require_assignments(read: CanvasRead, *, before: bool) -> None:
    """Raise ShortReadError where there is no assignment and there were some `before`, whose columns stand."""
    if before and read.assignments.empty:
        raise _short(
            "there are no assignments, and columns of it stand in the SIS",
            f"course {read.course.course_id}, assignments",
            "Sync again; where all assignments were deleted, sync it with --confirm.",
        )


def require_submissions(
    enrollments: Columns, asked: Iterable[Json], submissions: Sequence[Json], item: str
) -> None:
    """Raise ShortReadError where an assignment that everyone has came without a single row.

    Canvas has a row for every student and assignment, handed in or not, but for an assignment that it has
    only just got. `asked`: the assignments asked for. A row that does not say of which it is may be any's.
    """
    if ("StudentEnrollment", "active") not in zip(enrollments["type"], enrollments["state"], strict=True):
        return
    of = [ident_if_any(each.get("assignment_id")) for each in submissions]
    read = set(of)
    lacking = sum(str(each["id"]) not in read and _is_everyones(each) and not _is_new(each) for each in asked)
    if lacking > of.count(None):
        raise _short(f"{lacking} assignments came without a row for anybody", item)


def _lacks(rows: Sequence[Json], key: str) -> bool:
    known = [each for each in rows if "id" in each]
    return bool(known) and all(key not in each for each in known)


def _is_everyones(assignment: Json) -> bool:
    return (
        not assignment.get("only_visible_to_overrides")
        and assignment.get("visible_to_everyone") is not False
        and not any(each.get("unassign_item") for each in assignment.get("overrides") or [])
    )


def _is_new(assignment: Json) -> bool:
    """Whether it was made, or published, so lately that Canvas may not have got round to its submissions."""
    times = (moment_if_any(assignment.get(key)) for key in ("created_at", "updated_at"))
    return any(datetime.now(UTC) - datetime.fromisoformat(each) < NEW for each in times if each)


def _short(
    what: str, item: str, remedy: str = "Sync again; if it stays, ask the Canvas admin."
) -> ShortReadError:
    return ShortReadError(what, item=item, remedy=remedy)
