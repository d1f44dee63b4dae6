"""What may be seen and switched in the sandbox SIS over HTTP under /sandbox, by whoever tests against it.

What a person may do there by hand is in by_hand.py.
    GET    /sandbox/writes                    every accepted write, in order
    GET    /sandbox/state                     the line items and results that it holds now
    GET, PUT, DELETE /sandbox/temperaments    the switches of temperaments.py; DELETE: none
    POST   /sandbox/publish                   lists show what is held (`lists_late`)
    PUT    /sandbox/token_lifetime            seconds: of the tokens issued from now on
    DELETE /sandbox/tokens                    end every live token
    POST   /sandbox/reset                     as at the start, the log of writes emptied
"""

import json
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gpb_pipeline.sandbox import fields
from gpb_pipeline.sandbox.sis.by_hand import Hand
from gpb_pipeline.sandbox.sis.gradebook import Gradebook
from gpb_pipeline.sandbox.sis.mood import Mood
from gpb_pipeline.sandbox.sis.refusals import Json
from gpb_pipeline.sandbox.sis.temperaments import Temperaments, temperaments_from
from gpb_pipeline.sandbox.sis.tokens import TokenDesk
from gpb_pipeline.sandbox.sis.witness import Witness

NO_CONTENT = 204


class ControlSurface:
    """The /sandbox endpoints of the SIS; nothing done here counts as a write of a client."""

    def __init__(self, gradebook: Gradebook, desk: TokenDesk, witness: Witness, mood: Mood) -> None:
        self._gradebook = gradebook
        self._desk = desk
        self._witness = witness
        self._mood = mood
        self._lifetime = desk.lifetime

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/health", self.health),
            Route("/sandbox/writes", self.writes),
            Route("/sandbox/state", self.state),
            Route("/sandbox/temperaments", self.temperaments, methods=["GET", "PUT", "DELETE"]),
            Route("/sandbox/publish", self.publish, methods=["POST"]),
            Route("/sandbox/token_lifetime", self.change_lifetime, methods=["PUT"]),
            Route("/sandbox/tokens", self.end_tokens, methods=["DELETE"]),
            Route("/sandbox/reset", self.reset, methods=["POST"]),
            *Hand(self._gradebook).routes(),
        ]

    async def health(self, request: Request) -> Response:
        return Json({"serves": self._desk.dialect.name})

    async def writes(self, request: Request) -> Response:
        return Json([asdict(each) for each in self._witness.writes])

    async def state(self, request: Request) -> Response:
        return Json(
            {
                "line_items": [asdict(each) for each in self._gradebook.line_items.values()],
                "results": [asdict(each) for each in self._gradebook.results.values()],
            }
        )

    async def temperaments(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._take(temperaments_from(json.loads(await request.body())))
            except ValueError:
                raise fields.BadChange("the body is no JSON") from None
        elif request.method == "DELETE":
            self._take(Temperaments())
        return Json(self._mood.switches.switched())

    def _take(self, switches: Temperaments) -> None:
        """Lists show what was held before."""
        self._mood.set(switches)
        self._gradebook.lag(self._mood.lag)

    async def publish(self, request: Request) -> Response:
        self._gradebook.publish()
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
        self._mood.reset()
        self._gradebook.lag(self._mood.lag)
        self._witness.writes.clear()
        self._desk.lifetime = self._lifetime
        return Response(status_code=NO_CONTENT)
