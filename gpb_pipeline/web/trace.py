"""The page that says why a grade is in the SIS, asked by a form: no address has a student's id."""

from __future__ import annotations

from collections.abc import Collection

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gpb_pipeline.canvas import grade_changes
from gpb_pipeline.canvas.grade_changes import GradeLog
from gpb_pipeline.warehouse import trace
from gpb_pipeline.warehouse.trace import Trace
from gpb_pipeline.web.forms import Form, looking, single
from gpb_pipeline.web.query import unclear
from gpb_pipeline.web.site import Site, site, viewer


async def grade_trace(request: Request) -> HTMLResponse:
    """Show every value ever sent for a student's assignment, what Canvas said then, and who graded there."""
    if not viewer(request).may_see(request.path_params["course_id"]):
        raise HTTPException(404, "There is no such course here.")
    form = await looking(request) if request.method == "POST" else Form(list)
    return await run_in_threadpool(_traced, request, form)


def _traced(request: Request, form: Form) -> HTMLResponse:
    here, course_id = site(request), request.path_params["course_id"]
    student_id, assignment_id = (single(form, name) for name in ("student", "assignment"))
    if request.method == "POST" and not (student_id and assignment_id):
        raise unclear("assignment" if student_id else "student", "is missing")
    only = viewer(request).sections(course_id)
    found = graded = None
    if student_id and assignment_id:
        here.looked(request, course_id, "trace")
        found = here.warehouse.read(
            trace.of_grade, course_id, student_id=student_id, assignment_id=assignment_id, only=only
        )
        graded = _who_graded(here, found, only)
    return here.render(
        "trace.html",
        {
            "course_id": course_id,
            "course": here.course_name(request, course_id),
            "student_id": student_id,
            "assignment_id": assignment_id,
            "found": found,
            "graded": graded,
            "token": viewer(request).form_token,
            "teaches": viewer(request).session is not None,
        },
    )


def _who_graded(here: Site, found: Trace, only: Collection[str] | None) -> GradeLog | None:
    """Ask Canvas, but not of a student in none of the sections that a viewer is limited to."""
    is_known = found.student_name is not None or (only is None and bool(found.writes or found.last))
    if not is_known:
        return None
    return grade_changes.look_up(
        here.canvas, found.course_id, assignment_id=found.assignment_id, student_id=found.student_id
    )
