"""The endpoints of the account: itself, its courses, its terms. Everything below a course is app.py's."""

from starlette.requests import Request
from starlette.responses import Response

from gpb_pipeline.sandbox.canvas import payloads
from gpb_pipeline.sandbox.canvas.access import not_found
from gpb_pipeline.sandbox.canvas.paging import answer, answer_page, link_header, page_of
from gpb_pipeline.sandbox.canvas.query import include, truthy, values
from gpb_pipeline.sandbox.canvas.state import CanvasState
from gpb_pipeline.sandbox.district import Course


class AccountEndpoints:
    """Handlers for the district's one account, by its id or as `self`."""

    def __init__(self, state: CanvasState) -> None:
        self._state = state

    def account(self, request: Request, permissions: payloads.Permissions) -> Response:
        self._account(request)
        district = self._state.district
        body = {
            "id": district.account_id,
            "name": district.name,
            "workflow_state": "active",
            "parent_account_id": None,
            "root_account_id": None,
            "default_time_zone": district.time_zone,
            **payloads.sis_keys(permissions, {"sis_account_id": "ACC-12", "integration_id": None}),
        }
        return answer(request, body)

    def courses(self, request: Request, permissions: payloads.Permissions) -> Response:
        self._account(request)
        states = values(request, "state") or ["unpublished", "available", "completed"]
        term = request.query_params.get("enrollment_term_id")
        search = request.query_params.get("search_term", "").lower()
        courses = [
            each
            for each in self._state.courses()
            if ("all" in states or each.workflow_state in states)
            and (term is None or each.term_id in self._term_ids(term))
            and search in each.name.lower()
            and self._enrollments_match(request, each)
        ]
        page = page_of(request, courses, key=lambda each: each.id)
        district, wanted = self._state.district, include(request)
        return answer_page(request, page, lambda each: payloads.course(district, each, permissions, wanted))

    def _term_ids(self, wanted: str) -> list[int]:
        return [
            each.id
            for each in self._state.district.terms
            if wanted == str(each.id) or wanted == f"sis_term_id:{each.sis_id}"
        ]

    def _enrollments_match(self, request: Request, course: Course) -> bool:
        asked = request.query_params.get("with_enrollments")
        if asked is None:
            return True
        enrollments = self._state.view(course.id).content.enrollments
        return truthy(asked) == any(each.state == "active" for each in enrollments)

    def terms(self, request: Request, permissions: payloads.Permissions) -> Response:
        self._account(request)
        page = page_of(request, self._state.district.terms, key=lambda each: each.id)
        body = {"enrollment_terms": [payloads.term(each, permissions) for each in page.items]}
        return answer(request, body, {"Link": link_header(request, page)})

    def _account(self, request: Request) -> None:
        if request.path_params["account"] not in (str(self._state.district.account_id), "self"):
            raise not_found()
