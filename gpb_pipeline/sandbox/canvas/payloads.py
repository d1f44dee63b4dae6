"""The JSON that Canvas makes of courses, terms, sections, enrollments and groups.

Keys are those of reference/canvas_samples; SIS keys are absent, not null, without `read_sis`.
Assignments and submissions have modules of their own.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gpb_pipeline.sandbox.canvas.access import Permission
from gpb_pipeline.sandbox.district import (
    AssignmentGroup,
    Course,
    CourseContent,
    District,
    Enrollment,
    GradingPeriod,
    Person,
    Section,
    Term,
)

Payload = dict[str, Any]
Permissions = frozenset[Permission]
GRADING_PERIOD_GROUP_ID = 9
ROOT_ACCOUNT_ID = 1
SIS_IMPORT_ID = 5
CREATED_AT = "2026-08-01T15:00:00Z"


def iso(moment: datetime | None) -> str | None:
    """YYYY-MM-DDTHH:MM:SSZ in whole seconds, as every time of the API."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def sis_keys(permissions: Permissions, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    return keys if Permission.READ_SIS in permissions else {}


def course(district: District, record: Course, permissions: Permissions, include: frozenset[str]) -> Payload:
    """A course, or the stub of one whose dates keep the caller out."""
    if record.access_restricted_by_date:
        return {"id": record.id, "access_restricted_by_date": True}
    payload: Payload = {
        "id": record.id,
        "name": record.name,
        "account_id": district.account_id,
        "start_at": None,
        "end_at": None,
        "grading_standard_id": None,
        "is_public": False,
        "created_at": CREATED_AT,
        "course_code": record.code,
        "default_view": "assignments",
        "root_account_id": ROOT_ACCOUNT_ID,
        "enrollment_term_id": record.term_id,
        "grade_passback_setting": None,
        "apply_assignment_group_weights": True,
        "time_zone": district.time_zone,
        "blueprint": record.blueprint,
        "template": False,
        "hide_final_grades": False,
        "workflow_state": record.workflow_state,
        "restrict_enrollments_to_course_dates": False,
    }
    ids = {"sis_course_id": record.sis_id, "sis_import_id": None, "integration_id": None}
    payload |= sis_keys(permissions, ids)
    if "term" in include:
        payload["term"] = term(
            next(each for each in district.terms if each.id == record.term_id), permissions
        )
    if "concluded" in include:
        payload["concluded"] = record.concluded or record.workflow_state == "completed"
    return payload


def term(record: Term, permissions: Permissions) -> Payload:
    return {
        "id": record.id,
        "name": record.name,
        "start_at": iso(record.start_at),
        "end_at": iso(record.end_at),
        "created_at": "2026-05-01T00:00:00Z",
        "workflow_state": "active",
        "grading_period_group_id": GRADING_PERIOD_GROUP_ID,
        **sis_keys(permissions, {"sis_term_id": record.sis_id}),
    }


def grading_period(record: GradingPeriod) -> Payload:
    """Its ids are strings, unlike a submission's `grading_period_id`."""
    return {
        "id": str(record.id),
        "grading_period_group_id": str(GRADING_PERIOD_GROUP_ID),
        "title": record.title,
        "start_date": iso(record.start_at),
        "end_date": iso(record.end_at),
        "close_date": iso(record.close_at),
        "weight": None,
        "permissions": {"read": True, "create": False, "update": True, "delete": False},
    }


def section(record: Section, current: Course, permissions: Permissions) -> Payload:
    """A section; `sis_course_id` is that of the course it is in now, cross-listed or not."""
    ids = {
        "sis_section_id": record.sis_id,
        "sis_course_id": current.sis_id,
        "integration_id": None,
        "sis_import_id": SIS_IMPORT_ID if record.sis_id else None,
    }
    return {
        "id": record.id,
        "course_id": record.course_id,
        "name": record.name,
        "start_at": None,
        "end_at": None,
        "created_at": CREATED_AT,
        "restrict_enrollments_to_section_dates": None,
        "nonxlist_course_id": record.nonxlist_course_id,
        **sis_keys(permissions, ids),
    }


def section_students(
    content: CourseContent, record: Section, permissions: Permissions
) -> list[Payload] | None:
    """`include[]=students`: every student enrollment not deleted, whatever its state; null when none."""
    students = [
        user(content.people[each.user_id], permissions)
        for each in content.enrollments
        if each.section_id == record.id and each.type == "StudentEnrollment" and each.state != "deleted"
    ]
    return students or None


def user(person: Person, permissions: Permissions) -> Payload:
    return {
        "id": person.id,
        "name": person.name,
        "created_at": "2025-08-01T00:00:00Z",
        "sortable_name": person.sortable_name,
        "short_name": person.name,
        **sis_keys(
            permissions,
            {
                "sis_user_id": person.sis_id,
                "integration_id": None,
                "sis_import_id": SIS_IMPORT_ID if person.sis_id else None,
            },
        ),
        "login_id": f"user{person.id}",
    }


def enrollment(content: CourseContent, record: Enrollment, permissions: Permissions) -> Payload:
    person = content.people[record.user_id]
    sis_section_id = next(each.sis_id for each in content.sections if each.id == record.section_id)
    ids = {
        "sis_account_id": "ACC-12",
        "sis_course_id": content.course.sis_id,
        "course_integration_id": None,
        "sis_section_id": sis_section_id,
        "section_integration_id": None,
        "sis_user_id": person.sis_id,
        "sis_import_id": SIS_IMPORT_ID if record.sis_imported else None,
    }
    payload: Payload = {
        "id": record.id,
        "user_id": record.user_id,
        "course_id": content.course.id,
        "type": record.type,
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
        "associated_user_id": None,
        "start_at": None,
        "end_at": None,
        "course_section_id": record.section_id,
        "root_account_id": ROOT_ACCOUNT_ID,
        "limit_privileges_to_course_section": False,
        "enrollment_state": record.state,
        "role": record.type,
        "role_id": {"StudentEnrollment": 3, "TeacherEnrollment": 4, "StudentViewEnrollment": 9}[record.type],
        "last_activity_at": None,
        **sis_keys(permissions, ids),
    }
    if Permission.VIEW_ALL_GRADES in permissions and record.type != "TeacherEnrollment":
        payload["grades"] = {
            "current_score": None,
            "final_score": None,
            "current_grade": None,
            "final_grade": None,
        }
    payload["user"] = user(person, permissions)
    return payload


def assignment_group(record: AssignmentGroup) -> Payload:
    """A group; its SIS keys need no permission, and its rules are `{}` where it has none."""
    return {
        "id": record.id,
        "name": record.name,
        "position": record.position,
        "group_weight": record.weight,
        "sis_source_id": record.sis_source_id,
        "integration_data": dict(record.integration_data),
        "rules": {},
    }
