"""Whether a course was read whole: what a permission or a short read leaves out looks like a deletion.

Canvas says neither; it only leaves out (reference/canvas_api.md §0, §2, §6).
"""

from collections.abc import Iterable, Sequence

from gpb_pipeline.canvas.client import Json
from gpb_pipeline.canvas.errors import AccessError, ShortReadError


def require_permissions(
    sections: Iterable[Json], enrollments: Iterable[Json], assignments: Iterable[Json], item: str
) -> None:
    """Raise AccessError where keys are absent, which Canvas leaves out without a word (not null: absent)."""
    if any("sis_section_id" not in each for each in sections) or any(
        "sis_user_id" not in each for each in enrollments
    ):
        raise AccessError(
            "Canvas leaves out SIS ids",
            item=f"{item}, sections and enrollments",
            remedy="Grant the user of CANVAS_API_TOKEN: SIS data - read.",
        )
    if any(each.get("has_overrides") and "overrides" not in each for each in assignments):
        raise AccessError(
            "Canvas leaves out overrides, and with them due dates",
            item=f"{item}, assignments",
            remedy="Grant the user of CANVAS_API_TOKEN: Assignments and Quizzes - add, edit.",
        )


def require_whole(
    sections: Sequence[Json],
    enrollments: Iterable[Json],
    groups: Iterable[Json],
    assignments: Iterable[Json],
    item: str,
) -> None:
    """Raise ShortReadError where one list lacks what another names, or there is no section at all."""
    if not sections:
        raise _short(
            "Canvas gives no section of it",
            f"{item}, sections",
            "Sync again; if all its sections were cross-listed away, it needs no sync.",
        )
    section_ids = {each["id"] for each in sections}
    used = {each.get("course_section_id") for each in enrollments if each.get("enrollment_state") == "active"}
    if used - section_ids:
        raise _short("students are enrolled in sections that it lacks", f"{item}, sections")
    if {each.get("assignment_group_id") for each in assignments} - {each["id"] for each in groups}:
        raise _short("assignments are in groups that it lacks", f"{item}, assignment groups")


def require_submissions(
    enrollments: Iterable[Json], asked: Iterable[Json], submissions: Iterable[Json], item: str
) -> None:
    """Raise ShortReadError where an assignment that everyone has came without a single row.

    Canvas has a row for every student and assignment, handed in or not. `asked`: the assignments asked for.
    """
    if not any(
        each.get("type") == "StudentEnrollment" and each.get("enrollment_state") == "active"
        for each in enrollments
    ):
        return
    read = {each.get("assignment_id") for each in submissions}
    lacking = sum(_is_everyones(each) and each["id"] not in read for each in asked)
    if lacking:
        raise _short(f"{lacking} assignments came without a row for anybody", item)


def _is_everyones(assignment: Json) -> bool:
    return (
        not assignment.get("only_visible_to_overrides")
        and assignment.get("visible_to_everyone") is not False
        and not any(each.get("unassign_item") for each in assignment.get("overrides") or [])
    )


def _short(
    what: str, item: str, remedy: str = "Sync again; if it stays, ask the Canvas admin."
) -> ShortReadError:
    return ShortReadError(what, item=item, remedy=remedy)
