"""The sandbox Canvas as an LTI 1.3 platform: launches, hints that work once, keys, and tokens, also forged.

As strict as reference/lti.md §1. What people see of it is in lti_pages.py, who they are in lti_people.py.
    PUT  /sandbox/lti/tool     the configuration of `gpb lti config`: installs the tool
    PUT  /sandbox/lti/forgery  what is wrong with the tokens from now on (Forgery)
    POST /sandbox/lti/rotate   the keys: the next one signs, a new one is published
"""

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from gpb_pipeline.sandbox.canvas.lti_people import Member
from gpb_pipeline.sandbox.canvas.state import CanvasState

ISSUER, CLIENT_ID, DEPLOYMENT = "https://canvas.instructure.com", "10000000000042", "7:3a9f0c51d0"
TOOL_ID = 7
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
HINT_LIVES, TOKEN_LIVES = 300.0, 3600
COURSE = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"


def context_id(course_id: int) -> str:
    """The opaque id by which tools know a course."""
    return hashlib.sha1(f"sandbox-course-{course_id}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Launching:
    """A launch that a page of Canvas has begun."""

    member: Member
    masquerader: int | None
    course_id: int
    placement: str
    drawn_at: float


@dataclass(frozen=True)
class Forgery:
    """What is wrong with a token: claims put over, left out, or shifted in time, and how it is signed."""

    claims: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    seconds: int = 0
    signed: str = "by canvas"
    keys_down: bool = False


class LtiPlatform:
    """The state of the platform, and what its answers are made of."""

    def __init__(self, state: CanvasState) -> None:
        self._state = state
        self._hints: dict[str, Launching] = {}
        self._keys: list[RSAKey] = []
        self.tool: dict[str, Any] | None = None
        self.forgery = Forgery()

    def begin(self, launching: Launching) -> dict[str, str]:
        """The form that a page posts to the tool's login address."""
        assert self.tool is not None
        hint = secrets.token_urlsafe(16)
        self._hints[hint] = launching
        return {
            "iss": ISSUER,
            "login_hint": launching.member.subject,
            "target_link_uri": self.tool["target_link_uri"],
            "lti_message_hint": hint,
            "client_id": CLIENT_ID,
            "deployment_id": DEPLOYMENT,
            "canvas_region": "not_configured",
            "canvas_environment": "prod",
            "lti_storage_target": "post_message_forwarding",
        }

    def answer(self, asked: dict[str, str], user_id: int | None) -> tuple[str, dict[str, str]] | None:
        """Where the browser posts what, or None where Canvas shows an error of its own."""
        fixed = {
            "prompt": "none",
            "response_mode": "form_post",
            "response_type": "id_token",
            "scope": "openid",
        }
        if self.tool is None or asked.get("client_id") != CLIENT_ID:
            return None
        redirect = asked.get("redirect_uri", "")
        if redirect != self.tool["target_link_uri"]:
            return None
        launching = self._hints.pop(asked.get("lti_message_hint", ""), None)
        needed = all(asked.get(name) for name in ("login_hint", "nonce"))
        state = {"state": asked.get("state", "")}
        if not needed or any(asked.get(name) != value for name, value in fixed.items()):
            return redirect, {"error": "invalid_request_object"} | state
        if launching is None or time.time() - launching.drawn_at > HINT_LIVES:
            return redirect, {"error": "launch_no_longer_valid"} | state
        if user_id != launching.member.person.id or asked["login_hint"] != launching.member.subject:
            return redirect, {"error": "login_required", "error_description": "<b>Who?</b>"} | state
        return redirect, {"id_token": self._token(launching, asked["nonce"])} | state

    def key_set(self) -> dict[str, Any]:
        """The past, the present and the future key."""
        return {"keys": [key.as_dict(private=False, use="sig", alg="RS256") for key in self._three()]}

    def rotate(self) -> None:
        self._keys = [*self._three()[1:], _key()]

    def _three(self) -> list[RSAKey]:
        while len(self._keys) < 3:
            self._keys.append(_key())
        return self._keys

    def _token(self, launching: Launching, nonce: str) -> str:
        forgery = self.forgery
        claims = self._claims(launching, nonce, launching.drawn_at + forgery.seconds)
        claims[CLAIM + "custom"] |= forgery.custom
        claims |= forgery.claims
        told = {name: value for name, value in claims.items() if name not in forgery.without}
        key = self._three()[1]
        return SIGNERS[forgery.signed]({"alg": "RS256", "typ": "JWT", "kid": key.kid}, told, key)

    def _claims(self, launching: Launching, nonce: str, drawn_at: float) -> dict[str, Any]:
        assert self.tool is not None
        course = self._state.course(launching.course_id)
        custom = self._custom(launching)
        context = context_id(course.id)
        return {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "azp": CLIENT_ID,
            "sub": launching.member.subject,
            "iat": int(drawn_at),
            "exp": int(drawn_at) + TOKEN_LIVES,
            "nonce": nonce,
            "locale": "en",
            CLAIM + "version": "1.3.0",
            CLAIM + "message_type": "LtiResourceLinkRequest",
            CLAIM + "deployment_id": DEPLOYMENT,
            CLAIM + "target_link_uri": self.tool["target_link_uri"],
            CLAIM + "context": {"id": context, "label": course.code, "title": course.name, "type": [COURSE]},
            CLAIM + "resource_link": {"id": context, "title": course.name, "description": None},
            CLAIM + "roles": sorted(launching.member.roles),
            CLAIM + "custom": custom,
            CLAIM + "lis": None,
            CLAIM + "launch_presentation": {"document_target": "iframe", "locale": "en"},
            "https://www.instructure.com/placement": launching.placement,
        }

    def _custom(self, launching: Launching) -> dict[str, Any]:
        """The tool's custom fields, their variables expanded; one without a value stays its own name."""
        assert self.tool is not None
        member, sections = launching.member, self._state.view(launching.course_id).content.sections
        enrolled = [str(each.id) for each in sections][: 1 if member.limited else None]
        values = {
            "$Canvas.course.id": str(launching.course_id),
            "$Canvas.user.id": str(member.person.id),
            "$Person.name.full": member.person.name,
            "$Canvas.membership.permissions<view_all_grades,manage_grades>": ",".join(member.permissions),
            "$Canvas.course.sectionIds": ",".join(enrolled) if member.enrolled else "",
            "$Canvas.course.sectionRestricted": "true" if member.limited else "false",
        }
        if launching.masquerader is not None:
            values["$Canvas.masqueradingUser.id"] = str(launching.masquerader)
        return {name: values.get(variable, variable) for name, variable in self.tool["custom_fields"].items()}


def _key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


def _by_its_own_key(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    own = _key()
    return jwt.encode(header | {"jwk": own.as_dict(private=False)}, claims, own)


def _by_the_public_key(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    secret = OctKey.import_key(urlsafe_b64encode(key.as_pem(private=False)).decode())
    return jwt.encode(header | {"alg": "HS256"}, claims, secret)


def _before_a_change(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    head, _, signature = jwt.encode(header, claims, key).split(".")
    return f"{head}.{_part(claims | {'sub': 'someone else'})}.{signature}"


SIGNERS: dict[str, Callable[[dict[str, Any], dict[str, Any], RSAKey], str]] = {
    "by canvas": jwt.encode,
    "by a stranger": lambda header, claims, key: jwt.encode(header, claims, _key()),
    "by an unknown key": lambda header, claims, key: jwt.encode(header | {"kid": "unknown"}, claims, key),
    "without a key id": lambda header, claims, key: jwt.encode(
        {name: value for name, value in header.items() if name != "kid"}, claims, key
    ),
    "with its own key": _by_its_own_key,
    "by RS512": lambda header, claims, key: jwt.encode(
        header | {"alg": "RS512"}, claims, key, algorithms=["RS512"]
    ),
    "by the public key as a secret": _by_the_public_key,
    "not at all": lambda header, claims, key: f"{_part(header | {'alg': 'none'})}.{_part(claims)}.",
    "before a change": _before_a_change,
}
"""Right, or wrong in one of the ways that attackers know."""


def _part(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
