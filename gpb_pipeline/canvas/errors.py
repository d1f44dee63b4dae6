"""What Canvas says when it will not or cannot, as errors that say what to do. Nothing of it is quoted.

Source of the refusals: docs/canvas.md §7. When a request is repeated, client.py decides.
"""

from http import HTTPStatus

import requests

from gpb_pipeline.errors import PermanentError, SettingsError, TransientError
from gpb_pipeline.outages import Outage, outage_of

THROTTLED = "Rate Limit Exceeded"  # 403 or 429, whichever Canvas it is
UNPUBLISHED = "invalid assignment ids requested"  # 403: unpublished since the assignments were read
NO_SCOPE = "Insufficient scopes"  # 401: of a developer key that enforces scopes
CLUE = 300  # bytes of an answer in which a clue is looked for
SETTINGS = {
    Outage.UNTRUSTED: (
        "REQUESTS_CA_BUNDLE",
        "Set it to the file of the certificates that Canvas is seen by.",
    ),
    Outage.PROXY: ("HTTPS_PROXY", "Check it, or name Canvas in NO_PROXY."),
    Outage.IMPOSSIBLE: ("CANVAS_BASE_URL", "Check it, and CANVAS_API_TOKEN."),
}


class UnavailableError(TransientError):
    """Canvas did not answer, or answered that it cannot now."""

    code = "canvas_unavailable"


class UnreachableError(UnavailableError):
    """Nothing answers where Canvas should be: the request was never sent."""


class ThrottledError(UnavailableError):
    """The token's bucket is full."""

    code = "canvas_throttled"


class ShiftedError(TransientError):
    """The course changed while it was read: what was asked for is gone since, so read it from the start."""

    code = "canvas_changed"


class ShortReadError(TransientError):
    """Canvas gave less than it has: never to be taken for a deletion."""

    code = "canvas_short_read"


class AccessError(PermanentError):
    """The token is refused, or lacks a permission or a scope."""

    code = "canvas_access"


class NotFoundError(PermanentError):
    """Canvas has no such course, or not for this token."""

    code = "canvas_not_found"


def unreadable(what: str, item: str) -> PermanentError:
    """Make the error for an answer of a shape that cannot be used."""
    return PermanentError(
        what,
        item=item,
        remedy="Check that CANVAS_BASE_URL is a Canvas and not a page before it; else report it.",
        code="unreadable_data",
    )


def unanswered(fault: requests.RequestException, item: str) -> PermanentError | TransientError:
    """Tell why no answer came; the library's own text may hold the token's header and more."""
    outage = outage_of(fault)
    if not outage.passes:
        setting, remedy = SETTINGS[outage]
        return SettingsError(f"Canvas cannot be asked: {outage.value}", item=setting, remedy=remedy)
    kind = UnreachableError if outage is Outage.UNREACHABLE else UnavailableError
    return kind(
        f"Canvas did not answer: {outage.value}",
        item=item,
        remedy="Check CANVAS_BASE_URL, and that Canvas is up.",
    )


def refusal(answer: requests.Response, item: str) -> PermanentError | TransientError:
    """Tell what an answer other than 200 means."""
    status = answer.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS or THROTTLED in _clue(answer):
        return ThrottledError("Canvas throttles this token", item=item, remedy="Try again in a few minutes.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnavailableError(
            f"Canvas answered {status}",
            item=item,
            remedy="Try again; if it stays, check CANVAS_BASE_URL and ask the Canvas admin.",
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return _denial(answer, item)
    if not _is_json(answer):
        return SettingsError(
            f"what answers there is no Canvas: it says {status}",
            item="CANVAS_BASE_URL",
            remedy="Set it to Canvas's own address, such as https://district.instructure.com.",
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(
            "Canvas has no such item, or hides it from this token",
            item=item,
            remedy="Check its id, and CANVAS_BASE_URL.",
        )
    return PermanentError(f"Canvas answered {status}", item=item, remedy="Report it.", code="canvas_refused")


def _clue(answer: requests.Response) -> str:
    """Read how it begins, whatever charset it claims: what is looked for is ASCII."""
    return answer.content[:CLUE].decode("ascii", "replace")


def _is_json(answer: requests.Response) -> bool:
    return "json" in answer.headers.get("Content-Type", "")


def _denial(answer: requests.Response, item: str) -> AccessError | ShiftedError:
    """Tell apart, all 401 or 403: a refused token, a missing scope or permission, a changed course."""
    status, said = answer.status_code, _clue(answer)
    if status == HTTPStatus.UNAUTHORIZED and NO_SCOPE in said:
        return AccessError(
            "the developer key of the token lacks the scope for this",
            item=item,
            remedy="Give that key the scopes that docs/wires.md lists, then set CANVAS_API_TOKEN anew.",
        )
    if status == HTTPStatus.UNAUTHORIZED and "WWW-Authenticate" in answer.headers:
        return AccessError(
            "Canvas refuses the token",
            item="CANVAS_API_TOKEN",
            remedy="Set it to a token that has neither expired nor been deleted.",
        )
    if status == HTTPStatus.FORBIDDEN and UNPUBLISHED in said:
        return ShiftedError(
            "an assignment was unpublished while the course was read",
            item=item,
            remedy="Sync the course again.",
        )
    return AccessError(
        f"Canvas answered {status}: the token may not do this",
        item=item,
        remedy="Grant the user of CANVAS_API_TOKEN: read SIS data, view all grades, manage assignments.",
    )
