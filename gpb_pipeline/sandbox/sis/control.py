"""What may be seen and changed in the sandbox SIS over HTTP under /sandbox, by whoever tests against it.

GET    /sandbox/writes                       every accepted write, in order
GET    /sandbox/state                        the line items and results that it holds now
PUT, DELETE /sandbox/rosters/CLASS/STUDENT   put a known student on a roster, take one off
PATCH  /sandbox/results/R                    score, score_status: an edit by hand in the SIS
PATCH  /sandbox/grading_periods/P            closed
PUT    /sandbox/token_lifetime               seconds: of the tokens issued from now on
DELETE /sandbox/tokens                       end every live token
POST   /sandbox/reset                        as at the start, the log of writes emptied
"""

from dataclasses import asdict, replace
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gpb_pipeline.sandbox import fields
from gpb_pipeline.sandbox.district import Sis
from gpb_pipeline.sandbox.sis.gradebook import Gradebook
from gpb_pipeline.sandbox.sis.refusals import unknown
from gpb_pipeline.sandbox.sis.tokens import TokenDesk
from gpb_pipeline.sandbox.sis.witness import Witness

NO_CONTENT = 204


class ControlSurface:
    """The /sandbox endpoints of the SIS; nothing done here counts as a write of a client."""

    def __init__(self, sis: Sis, gradebook: Gradebook, desk: TokenDesk, witness: Witness) -> None:
        self._sis = sis
        self._gradebook = gradebook
        self._desk = desk
        self._witness = witness
        self._lifetime = desk.lifetime

    def routes(self) -> list[Route]:
        roster = "/sandbox/rosters/{class}/{student}"
        return [
            Route("/sandbox/health", self.health),
            Route("/sandbox/writes", self.writes),
            Route("/sandbox/state", self.state),
            Route(roster, self.change_roster, methods=["PUT", "DELETE"]),
            Route("/sandbox/results/{id}", self.change_result, methods=["PATCH"]),
            Route("/sandbox/grading_periods/{id}", self.change_period, methods=["PATCH"]),
            Route("/sandbox/token_lifetime", self.change_lifetime, methods=["PUT"]),
            Route("/sandbox/tokens", self.end_tokens, methods=["DELETE"]),
            Route("/sandbox/reset", self.reset, methods=["POST"]),
        ]

    async def health(self, request: Request) -> Response:
        return JSONResponse({"serves": self._desk.dialect.name})

    async def writes(self, request: Request) -> Response:
        return JSONResponse([asdict(each) for each in self._witness.writes])

    async def state(self, request: Request) -> Response:
        return JSONResponse(
            {
                "line_items": [asdict(each) for each in self._gradebook.line_items.values()],
                "results": [asdict(each) for each in self._gradebook.results.values()],
            }
        )

    async def change_roster(self, request: Request) -> Response:
        class_id, student_id = request.path_params["class"], request.path_params["student"]
        if class_id not in self._sis.classes:
            raise unknown("class", class_id)
        if student_id not in self._sis.students:
            raise unknown("student", student_id)
        roster = self._gradebook.roster(class_id)
        changed = roster | {student_id} if request.method == "PUT" else roster - {student_id}
        self._gradebook.rosters[class_id] = changed
        return Response(status_code=NO_CONTENT)

    async def change_result(self, request: Request) -> Response:
        result = self._gradebook.results.get(request.path_params["id"])
        if result is None:
            raise unknown("result", request.path_params["id"])
        readers = {"score": fields.number, "score_status": fields.text}
        changed = await fields.changes(request, readers)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        edited = replace(result, **changed, date_last_modified=now)
        self._gradebook.results[result.sourced_id] = edited
        return Response(status_code=NO_CONTENT)

    async def change_period(self, request: Request) -> Response:
        session = self._gradebook.sessions.get(request.path_params["id"])
        if session is None:
            raise unknown("gradingPeriod", request.path_params["id"])
        changed = replace(session, **await fields.changes(request, {"closed": fields.flag}))
        self._gradebook.sessions[session.sourced_id] = changed
        return Response(status_code=NO_CONTENT)

    async def change_lifetime(self, request: Request) -> Response:
        changed = await fields.changes(request, {"seconds": fields.number})
        self._desk.lifetime = changed.get("seconds", self._lifetime)
        return Response(status_code=NO_CONTENT)

    async def end_tokens(self, request: Request) -> Response:
        self._desk.revoke_all()
        return Response(status_code=NO_CONTENT)

    async def reset(self, request: Request) -> Response:
        self._gradebook.reset()
        self._witness.writes.clear()
        self._desk.lifetime = self._lifetime
        return Response(status_code=NO_CONTENT)
