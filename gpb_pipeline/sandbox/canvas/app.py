"""The sandbox Canvas's endpoints under /api/v1: what they give, to whom, in which order.

Payloads, paging, permissions and the control surface are in the modules beside this one.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gpb_pipeline.sandbox.canvas import assignment_payloads, payloads, submissions
from gpb_pipeline.sandbox.canvas.access import (
    CanvasRefusal,
    Permission,
    TokenDesk,
    not_found,
    unauthorized,
)
from gpb_pipeline.sandbox.canvas.accounts import AccountEndpoints
from gpb_pipeline.sandbox.canvas.control import ControlSurface
from gpb_pipeline.sandbox.canvas.grade_changes import GradeChangeLog
from gpb_pipeline.sandbox.canvas.lti import context_id
from gpb_pipeline.sandbox.canvas.lti_pages import LtiPages
from gpb_pipeline.sandbox.canvas.paging import answer, answer_page, link_header, page_of
from gpb_pipeline.sandbox.canvas.query import ids, include, truthy, values
from gpb_pipeline.sandbox.canvas.spoiling import SpoiltAnswers
from gpb_pipeline.sandbox.canvas.state import CanvasState, CourseView
from gpb_pipeline.sandbox.district import Assignment, Course, District, Section
from gpb_pipeline.sandbox.fields import BadChange, refuse_change

MAX_ASSIGNMENT_IDS = 100
Handler = Callable[[Request, payloads.Permissions], Response]


def canvas_app(district: District) -> tuple[Starlette, TokenDesk]:
    """The Canvas of a district, and the desk that can expire its tokens."""
    state, desk = CanvasState(district), TokenDesk()
    api, control = CanvasApi(state, desk), ControlSurface(state, desk)
    app = Starlette(
        routes=[
            *api.routes(),
            *control.routes(),
            *SpoiltAnswers(state).routes(),
            *LtiPages(state).routes(),
        ],
        exception_handlers={
            CanvasRefusal: _refuse,
            BadChange: refuse_change,
            404: lambda request, error: not_found().response(),
        },
    )
    return app, desk


def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, CanvasRefusal)
    return error.response()


class CanvasApi:
    """The endpoints; each handler gets the request and the permissions of its token."""

    def __init__(self, state: CanvasState, desk: TokenDesk) -> None:
        self._state = state
        self._desk = desk
        self._spoilt = SpoiltAnswers(state)

    def routes(self) -> list[Route]:
        accounts = AccountEndpoints(self._state)
        gets: dict[str, Handler] = {
            "/users/self": self.myself,
            "/accounts/{account}": accounts.account,
            "/accounts/{account}/courses": accounts.courses,
            "/accounts/{account}/sub_accounts": accounts.sub_accounts,
            "/accounts/{account}/terms": accounts.terms,
            "/audit/grade_change": GradeChangeLog(self._state).query,
            "/courses/{course}": self.course,
            "/courses/{course}/settings": self.settings,
            "/courses/{course}/sections": self.sections,
            "/courses/{course}/enrollments": self.enrollments,
            "/courses/{course}/assignment_groups": self.assignment_groups,
            "/courses/{course}/assignments": self.assignments,
            "/courses/{course}/assignments/{assignment:int}": self.assignment,
            "/courses/{course}/grading_periods": self.grading_periods,
            "/courses/{course}/students/submissions": self.course_submissions,
            "/sections/{section}": self.section,
            "/sections/{section}/students/submissions": self.section_submissions,
        }
        routes = [Route(f"/api/v1{path}", self._endpoint(handler)) for path, handler in gets.items()]
        routes.append(
            Route(
                "/api/v1/courses/{course}/assignment_groups/{group:int}",
                self.update_assignment_group,
                methods=["PUT"],
            )
        )
        return routes

    def _endpoint(self, handler: Handler) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            return self._spoilt.of(request, handler(request, self._desk.permissions(request)))

        return endpoint

    def _course(self, request: Request, permissions: payloads.Permissions) -> Course:
        """The course of the path, by id or another of its names. Raises CanvasRefusal (404)."""
        wanted = request.path_params["course"]
        if wanted.startswith("sis_course_id:") and Permission.READ_SIS in permissions:
            sis_id = wanted.removeprefix("sis_course_id:")
            for course in self._state.courses():
                if course.sis_id == sis_id:
                    return course
        if wanted.startswith("lti_context_id:"):
            for course in self._state.courses():
                if context_id(course.id) == wanted.removeprefix("lti_context_id:"):
                    return course
        if not wanted.isdecimal():
            raise not_found()
        return self._state.course(int(wanted))

    def _view(self, request: Request, permissions: payloads.Permissions) -> CourseView:
        """The content of the path's course. Raises CanvasRefusal: 404, or 403 outside its dates."""
        course = self._course(request, permissions)
        if course.access_restricted_by_date:
            raise unauthorized()
        return self._state.view(course.id)

    def myself(self, request: Request, permissions: payloads.Permissions) -> Response:
        user = {"id": 1, "name": "Canvas Integrations Admin", "effective_locale": "en"}
        return answer(request, user | {"time_zone": self._state.district.time_zone})

    def course(self, request: Request, permissions: payloads.Permissions) -> Response:
        course = self._course(request, permissions)
        return answer(request, payloads.course(self._state.district, course, permissions, include(request)))

    def settings(self, request: Request, permissions: payloads.Permissions) -> Response:
        self._view(request, permissions)
        return answer(request, {"hide_final_grades": False, "restrict_quantitative_data": False})

    def grading_periods(self, request: Request, permissions: payloads.Permissions) -> Response:
        self._view(request, permissions)
        page = page_of(request, self._state.district.grading_periods, key=lambda each: each.id)
        body = {
            "grading_periods": [payloads.grading_period(each) for each in page.items],
            "meta": {"pagination": {"per_page": page.per_page, "page": 1, "page_count": 1}},
            "can_create_grading_periods": False,
            "grading_periods_read_only": True,
        }
        return answer(request, body, {"Link": link_header(request, page)})

    def sections(self, request: Request, permissions: payloads.Permissions) -> Response:
        view, wanted = self._view(request, permissions), include(request)

        def payload(section: Section) -> payloads.Payload:
            body = payloads.section(section, view.content.course, permissions)
            if "students" in wanted:
                body["students"] = payloads.section_students(view.content, section, permissions)
            return body

        sections = sorted(view.content.sections, key=lambda each: each.id)
        return answer_page(request, page_of(request, sections, key=lambda each: each.id), payload)

    def section(self, request: Request, permissions: payloads.Permissions) -> Response:
        view, section = self._section(request, permissions)
        return answer(request, payloads.section(section, view.content.course, permissions))

    def enrollments(self, request: Request, permissions: payloads.Permissions) -> Response:
        content = self._view(request, permissions).content
        types = values(request, "type")
        states = values(request, "state") or ["active", "invited"]
        enrollments = [
            each
            for each in sorted(content.enrollments, key=lambda each: each.id)
            if (not types or each.type in types) and each.state in states
        ]
        page = page_of(request, enrollments, key=lambda each: each.id)
        return answer_page(request, page, lambda each: payloads.enrollment(content, each, permissions))

    def assignment_groups(self, request: Request, permissions: payloads.Permissions) -> Response:
        view, wanted = self._view(request, permissions), include(request)
        page = page_of(
            request, sorted(view.content.groups, key=lambda each: each.id), key=lambda each: each.id
        )
        bodies = []
        for group in page.items:
            body = payloads.assignment_group(group)
            if "assignments" in wanted:
                inside = [each for each in self._visible(view, permissions) if each.group_id == group.id]
                body["assignments"] = [self._payload(request, view, each, permissions) for each in inside]
            bodies.append(body)
        return answer(request, bodies, {"Link": link_header(request, page)})

    def assignments(self, request: Request, permissions: payloads.Permissions) -> Response:
        view = self._view(request, permissions)
        wanted = ids(request, "assignment_ids")
        if len(wanted) > MAX_ASSIGNMENT_IDS:
            message = f"Request contains too many assignment_ids.  Limit {MAX_ASSIGNMENT_IDS}"
            raise CanvasRefusal(400, {"message": message})
        if unknown := sorted(set(wanted) - set(view.assignments)):
            names = ", ".join(str(each) for each in unknown)
            raise CanvasRefusal(400, {"message": f"Invalid assignment_ids: {names}"})
        only_synced = truthy(request.query_params.get("post_to_sis", ""))
        chosen = [
            each
            for each in self._visible(view, permissions)
            if (not wanted or each.id in wanted) and (each.post_to_sis or not only_synced)
        ]
        page = page_of(request, sorted(chosen, key=lambda each: each.id), key=lambda each: each.id)
        return answer_page(request, page, lambda each: self._payload(request, view, each, permissions))

    def assignment(self, request: Request, permissions: payloads.Permissions) -> Response:
        view = self._view(request, permissions)
        for each in self._visible(view, permissions):
            if each.id == request.path_params["assignment"]:
                return answer(request, self._payload(request, view, each, permissions))
        raise not_found()

    def _visible(self, view: CourseView, permissions: payloads.Permissions) -> list[Assignment]:
        manages = Permission.MANAGE_ASSIGNMENTS in permissions
        return [each for each in view.content.assignments if manages or each.published]

    def _payload(
        self, request: Request, view: CourseView, assignment: Assignment, permissions: payloads.Permissions
    ) -> payloads.Payload:
        return assignment_payloads.assignment(
            view,
            assignment,
            permissions,
            include=include(request),
            override_dates=truthy(request.query_params.get("override_assignment_dates", "true")),
        )

    def course_submissions(self, request: Request, permissions: payloads.Permissions) -> Response:
        return self._submissions(request, permissions, self._view(request, permissions), None)

    def section_submissions(self, request: Request, permissions: payloads.Permissions) -> Response:
        view, section = self._section(request, permissions)
        return self._submissions(request, permissions, view, section)

    def _submissions(
        self, request: Request, permissions: payloads.Permissions, view: CourseView, section: Section | None
    ) -> Response:
        if Permission.VIEW_ALL_GRADES not in permissions:
            raise unauthorized()
        query = submissions.parse_query(request, view)
        rows = submissions.matching_rows(view, query, section)
        if "grouped" not in request.query_params:
            page = page_of(request, rows, key=submissions.row_id)
            return answer_page(
                request,
                page,
                lambda row: submissions.submission(self._state, view, row, visibility=query.visibility),
            )
        by_student: dict[int, list[Any]] = {}
        for row in rows:
            by_student.setdefault(row.user_id, []).append(row)
        enrollments = sorted(
            (
                each
                for mine in view.enrollments_of.values()
                for each in mine
                if (query.user_ids is None or each.user_id in query.user_ids)
                and (section is None or each.section_id == section.id)
            ),
            key=lambda each: each.id,
        )
        return answer_page(
            request,
            page_of(request, enrollments, key=lambda each: each.id),
            lambda each: submissions.grouped(
                self._state,
                view,
                each,
                by_student.get(each.user_id, []),
                permissions,
                visibility=query.visibility,
            ),
        )

    def _section(self, request: Request, permissions: payloads.Permissions) -> tuple[CourseView, Section]:
        """The section of the path and its course's content. Raises CanvasRefusal (404)."""
        wanted = request.path_params["section"]
        for course in self._state.courses():
            view = self._state.view(course.id)
            for section in view.content.sections:
                by_sis = f"sis_section_id:{section.sis_id}" if Permission.READ_SIS in permissions else None
                if wanted in (str(section.id), by_sis):
                    return view, section
        raise not_found()

    async def update_assignment_group(self, request: Request) -> Response:
        """PUT merges `integration_data`: keys can be added or changed, never removed."""
        permissions = self._desk.permissions(request)
        view = self._view(request, permissions)
        if Permission.MANAGE_ASSIGNMENTS not in permissions:
            raise unauthorized()
        group = next((each for each in view.content.groups if each.id == request.path_params["group"]), None)
        if group is None:
            raise not_found()
        body = json.loads(await request.body() or b"{}")
        data = body.get("integration_data", {})
        if not isinstance(data, dict):
            raise CanvasRefusal(400, {"message": "Invalid integration data"})
        changed = replace(
            group,
            name=body.get("name", group.name),
            sis_source_id=body.get("sis_source_id", group.sis_source_id),
            integration_data={**group.integration_data, **data},
        )
        groups = tuple(changed if each.id == group.id else each for each in view.content.groups)
        self._state.replace(replace(view.content, groups=groups))
        return answer(request, payloads.assignment_group(changed))
