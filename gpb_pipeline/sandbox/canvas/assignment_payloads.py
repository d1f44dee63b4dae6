"""The JSON that Canvas makes of an assignment: base or shown dates, `overrides` and `all_dates`.

Source: docs/canvas.md §2 and canvas_samples/assignments_mixed.json.
"""

from gpb_pipeline.sandbox.canvas.access import Permission
from gpb_pipeline.sandbox.canvas.due_dates import date_of, date_shown_to_staff
from gpb_pipeline.sandbox.canvas.payloads import CREATED_AT, Payload, Permissions, iso, sis_keys
from gpb_pipeline.sandbox.canvas.state import CourseView
from gpb_pipeline.sandbox.district import Assignment, DueDate, Override

ALL_DATES_LIMIT = 25


def assignment(
    view: CourseView,
    record: Assignment,
    permissions: Permissions,
    *,
    include: frozenset[str],
    override_dates: bool,
) -> Payload:
    """An assignment; `overrides` is silently left out without the permission to manage assignments."""
    due_at = date_shown_to_staff(record) if override_dates else record.due_at
    payload: Payload = {
        "id": record.id,
        "description": None,
        "due_at": iso(due_at),
        "unlock_at": None,
        "lock_at": None,
        "points_possible": record.points_possible,
        "grading_type": record.grading_type,
        "assignment_group_id": record.group_id,
        "grading_standard_id": None,
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
        "position": record.position,
        "grade_group_students_individually": False,
        "group_category_id": record.group_category_id,
        "post_to_sis": record.post_to_sis,
        "moderated_grading": record.moderated_grading,
        "omit_from_final_grade": record.omit_from_final_grade,
        "hide_in_gradebook": False,
        "anonymous_grading": record.anonymous_grading,
        "grader_count": 2 if record.moderated_grading else 0,
        "course_id": view.content.course.id,
        "name": record.name,
        "submission_types": list(record.submission_types),
        "has_submitted_submissions": any(
            row.submitted_at for key, row in view.content.submissions.items() if key[0] == record.id
        ),
        "due_date_required": False,
        "max_name_length": 255,
        "in_closed_grading_period": False,
        "is_quiz_assignment": record.quiz_id is not None,
        "workflow_state": "published" if record.published else "unpublished",
        "muted": True,
        "has_overrides": bool(record.overrides),
        "published": record.published,
        "only_visible_to_overrides": record.only_visible_to_overrides,
        "visible_to_everyone": record.for_everyone,
        "locked_for_user": False,
        "post_manually": record.post_manually,
        "anonymize_students": record.anonymous_grading,
        **sis_keys(permissions, {"sis_assignment_id": None, "integration_id": None, "integration_data": {}}),
    }
    payload |= _kind(record)
    if "checkpoints" in include and record.checkpoints:
        payload["checkpoints"] = _checkpoints(record, permissions)
    if "all_dates" in include:
        payload |= _all_dates(view, record)
    if "overrides" in include and Permission.MANAGE_ASSIGNMENTS in permissions:
        payload["overrides"] = [_override(record, each) for each in record.overrides]
    return payload


def _kind(record: Assignment) -> Payload:
    """Keys that only quizzes, moderated assignments and checkpointed discussions have."""
    keys: Payload = {}
    if record.moderated_grading:
        keys["grades_published_at"] = CREATED_AT if record.grades_published else None
    if record.quiz_id is not None:
        keys["quiz_id"] = record.quiz_id
    if record.is_new_quiz:
        keys["is_quiz_lti_assignment"] = True
    if record.checkpoints:
        keys["has_sub_assignments"] = True
    return keys


def _checkpoints(record: Assignment, permissions: Permissions) -> list[Payload]:
    seen = Permission.MANAGE_ASSIGNMENTS in permissions
    return [
        {
            "tag": each.tag,
            "name": record.name,
            "points_possible": each.points_possible,
            "due_at": iso(each.due_at),
            "only_visible_to_overrides": False,
            "overrides": [_override(record, override) for override in each.overrides if seen],
        }
        for each in record.checkpoints
    ]


def _override(record: Assignment, override: Override) -> Payload:
    """Its `due_at` key is absent where the base date is inherited, null where there is explicitly none."""
    payload: Payload = {
        "id": override.id,
        "title": override.title,
        "unassign_item": override.unassign_item,
    }
    if override.module_id is None:
        payload["assignment_id"] = record.id
    else:
        payload["context_module_id"] = override.module_id
    if not isinstance(override.due_at, DueDate):
        payload |= {"due_at": iso(override.due_at), "all_day": False, "all_day_date": None}
    if override.section_id is not None:
        payload["course_section_id"] = override.section_id
    elif override.course_id is not None:
        payload["course_id"] = override.course_id
    elif override.group_id is not None:
        payload["group_id"] = override.group_id
    else:
        payload["student_ids"] = list(override.student_ids)
    return payload


def _all_dates(view: CourseView, record: Assignment) -> Payload:
    """`all_dates`, or only their count from 25 overrides on; no base entry if every section has its own."""
    if len(record.overrides) >= ALL_DATES_LIMIT:
        return {"all_dates_count": len(record.overrides) + 1}
    dates: list[Payload] = [_date(record, each) for each in record.overrides]
    overridden = {each.section_id for each in record.overrides}
    if record.for_everyone and not set(view.sections) <= overridden:
        dates.append({"due_at": iso(record.due_at), "unlock_at": None, "lock_at": None, "base": True})
    return {"all_dates": dates}


def _date(record: Assignment, override: Override) -> Payload:
    sets = {"CourseSection": override.section_id, "Course": override.course_id, "Group": override.group_id}
    set_type, set_id = next(((kind, id) for kind, id in sets.items() if id is not None), ("ADHOC", None))
    return {
        "id": override.id,
        "due_at": iso(date_of(override, record)),
        "unlock_at": None,
        "lock_at": None,
        "title": override.title,
        "set_type": set_type,
        "set_id": set_id,
    }
