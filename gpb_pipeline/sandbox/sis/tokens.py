"""OAuth 2 client credentials at the SIS: the token endpoint, the tokens that live, their scopes.

Several tokens live at once, and a new one ends none of the others (docs/oneroster.md §3).
"""

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gpb_pipeline.sandbox.sis.dialects import SCOPE_1P2, Dialect, Service
from gpb_pipeline.sandbox.sis.mood import Mood
from gpb_pipeline.sandbox.sis.refusals import Refusal

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
FORM = "application/x-www-form-urlencoded"
CORE_PATHS = 2  # `/classes` and `/classes/{id}` are the core; anything deeper needs the full scope


@dataclass(frozen=True)
class Token:
    """A live token: a label that may be shown, its scopes, the monotonic second at which it ends."""

    label: str
    scopes: frozenset[str]
    ends_at: float


@dataclass
class TokenDesk:
    """Issues tokens of `lifetime` seconds and says whether a request's token allows it."""

    dialect: Dialect
    mood: Mood
    lifetime: float = 3600.0
    _tokens: dict[str, Token] = field(default_factory=dict)
    _issued: int = 0

    def revoke_all(self) -> None:
        self._tokens.clear()

    def expire(self, token: str) -> None:
        self._tokens.pop(token, None)

    async def issue(self, request: Request) -> Response:
        """POST to the token path: id and secret, `grant_type=client_credentials`, in 1.2 a scope."""
        if request.headers.get("content-type", "").split(";")[0] != FORM:
            return JSONResponse({"error": "invalid_request"}, 400)
        form = parse_qs((await request.body()).decode())
        header = request.headers.get("authorization", "")
        if self.mood.switches.token_form:
            if header:
                return JSONResponse({"error": "invalid_request"}, 422)
            [client_id], [secret] = (form.get(name, [""])[:1] for name in ("client_id", "client_secret"))
            known = _matches(f"{client_id}:{secret}")
        else:
            known = _matches(_basic(header))
        if not known:
            challenge = {"WWW-Authenticate": 'Basic realm="oneroster"'}
            return JSONResponse({"error": "invalid_client"}, 401, challenge)
        if form.get("grant_type") != ["client_credentials"]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        scopes = frozenset(" ".join(form.get("scope", [])).split())
        if self.dialect.scoped and not (scopes and scopes <= self.dialect.scopes):
            return JSONResponse({"error": "invalid_scope"}, 400)
        return self._issued_token(scopes)

    def _issued_token(self, scopes: frozenset[str]) -> Response:
        self._issued += 1
        value = secrets.token_urlsafe(24)
        self._tokens[value] = Token(f"token-{self._issued}", scopes, monotonic() + self.lifetime)
        body: dict[str, object] = {"access_token": value, "token_type": "bearer"}
        body["expires_in"] = int(self.lifetime)
        if scopes:
            body["scope"] = " ".join(sorted(scopes))
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    def allow(self, request: Request, service: Service) -> Token:
        """The request's token. Raises Refusal: 401 without a live one, 403 without the scope."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        token = self._tokens.get(value) if scheme.lower() == "bearer" else None
        if token is None or token.ends_at <= monotonic():
            status = 403 if self.mood.switches.expired_403 else 401
            raise Refusal(status, "unauthorisedrequest", "The access token is missing, unknown or expired")
        if self.dialect.scoped and not token.scopes & self._sufficient(request, service):
            raise Refusal(403, "forbidden", "The access token has no scope for this request")
        return token

    def _sufficient(self, request: Request, service: Service) -> frozenset[str]:
        prefix = "roster" if service == "rostering" else "gradebook"
        match request.method:
            case "PUT":
                names = {"gradebook.createput"}
            case "DELETE":
                names = {"gradebook.delete"}
            case _:
                path = request.url.path.removeprefix(self.dialect.paths[service]).strip("/")
                core = path.count("/") < CORE_PATHS
                names = {f"{prefix}.readonly"} | ({f"{prefix}-core.readonly"} if core else set())
        return frozenset(SCOPE_1P2 + name for name in names)


def _basic(header: str) -> str:
    """The `id:secret` of an HTTP Basic header, or nothing."""
    scheme, _, encoded = header.partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return given if scheme.lower() == "basic" else ""


def _matches(given: str) -> bool:
    return secrets.compare_digest(given.encode(), f"{CLIENT_ID}:{CLIENT_SECRET}".encode())
