"""What the token may see, asked of few courses in few requests, for `gpb doctor`. A sync finds out by itself.

Canvas says of none of these that it was left out (docs/canvas.md §0).
"""

from collections.abc import Iterable
from itertools import islice
from urllib.parse import quote

from gpb_pipeline.canvas.body import Json
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.completeness import require_permissions
from gpb_pipeline.canvas.courses import course_path, each_course
from gpb_pipeline.canvas.errors import AccessError
from gpb_pipeline.canvas.paging import PAGE
from gpb_pipeline.canvas.readings import ident_if_any, sis_id_or_none
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.passback.course import Course

COURSES_TRIED = 10  # of the account, until one serves


def account(client: CanvasClient) -> Json:
    """Read the configured account."""
    account_id = client.settings.account_id
    return client.get(f"accounts/{quote(account_id, safe=':')}", item=f"CANVAS_ACCOUNT_ID {account_id}")


def running_courses(client: CanvasClient) -> list[Course]:
    """Find the first of the account's courses; raises PermanentError where it has none."""
    found = list(islice(each_course(client), COURSES_TRIED))
    if not found:
        raise PermanentError(
            "has no published course that runs",
            item=f"account {client.settings.account_id}",
            remedy="Check CANVAS_ACCOUNT_ID.",
        )
    return found


def section_sis_ids(client: CanvasClient, course_ids: Iterable[str]) -> list[str]:
    """Find SIS ids in the first course whose sections have any; raises AccessError if they are hidden."""
    for course_id in course_ids:
        item = f"course {course_id}"
        sections = list(client.pages(f"{course_path(course_id)}/sections", item=f"{item}, sections"))
        require_permissions(sections, [], [], item)
        ids = (sis_id_or_none(each.get("sis_section_id")) for each in sections)
        if found := [each for each in ids if isinstance(each, str)]:
            return found
    raise PermanentError(
        "no section of the courses tried has a SIS id",
        item="Canvas sections",
        remedy="Have the SIS's import set them: without one, a section is never sent.",
    )


def published_assignment(client: CanvasClient, course_ids: Iterable[str]) -> tuple[str, str] | None:
    """Find a published assignment, by course and id; None where the courses tried have none."""
    for course_id in course_ids:
        for each in _some_assignments(client, course_id):
            if each.get("workflow_state") == "published" and (own := ident_if_any(each.get("id"))):
                return course_id, own
    return None


def require_grades(client: CanvasClient, course_id: str, assignment_id: str) -> None:
    """Raise AccessError where the grades of a published assignment may not be read."""
    path, item = f"{course_path(course_id)}/students/submissions", f"course {course_id}, submissions"
    query: dict[str, str | int | list[str]] = {
        "student_ids[]": ["all"],
        "assignment_ids[]": [assignment_id],
    }
    next(client.pages(path, query, item=item), None)


def _some_assignments(client: CanvasClient, course_id: str) -> list[Json]:
    """Read a page of assignments; raises AccessError where their overrides are hidden."""
    path, item = f"{course_path(course_id)}/assignments", f"course {course_id}, assignments"
    query: dict[str, str | int | list[str]] = {
        "include[]": ["overrides"],
        "override_assignment_dates": "false",
    }
    assignments = list(islice(client.pages(path, query, item=item), PAGE))
    if assignments and all("overrides" not in each for each in assignments):
        raise AccessError(
            "Canvas leaves out overrides, and with them due dates",
            item=item,
            remedy="Grant the user of CANVAS_API_TOKEN: Assignments and Quizzes - add, edit.",
        )
    return assignments
