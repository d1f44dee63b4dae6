"""The pages about one sync: the tabs of its details, and the downloads beside them."""

from __future__ import annotations

from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gpb_pipeline.warehouse import csv_logs, log_pages, open_causes
from gpb_pipeline.warehouse.csv_logs import IssueLines
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.history import Job
from gpb_pipeline.warehouse.log_pages import ASSIGNMENTS, GRADES, Choices, Line, Log, LogPage, Wanted
from gpb_pipeline.web.graphs import Ring, ring
from gpb_pipeline.web.query import Links, page_number, student_number, unclear, wanted, word
from gpb_pipeline.web.site import STATES, site, viewer
from gpb_pipeline.web.words import words

TABS = {
    "": "Overview",
    "issues": "Warnings & Errors",
    "filtered": "Filtered Canvas Data",
    "assignments": "Assignments Sync",
    "grades": "Grades Log",
}


def overview(request: Request) -> HTMLResponse:
    """Show what was kept of Canvas's data, and the two graphs."""
    job = site(request).visible_job(request)
    rings = [_ring(request, ASSIGNMENTS, job), _ring(request, GRADES, job)]
    return _tab(request, "overview.html", job, "", rings=rings)


def issues(request: Request) -> HTMLResponse:
    """Show warnings and errors by cause: what, where, how many, what to do and who can."""
    here, job = site(request), site(request).visible_job(request)
    only = viewer(request).limited
    met = here.warehouse.read(open_causes.of_jobs, [job], only)
    return _tab(request, "issues.html", job, "issues", issues=met.get(job.job_id, ()))


def filtered(request: Request) -> HTMLResponse:
    """Show how much was read, and how much was kept of it."""
    return _tab(request, "filtered.html", site(request).visible_job(request), "filtered")


def assignments(request: Request) -> HTMLResponse:
    """Show the assignments' graph and their log."""
    job = site(request).visible_job(request)
    return _log(request, "assignments.html", job, ASSIGNMENTS, rings=[_ring(request, ASSIGNMENTS, job)])


def grades(request: Request) -> HTMLResponse:
    """Show the grades log."""
    job = site(request).visible_job(request)
    site(request).looked(request, job.course_id, "grades", job)
    return _log(request, "grades.html", job, GRADES, token=viewer(request).form_token)


def issues_csv(request: Request) -> Response:
    here, job = site(request), site(request).visible_job(request)
    here.looked(request, job.course_id, "issues.csv", job)
    asked = here.warehouse.read(_asked, request, job)
    lines = IssueLines(
        to_instructor=words(request).teaches,
        only=asked.only,
        code=asked.code,
        section=asked.section,
        assignment=asked.assignment,
        student=asked.student,
    )
    return _csv(request, job, "issues", here.warehouse.read(csv_logs.issues, job, lines))


def assignments_csv(request: Request) -> Response:
    here, job = site(request), site(request).visible_job(request)
    asked = here.warehouse.read(_asked, request, job)
    text = here.warehouse.read(csv_logs.assignments, job.judged_in, here.zone, asked)
    return _csv(request, job, "assignments", text)


def grades_csv(request: Request) -> Response:
    here, job = site(request), site(request).visible_job(request)
    here.looked(request, job.course_id, "grades.csv", job)
    asked = here.warehouse.read(_asked, request, job)
    return _csv(request, job, "grades", here.warehouse.read(csv_logs.grades, job.judged_in, asked))


def _asked(session: Connection, request: Request, job: Job) -> Wanted:
    """Say which rows are asked for, of those that this viewer may see; 404 for a section of others."""
    only = viewer(request).sections(job.course_id)
    asked = wanted(request)
    if only is not None and asked.section is not None and asked.section not in only:
        raise HTTPException(404, "There is no such section here.")
    number = student_number(request)
    students = log_pages.choices(session, GRADES, job.judged_in, only).students if number else []
    if number and number > len(students):
        raise unclear("student", "is not a number of the list")
    return replace(asked, only=only, student=students[number - 1].value if number else None)


def _log(request: Request, template: str, job: Job, log: Log[Line], **context: object) -> HTMLResponse:
    here = site(request)
    asked, page, choices = here.warehouse.read(_page, log, request, job)
    tab = log.table.removeprefix("sis_")
    numbers = {each.value: str(number) for number, each in enumerate(choices.students, start=1)}
    numbered = [replace(each, value=numbers[each.value]) for each in choices.students]
    return _tab(
        request,
        template,
        job,
        tab,
        page=page,
        choices=replace(choices, students=numbered),
        wanted=replace(asked, student=numbers.get(asked.student or "")),
        numbers=numbers,
        states=STATES,
        **context,
    )


def _page(
    session: Connection, log: Log[Line], request: Request, job: Job
) -> tuple[Wanted, LogPage[Line], Choices]:
    asked = _asked(session, request, job)
    page = log_pages.page(session, log, job.judged_in, asked, page_number(request))
    return asked, page, log_pages.choices(session, log, job.judged_in, asked.only)


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
            "limited": viewer(request).sections(job.course_id) is not None,
            "words": words(request),
            **context,
        },
    )


def _ring(request: Request, log: Log[Line], job: Job) -> Ring:
    title = "AssignmentsSync" if log is ASSIGNMENTS else "GradesSync"
    only = viewer(request).sections(job.course_id)
    return ring(title, site(request).warehouse.read(log_pages.states, log, job.judged_in, only))


def _csv(request: Request, job: Job, name: str, text: str) -> Response:
    mark = csv_logs.BYTE_ORDER_MARK if word(request, "for", ["spreadsheet"]) else ""
    safe_id = "".join(letter for letter in job.job_id if letter.isalnum() or letter in "-_")
    return Response(
        mark + text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{safe_id}.csv"'},
    )
