"""A SIS's successful answer as data, and what a 2xx must be to count as one.

What an answer without success means is refusals.py's; what the rows say, reading.py's.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

import requests

from gpb_pipeline.sis.answers import answer_of, parsed, says_busy, says_failure
from gpb_pipeline.sis.errors import Answer, RefusedError, UnavailableError, UnknownOutcome
from gpb_pipeline.sis.reading import sourced_id_in

BodyKind = Literal["json", "none", "cut", "other"]
"""A JSON value; nothing, or null; JSON without its end; no JSON."""


@dataclass(frozen=True)
class Reply:
    """`body` is the value of kind `json`; `total` what X-Total-Count says; `more` that a page follows."""

    status: int
    kind: BodyKind
    body: Any = field(repr=False)
    text: str = field(repr=False)
    total: int | None = None
    more: bool = False

    @classmethod
    def of(cls, response: requests.Response) -> "Reply":
        text = decoded(response)
        kind, body = _json(text)
        total = response.headers.get("X-Total-Count", "").strip()
        return cls(
            status=response.status_code,
            kind=kind,
            body=body,
            text=text,
            total=int(total) if total.isdecimal() and len(total) < 19 else None,  # noqa: PLR2004 - 64 bits
            more="next" in response.links,
        )

    @classmethod
    def empty(cls, status: int) -> "Reply":
        return cls(status=status, kind="none", body=None, text="")

    def answer(self) -> Answer:
        return answer_of(self.status, self.text)


def decoded(response: requests.Response) -> str:
    """Decode it as JSON is, UTF-8 unless it says otherwise; what does not decode is marked, not raised."""
    declared = "charset" in response.headers.get("Content-Type", "").lower()
    try:
        return response.content.decode((declared and response.encoding) or "utf-8-sig", "replace")
    except (LookupError, UnicodeError):  # a charset that nobody knows, or that refuses whatever it is given
        return response.content.decode("utf-8-sig", "replace")


def _json(text: str) -> tuple[BodyKind, Any]:
    stripped = text.strip()
    if not stripped:
        return "none", None
    try:
        body = parsed(stripped)
    except ValueError:
        return ("cut" if stripped[0] in "{[" else "other"), None
    return ("none" if body is None else "json"), body


def require_read(reply: Reply, item: str, *, is_sis: bool) -> None:
    """Raise unless what a GET answered may be read: whole, and no failure under a success status.

    A web page of what `is_sis`, since it has answered in JSON before, is one of maintenance.
    """
    if is_sis and reply.kind == "other" and reply.text.lstrip().startswith("<"):
        raise UnavailableError(Answer(reply.status, "web_page"), item=item)
    empty_page = reply.status == HTTPStatus.OK and not reply.text.strip()
    if reply.kind == "cut" or empty_page:
        raise UnavailableError(Answer(reply.status, "cut"), item=item)
    if says_failure(reply.body):
        answer = reply.answer()
        raise (UnavailableError if says_busy(answer) else RefusedError)(answer, item=item)


def require_acceptance(reply: Reply, item: str) -> None:
    """Raise UnknownOutcome unless a write was accepted: a OneRoster body, or none (decisions.md §6.2)."""
    if reply.kind == "none":
        return
    if says_failure(reply.body) or not _is_oneroster(reply.body):
        raise UnknownOutcome(reply.answer(), item=item)


def _is_oneroster(body: object) -> bool:
    if not isinstance(body, dict):
        return False
    by_name = {name.lower(): value for name, value in body.items()}
    status = [by_name.get(name) for name in ("imsx_codemajor", "imsx_statusinfo", "statusinfoset")]
    thing = by_name.get("lineitem") or by_name.get("result")
    return sourced_id_in(body) is not None or isinstance(thing, dict) or any(status)
