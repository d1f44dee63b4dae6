"""The pages about one sync: the tabs of its details, and the downloads beside them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gpb_pipeline.warehouse import csv_logs, log_pages, open_causes
from gpb_pipeline.warehouse.csv_logs import IssueLines
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.log_pages import ASSIGNMENTS, GRADES, Choices, Line, Log, LogPage, Wanted
from gpb_pipeline.web.graphs import Ring, ring
from gpb_pipeline.web.query import Links, page_number, wanted
from gpb_pipeline.web.site import STATES, Site, site

TABS = {
    "": "Overview",
    "issues": "Warnings & Errors",
    "filtered": "Filtered Canvas Data",
    "assignments": "Assignments Sync",
    "grades": "Grades Log",
}


def overview(request: Request) -> HTMLResponse:
    """Show what was kept of Canvas's data, and the two graphs."""
    here, job = site(request), site(request).visible_job(request)
    rings = [_ring(here, ASSIGNMENTS, job), _ring(here, GRADES, job)]
    return _tab(request, "overview.html", job, "", rings=rings)


def issues(request: Request) -> HTMLResponse:
    """Show warnings and errors by cause: what, where, how many, what to do and who can."""
    here, job = site(request), site(request).visible_job(request)
    met = here.warehouse.read(open_causes.of_jobs, [job])
    return _tab(request, "issues.html", job, "issues", issues=met.get(job.job_id, ()))


def filtered(request: Request) -> HTMLResponse:
    """Show how much was read, and how much was kept of it."""
    return _tab(request, "filtered.html", site(request).visible_job(request), "filtered")


def assignments(request: Request) -> HTMLResponse:
    """Show the assignments' graph and their log."""
    here, job = site(request), site(request).visible_job(request)
    return _log(request, "assignments.html", job, ASSIGNMENTS, rings=[_ring(here, ASSIGNMENTS, job)])


def grades(request: Request) -> HTMLResponse:
    """Show the grades log."""
    return _log(request, "grades.html", site(request).visible_job(request), GRADES)


def issues_csv(request: Request) -> Response:
    job, asked = site(request).visible_job(request), request.query_params
    lines = IssueLines(
        code=asked.get("code") or None,
        section=asked.get("section") or None,
        assignment=asked.get("assignment") or None,
        student=asked.get("student") or None,
    )
    return _csv(request, job, "issues", site(request).warehouse.read(csv_logs.issues, job, lines))


def assignments_csv(request: Request) -> Response:
    here, job = site(request), site(request).visible_job(request)
    text = here.warehouse.read(csv_logs.assignments, job.job_id, here.zone, wanted(request))
    return _csv(request, job, "assignments", text)


def grades_csv(request: Request) -> Response:
    job = site(request).visible_job(request)
    text = site(request).warehouse.read(csv_logs.grades, job.job_id, wanted(request))
    return _csv(request, job, "grades", text)


def _log(request: Request, template: str, job: Job, log: Log[Line], **context: object) -> HTMLResponse:
    here, asked = site(request), wanted(request)
    page, choices = here.warehouse.read(_page, log, job.job_id, asked, page_number(request))
    tab = log.table.removeprefix("sis_")
    return _tab(
        request, template, job, tab, page=page, choices=choices, wanted=asked, states=STATES, **context
    )


def _page(
    session: Connection, log: Log[Line], job_id: str, asked: Wanted, number: int
) -> tuple[LogPage[Line], Choices]:
    page = log_pages.page(session, log, job_id, asked, number)
    return page, log_pages.choices(session, log, job_id)


def _tab(request: Request, template: str, job: Job, tab: str, **context: object) -> HTMLResponse:
    return site(request).render(
        template,
        {
            "links": Links(request),
            "job": job,
            "course": site(request).course_name(request, job.course_id),
            "tabs": TABS,
            "tab": tab,
            "running": job.status == "Running",
            **context,
        },
    )


def _ring(here: Site, log: Log[Line], job: Job) -> Ring:
    title = "AssignmentsSync" if log is ASSIGNMENTS else "GradesSync"
    return ring(title, here.warehouse.read(log_pages.states, log, job.job_id))


def _csv(request: Request, job: Job, name: str, text: str) -> Response:
    mark = csv_logs.BYTE_ORDER_MARK if request.query_params.get("for") == "spreadsheet" else ""
    safe_id = "".join(letter for letter in job.job_id if letter.isalnum() or letter in "-_")
    return Response(
        mark + text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{safe_id}.csv"'},
    )
