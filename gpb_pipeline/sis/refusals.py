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
from gpb_pipeline.sis.errors import (
    AccessError,
    Answer,
    RefusedError,
    UnavailableError,
    UnknownOutcome,
    UnreachableError,
    answer_of,
)

RETRY_AFTER_MIN, RETRY_AFTER_MAX = 0.05, 60.0  # seconds: a SIS that asks for more is tried by the next sync
RATE_LIMIT = re.compile(r"rate.?limit|too many requests|throttl", re.IGNORECASE)
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


def raise_for(response: requests.Response, item: str, *, write: bool) -> NoReturn:
    """Raise what an answer without success means; a 403 that names a time or a rate limit is a throttle."""
    status = HTTPStatus(response.status_code) if response.status_code in set(HTTPStatus) else None
    answer = answer_of(response.status_code, response.text)
    after = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    throttled = (
        (status == HTTPStatus.SERVICE_UNAVAILABLE and after is not None)
        or (
            status == HTTPStatus.FORBIDDEN  # PowerSchool's
            and (after is not None or RATE_LIMIT.search(response.text[:CLUE]) is not None)
        )
    )
    if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or throttled:
        raise UnavailableError(answer, item=item, retry_after=after)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AccessError(answer, item=item)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED:
        raise (UnknownOutcome if write else UnavailableError)(answer, item=item, retry_after=after)
    raise RefusedError(answer, item=item)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After, seconds or an HTTP date, as bounded seconds; None where unsaid."""
    if value is None:
        return None
    try:
        seconds = (
            float(value)
            if value.strip().isdecimal()
            else (parsedate_to_datetime(value) - now).total_seconds()
        )
    except (ValueError, TypeError):
        return None
    return min(max(seconds, RETRY_AFTER_MIN), RETRY_AFTER_MAX)
