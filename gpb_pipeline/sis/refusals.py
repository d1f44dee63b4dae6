"""What no answer, or one without success, means: which error it is, and when it is worth another try.

The errors themselves are errors.py's; who tries again is transport.py.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NoReturn

import requests

from gpb_pipeline.errors import SettingsError
from gpb_pipeline.outages import Outage, outage_of
from gpb_pipeline.sis.answers import answer_of
from gpb_pipeline.sis.errors import (
    AccessError,
    Answer,
    ForbiddenError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    UnknownOutcome,
    UnreachableError,
)
from gpb_pipeline.sis.replies import decoded

RETRY_AFTER_MIN = 0.05  # seconds
RATE_LIMIT = re.compile(r"rate.?limit|too many (requests|calls)|quota|throttl", re.IGNORECASE)
BUSY = re.compile(rf"{RATE_LIMIT.pattern}|server_busy", re.IGNORECASE)
CLUE = 500  # characters of an answer in which a clue is looked for
SETTINGS = {
    Outage.UNTRUSTED: (
        "REQUESTS_CA_BUNDLE",
        "Set it to the file of the certificates that the SIS is seen by.",
    ),
    Outage.PROXY: ("HTTPS_PROXY", "Check it, or name the SIS in NO_PROXY."),
    Outage.IMPOSSIBLE: ("SIS_BASE_URL", "Check it, and SIS_TOKEN_URL, SIS_HEADERS and SIS_QUERY."),
}


def raise_unanswered(fault: requests.RequestException, item: str, setting: str, *, write: bool) -> NoReturn:
    """Raise why no answer came; `setting` is the address asked. The library's own text may hold headers."""
    outage = outage_of(fault)
    if not outage.passes:
        name, remedy = SETTINGS[outage]
        raise SettingsError(f"the SIS cannot be asked: {outage.value}", item=name, remedy=remedy) from None
    answer, remedy = Answer(None, outage.value), f"Check {setting}, and that the SIS is up."
    if outage is Outage.UNREACHABLE:
        raise UnreachableError(answer, item=item, remedy=remedy) from None
    raise (UnknownOutcome if write else UnavailableError)(answer, item=item, remedy=remedy) from None


def raise_for(response: requests.Response, item: str, *, write: bool, whole: bool = True) -> NoReturn:
    """Raise what an answer without success means; `whole`: a 403 is about the client, not about the item."""
    status, text = response.status_code, decoded(response)
    answer = answer_of(status, text)
    after = seconds_told(response)
    if is_throttle(response):
        raise ThrottledError(answer, item=item, retry_after=after)
    if status == HTTPStatus.REQUEST_TIMEOUT:
        raise UnavailableError(answer, item=item, retry_after=after)
    if status == HTTPStatus.FORBIDDEN and not whole:
        raise ForbiddenError(answer, item=item, write=write)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AccessError(answer, item=item)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED:
        raise (UnknownOutcome if write else UnavailableError)(answer, item=item, retry_after=after)
    raise RefusedError(answer, item=item)


def is_throttle(response: requests.Response) -> bool:
    """Whether the SIS asks for fewer requests: in so many words, or by a time to come back."""
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if status not in (HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE):
        return False
    clue = RATE_LIMIT if status == HTTPStatus.FORBIDDEN else BUSY  # 403 is PowerSchool's
    return "Retry-After" in response.headers or clue.search(decoded(response)[:CLUE]) is not None


def seconds_told(response: requests.Response) -> float | None:
    return retry_after(response.headers.get("Retry-After"), datetime.now(UTC))


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After, seconds or an HTTP date; None where unsaid (too long: pacing.py)."""
    if value is None:
        return None
    try:
        seconds = (
            float(value)
            if value.strip().isdecimal()
            else (parsedate_to_datetime(value) - now).total_seconds()
        )
    except (ValueError, TypeError, OverflowError):  # the last for a year that C has no room for
        return None
    return max(seconds, RETRY_AFTER_MIN)
