"""What a browser keeps of its launches: a signed cookie with the courses that it was let into, an hour each.

Several courses, for people keep several tabs open; a launch by another person drops all before it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from gpb_pipeline.lti.standing import Standing

COOKIE = "__Host-gpb-session"
LIVES = 3600.0  # seconds, from the launch
REMEMBERED = 24 * 3600.0
"""Seconds that a browser keeps the cookie: what is over is told so, and nobody is asked for the secret."""
COOKIE_LENGTH = 3_800
"""Browsers keep no cookie of more than 4 kB: the course opened longest ago gives way."""
SECTIONS = 60
"""At most in one course's entry; the others of someone limited to so many are not shown."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A course that someone was let into; `sections` None means all."""

    name: str
    sections: tuple[str, ...] | None
    may_act: bool
    masquerader: str | None
    until: float


@dataclass(frozen=True, kw_only=True)
class Session:
    """A person's launches in this browser; `form_token` stands in each of their forms."""

    subject: str
    user_id: str
    name: str
    form_token: str = field(repr=False)
    entries: Mapping[str, Entry]


class Sessions:
    """Makes and reads the cookie, by the secret of the tool's keys."""

    def __init__(self, secret: str) -> None:
        self._key = OctKey.import_key(secret.encode())

    def read(self, cookie: str, now: float) -> Session | None:
        """Give what still holds of a cookie, without entries if nothing does; None if we did not make it."""
        try:
            payload = jws.deserialize_compact(cookie, self._key, algorithms=["HS256"]).payload
            held: dict[str, Any] = json.loads(payload or b"")
            entries = {
                course_id: Entry(**each | {"sections": _tuple(each["sections"])})
                for course_id, each in held.pop("entries").items()
            }
            living = {course_id: each for course_id, each in entries.items() if now < each.until}
            return Session(**held, entries=living)
        except (JoseError, ValueError, KeyError, TypeError):
            return None

    def written(self, session: Session) -> str:
        entries = list(session.entries.items())
        while len(cookie := self._signed(replace(session, entries=dict(entries)))) > COOKIE_LENGTH:
            del entries[0]
        return cookie

    def _signed(self, session: Session) -> str:
        return jws.serialize_compact({"alg": "HS256"}, json.dumps(asdict(session)), self._key)


def joined(before: Session | None, came: Standing, now: float) -> Session:
    """Add a launch to what the browser had, if that was the same person's, in the same hands."""
    same = before if before is not None and _is_same(before, came) else None
    sections = None if came.sections is None else tuple(sorted(came.sections)[:SECTIONS])
    entry = Entry(
        name=came.course_name,
        sections=sections,
        may_act=came.may_act,
        masquerader=came.masquerader,
        until=now + LIVES,
    )
    entries = {**(same.entries if same else {})}
    entries.pop(came.course_id, None)
    entries[came.course_id] = entry
    return Session(
        subject=came.subject,
        user_id=came.user_id,
        name=came.name,
        form_token=same.form_token if same else secrets.token_urlsafe(24),
        entries=entries,
    )


def _is_same(before: Session, came: Standing) -> bool:
    """Say whether who comes is who came before: one whom an admin acts as is another than that one."""
    hands = {entry.masquerader for entry in before.entries.values()}
    return before.subject == came.subject and hands == {came.masquerader}


def cookie_header(name: str, value: str, *, lives: float) -> str:
    """Make a Set-Cookie that comes back in Canvas's frame: third-party cookies are blocked, these are not."""
    kept = f"Max-Age={lives:.0f}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
    return f"{name}={value}; {kept}"


def _tuple(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)
