"""Who may see what: the sandbox Canvas's tokens, their permissions, and its refusals word for word.

Bodies and headers are those of reference/canvas_samples/errors.json.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Permission(Enum):
    """What a Canvas role allows, as far as a passback meets it."""

    READ_SIS = "read_sis"
    MANAGE_ASSIGNMENTS = "manage_assignments"
    VIEW_ALL_GRADES = "view_all_grades"


ALL = frozenset(Permission)
TOKENS: Mapping[str, frozenset[Permission]] = {
    "sandbox-canvas-token": ALL,
    "sandbox-canvas-token-without-sis": ALL - {Permission.READ_SIS},
    "sandbox-canvas-token-without-assignments": ALL - {Permission.MANAGE_ASSIGNMENTS},
    "sandbox-canvas-token-without-grades": ALL - {Permission.VIEW_ALL_GRADES},
}
WITHOUT_SCOPES = "sandbox-canvas-token-without-scopes"  # of a developer key that enforces them
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}


@dataclass
class CanvasRefusal(Exception):
    """An answer other than success: its status, body and headers."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        return JSONResponse(self.body, self.status, dict(self.headers))


def not_found() -> CanvasRefusal:
    return CanvasRefusal(404, {"errors": [{"message": "The specified resource does not exist."}]})


def unauthorized() -> CanvasRefusal:
    """The hosted form: 403 and no challenge."""
    message = "user not authorized to perform that action"
    return CanvasRefusal(403, {"status": "unauthorized", "errors": [{"message": message}]})


@dataclass
class TokenDesk:
    """Knows which tokens live; an expired one is refused until the sandbox is reset."""

    expired: set[str] = field(default_factory=set)

    def expire(self, token: str) -> None:
        self.expired.add(token)

    def permissions(self, request: Request) -> frozenset[Permission]:
        """The permissions behind the request's bearer token. Raises CanvasRefusal."""
        if not request.headers.get("user-agent"):
            raise CanvasRefusal(403, {"errors": [{"message": "User-Agent header is required"}]})
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token if scheme.lower() == "bearer" else request.query_params.get("access_token", "")
        if not token:
            message = [{"message": "user authorization required"}]
            raise CanvasRefusal(401, {"status": "unauthenticated", "errors": message}, CHALLENGE)
        if token in self.expired:
            body = {"errors": [{"message": "Expired access token.", "expired_at": "2026-09-01T00:00:00Z"}]}
            raise CanvasRefusal(401, body, CHALLENGE)
        if token == WITHOUT_SCOPES:
            raise CanvasRefusal(401, {"errors": [{"message": "Insufficient scopes on access token."}]})
        if token not in TOKENS:
            raise CanvasRefusal(401, {"errors": [{"message": "Invalid access token."}]}, CHALLENGE)
        return TOKENS[token]
