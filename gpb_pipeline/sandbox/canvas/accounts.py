"""The endpoints of the accounts: themselves, their courses and terms. Everything below a course is app.py's.

There are two: the district's, and below it the school's, which has the courses that the SIS knows.
"""

from starlette.requests import Request
from starlette.responses import Response

from gpb_pipeline.sandbox.canvas import payloads
from gpb_pipeline.sandbox.canvas.access import not_found
from gpb_pipeline.sandbox.canvas.paging import answer, answer_page, link_header, page_of
from gpb_pipeline.sandbox.canvas.query import include, truthy, values
from gpb_pipeline.sandbox.canvas.state import CanvasState
from gpb_pipeline.sandbox.district import Course

SCHOOL_ID, SCHOOL_SIS_ID = 13, "ACC-13"


class AccountEndpoints:
    """Handlers for the district's account, by its id or as `self`, and for the school's."""

    def __init__(self, state: CanvasState) -> None:
        self._state = state

    def account(self, request: Request, permissions: payloads.Permissions) -> Response:
        return answer(request, self._payload(self._account(request), permissions))

    def sub_accounts(self, request: Request, permissions: payloads.Permissions) -> Response:
        below = [] if self._account(request) == SCHOOL_ID else [SCHOOL_ID]
        page = page_of(request, below, key=lambda each: each)
        return answer_page(request, page, lambda each: self._payload(each, permissions))

    def _payload(self, account_id: int, permissions: payloads.Permissions) -> payloads.Payload:
        district, is_school = self._state.district, account_id == SCHOOL_ID
        sis_id = SCHOOL_SIS_ID if is_school else "ACC-12"
        return {
            "id": account_id,
            "name": district.sis.school_name if is_school else district.name,
            "workflow_state": "active",
            "parent_account_id": district.account_id if is_school else None,
            "root_account_id": district.account_id if is_school else None,
            "default_time_zone": district.time_zone,
            **payloads.sis_keys(permissions, {"sis_account_id": sis_id, "integration_id": None}),
        }

    def courses(self, request: Request, permissions: payloads.Permissions) -> Response:
        account_id = self._account(request)
        states = values(request, "state") or ["unpublished", "available", "completed"]
        term = request.query_params.get("enrollment_term_id")
        search = request.query_params.get("search_term", "").lower()
        courses = [
            each
            for each in self._state.courses()
            if ("all" in states or each.workflow_state in states)
            and (term is None or each.term_id in self._term_ids(term))
            and search in each.name.lower()
            and (account_id != SCHOOL_ID or each.sis_id is not None)
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

    def _account(self, request: Request) -> int:
        """The id of the path's account. Raises CanvasRefusal (404)."""
        own = self._state.district.account_id
        names = {str(own): own, "self": own, str(SCHOOL_ID): SCHOOL_ID}
        if (asked := request.path_params["account"]) not in names:
            raise not_found()
        return names[asked]
