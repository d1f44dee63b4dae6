"""The sandbox SIS put together, in the dialect that it was started with.

Its services, token desk and control surface are elsewhere; what is answered here is what none of them does.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gpb_pipeline.sandbox.district import District
from gpb_pipeline.sandbox.fields import BadChange, refuse_change
from gpb_pipeline.sandbox.sis.control import ControlSurface
from gpb_pipeline.sandbox.sis.dialects import Dialect
from gpb_pipeline.sandbox.sis.endpoints import Endpoints
from gpb_pipeline.sandbox.sis.gradebook import Gradebook
from gpb_pipeline.sandbox.sis.gradebook_api import GradebookApi, IdMode
from gpb_pipeline.sandbox.sis.mood import Mood
from gpb_pipeline.sandbox.sis.refusals import Refusal, unknown
from gpb_pipeline.sandbox.sis.rostering_api import RosteringApi
from gpb_pipeline.sandbox.sis.temperaments import Temperaments
from gpb_pipeline.sandbox.sis.tokens import TokenDesk
from gpb_pipeline.sandbox.sis.witness import Witness


def sis_app(
    district: District,
    dialect: Dialect,
    id_mode: IdMode,
    writes_file: Path | None,
    temperaments: Temperaments,
) -> tuple[Starlette, TokenDesk]:
    """The SIS of a district, and the desk that can expire its tokens."""
    gradebook, mood, witness = Gradebook(district.sis), Mood(temperaments), Witness(writes_file)
    gradebook.lag(mood.lag)
    desk = TokenDesk(dialect, mood)
    rostering = RosteringApi(Endpoints("rostering", gradebook, desk, mood))
    grading = GradebookApi(
        Endpoints("gradebook", gradebook, desk, mood), witness, id_mode, ZoneInfo(district.time_zone)
    )
    control = ControlSurface(gradebook, desk, witness, mood)

    def said(refusal: Refusal) -> Response:
        return refusal.response(mood.worded(refusal.description), version_1p1=dialect.name == "oneroster-1.1")

    def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        return said(error)

    def missing(request: Request, error: Exception) -> Response:
        return said(unknown("path", request.url.path))

    def not_served(request: Request, error: Exception) -> Response:
        path = request.url.path
        served = {
            method
            for route in app.routes
            if isinstance(route, Route) and route.path_regex.match(path)
            for method in route.methods or ()
        }
        allowed = ", ".join(sorted(served))
        words = f"{request.method} is not served at {path}, but {allowed}"
        return said(Refusal(405, "invaliddata", words, {"Allow": allowed}))

    app = Starlette(
        routes=[
            Route(dialect.token_path, desk.issue, methods=["POST"]),
            *grading.routes(),
            *rostering.routes(),
            *control.routes(),
        ],
        exception_handlers={Refusal: refuse, BadChange: refuse_change, 404: missing, 405: not_served},
    )
    return app, desk
