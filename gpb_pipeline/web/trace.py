"""The page that says why a grade is in the SIS."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gpb_pipeline.warehouse import trace
from gpb_pipeline.web.site import site, viewer


def grade_trace(request: Request) -> HTMLResponse:
    """Show every value ever sent for a student's assignment, and what Canvas said then."""
    here, course_id = site(request), request.path_params["course_id"]
    if not viewer(request).may_see(course_id):
        raise HTTPException(404, "There is no such course here.")
    student_id = request.query_params.get("student", "").strip()
    assignment_id = request.query_params.get("assignment", "").strip()
    found = None
    if student_id and assignment_id:
        found = here.warehouse.read(
            trace.of_grade, course_id, student_id=student_id, assignment_id=assignment_id
        )
    return here.render(
        "trace.html",
        {
            "course_id": course_id,
            "course": here.course_name(request, course_id),
            "student_id": student_id,
            "assignment_id": assignment_id,
            "found": found,
        },
    )
