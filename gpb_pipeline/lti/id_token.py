"""The token of a launch: whether Canvas signed it, for us, now, and for this browser (reference lti.md §3).

What it says of the person and the course is judged in standing.py.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from gpb_pipeline.lti.canvas_keys import CanvasKeys
from gpb_pipeline.lti.refusals import ADMIN, LaunchRefusedError
from gpb_pipeline.lti.registration import PLACEMENTS, Registration

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
PLACEMENT = "https://www.instructure.com/placement"
SKEW, OLDEST, LONGEST = 60, 600, 24 * 3600  # seconds
ALGORITHM = "RS256"
_OF_OTHER_KEYS = frozenset({"jku", "jwk", "x5u", "x5c", "crit"})

Claims = Mapping[str, Any]


def verified(token: str, registration: Registration, keys: CanvasKeys, *, nonce: str, now: float) -> Claims:
    """Give the claims of a token that Canvas made for this launch; raises LaunchRefusedError."""
    claims = _signed(token, keys)
    _require_parties(claims, registration)
    _require_time(claims, now)
    if not _same(claims.get("nonce"), nonce):
        raise LaunchRefusedError("The launch was made for another opening of this page")
    _require_message(claims)
    return claims


def part(claims: Claims, name: str) -> Claims:
    """Give a claim of LTI's that is an object; empty where Canvas sends none, or null."""
    found = claims.get(CLAIM + name)
    return found if isinstance(found, dict) else {}


def _signed(token: str, keys: CanvasKeys) -> Claims:
    unsigned = LaunchRefusedError("The launch is not signed by Canvas")
    try:
        header = jws.extract_compact(token.encode()).headers()
        if header.get("alg") != ALGORITHM or _OF_OTHER_KEYS & header.keys():
            raise unsigned
        key_id = header.get("kid")
        if not isinstance(key_id, str):
            raise unsigned
        return jwt.decode(token, keys.key(key_id), algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError):
        raise unsigned from None


def _require_parties(claims: Claims, registration: Registration) -> None:
    audience = claims.get("aud")
    ours = registration.client_id
    if claims.get("iss") != registration.issuer:
        raise LaunchRefusedError("The launch is of another Canvas than the one that is registered")
    if audience not in (ours, [ours]) or claims.get("azp", ours) != ours:
        raise LaunchRefusedError("The launch was made for another tool")
    deployment = claims.get(CLAIM + "deployment_id")
    if not isinstance(deployment, str) or deployment not in registration.deployments:
        shown = deployment if isinstance(deployment, str) else "none"
        raise LaunchRefusedError(
            f"This copy of the tool is not on the district's list. Its deployment id is {shown[:120]}",
            remedy=ADMIN,
            status=403,
        )


def _require_time(claims: Claims, now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise LaunchRefusedError("The launch does not say when it was made")
    if expires <= now - SKEW or issued < now - OLDEST:
        raise LaunchRefusedError("The launch is too old")
    if issued > now + SKEW or expires - issued > LONGEST:
        raise LaunchRefusedError("The launch is dated otherwise than Canvas does")


def _require_message(claims: Claims) -> None:
    if claims.get(CLAIM + "version") != "1.3.0":
        raise LaunchRefusedError("The launch is of another version of LTI")
    if claims.get(CLAIM + "message_type") != "LtiResourceLinkRequest":
        raise LaunchRefusedError("This tool is not launched to choose content")
    if claims.get(PLACEMENT) not in PLACEMENTS:
        raise LaunchRefusedError("The tool is not made for this place in Canvas")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:  # noqa: PLR2004  the standard's limit
        raise LaunchRefusedError("Nobody has signed in to Canvas")


def _same(told: object, expected: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode(), expected.encode())
