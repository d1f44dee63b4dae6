"""What the token may see, asked of one course in few requests, for `gpb doctor`. A sync finds out by itself.

Canvas says of none of these that it was left out (reference/canvas_api.md §0).
"""

from itertools import islice

from gpb_pipeline.canvas.client import CanvasClient, Json
from gpb_pipeline.canvas.completeness import require_permissions
from gpb_pipeline.canvas.errors import AccessError
from gpb_pipeline.canvas.extracts import course_path


def section_sis_ids(client: CanvasClient, course_id: str) -> list[str]:
    """Give the SIS ids of the sections that have one; raises AccessError where all are hidden."""
    item = f"course {course_id}"
    sections = list(client.pages(f"{course_path(course_id)}/sections", item=f"{item}, sections"))
    require_permissions(sections, [], [], item)
    return [each["sis_section_id"] for each in sections if each["sis_section_id"]]


def some_assignments(client: CanvasClient, course_id: str) -> list[Json]:
    """Read one page of assignments; raises AccessError where their overrides are hidden."""
    path, item = f"{course_path(course_id)}/assignments", f"course {course_id}, assignments"
    query: dict[str, str | int | list[str]] = {
        "include[]": ["overrides"],
        "override_assignment_dates": "false",
    }
    assignments = list(islice(client.pages(path, query, item=item), 100))
    if any("overrides" not in each for each in assignments):
        raise AccessError(
            "Canvas leaves out overrides, and with them due dates",
            item=item,
            remedy="Grant the user of CANVAS_API_TOKEN: Assignments and Quizzes - add, edit.",
        )
    return assignments


def require_grades(client: CanvasClient, course_id: str, assignment_id: str) -> None:
    """Raise AccessError where the grades of a published assignment may not be read."""
    path, item = f"{course_path(course_id)}/students/submissions", f"course {course_id}, submissions"
    query: dict[str, str | int | list[str]] = {
        "student_ids[]": ["all"],
        "assignment_ids[]": [assignment_id],
    }
    next(client.pages(path, query, item=item), None)
