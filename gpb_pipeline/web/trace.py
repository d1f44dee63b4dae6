"""The page that says why a grade is in the SIS, asked by a form: no address has a student's id."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gpb_pipeline.warehouse import trace
from gpb_pipeline.web.forms import Form, fields
from gpb_pipeline.web.site import site, viewer


async def grade_trace(request: Request) -> HTMLResponse:
    """Show every value ever sent for a student's assignment, and what Canvas said then."""
    if not viewer(request).may_see(request.path_params["course_id"]):
        raise HTTPException(404, "There is no such course here.")
    form = await fields(request) if request.method == "POST" else Form(list)
    return await run_in_threadpool(_traced, request, form)


def _traced(request: Request, form: Form) -> HTMLResponse:
    here, course_id = site(request), request.path_params["course_id"]
    student_id, assignment_id = ("".join(form[name][:1]).strip() for name in ("student", "assignment"))
    found = None
    if student_id and assignment_id:
        here.looked(request, course_id, "trace")
        found = here.warehouse.read(
            trace.of_grade,
            course_id,
            student_id=student_id,
            assignment_id=assignment_id,
            only=viewer(request).sections(course_id),
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
