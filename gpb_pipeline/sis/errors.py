"""Errors of the SIS: it will not, it cannot now, or nobody knows whether it did.

The SIS's own words may name a student: they are kept beside the message (`sis_words`), never in it.
How they are found in an answer is answers.py's.
"""

import re
from dataclasses import dataclass, field
from http import HTTPStatus

from gpb_pipeline.errors import PermanentError, TransientError

UNFIT = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
OWN_IDS = re.compile(
    r"sourced_?id\b.{0,80}?\b((allocated|assigned|generated|chosen) by|read.?only"
    r"|(cannot|can't|(may|must|should) not) be (supplied|provided|given|chosen|set|specified))\b",
    re.IGNORECASE,
)
"""Words of a SIS that chooses the sourcedIds itself, for one that came with a first write."""
GATEWAY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


@dataclass(frozen=True)
class Answer:
    """An answer that is no success: HTTP status (None: no answer came), the SIS's code, its words."""

    status: int | None
    code: str | None = None
    words: str | None = field(default=None, repr=False)

    def summary(self) -> str:
        status = "no answer" if self.status is None else f"HTTP {self.status}"
        return f"{status} ({self.code})" if self.code else status


class RefusedError(PermanentError):
    """The SIS will not take this item: `status`, `sis_code` and `sis_words` are its own."""

    code = "sis_refused"

    def __init__(self, answer: Answer, *, item: str, remedy: str | None = None) -> None:
        super().__init__(
            f"refused by the SIS: {answer.summary()}",
            item=item,
            remedy=remedy or "Mend what the SIS objects to, then sync again.",
        )
        self.status = answer.status
        self.sis_code = answer.code
        self.sis_words = answer.words

    def says_unknown(self, sourced_id: str) -> bool:
        """Whether it says in words that the SIS does not know this very id.

        A 404 that names nothing may be about anything that the request refers to, and one that quotes its
        own address (`…/results/ID`) is often about the address.
        """
        unknown = self.status == HTTPStatus.NOT_FOUND or (self.sis_code or "").lower() == "unknownobject"
        whole = rf"(?<![\w/-])(?<!\w[.:]){re.escape(sourced_id)}(?![\w-]|[.:/]\w)"
        return unknown and re.search(whole, self.sis_words or "", re.IGNORECASE) is not None

    def refuses_id(self, sourced_id: str) -> bool:
        """Whether it says of a first write that the SIS will not have this id, but one that it chooses."""
        own = self.status in UNFIT and OWN_IDS.search(self.sis_words or "") is not None
        return own or self.says_unknown(sourced_id)


class ForbiddenError(RefusedError):
    """These credentials may not do this one thing; what else they ask of the kind is answered."""

    def __init__(self, answer: Answer, *, item: str, write: bool) -> None:
        super().__init__(
            answer,
            item=item,
            remedy=f"Ask the SIS's support to let these credentials {'change' if write else 'read'} {item}.",
        )


class AccessError(RefusedError):
    """The credentials are not accepted, or may not do this: every further request would fail alike."""

    code = "sis_access"

    def __init__(self, answer: Answer, *, item: str) -> None:
        super().__init__(
            answer,
            item=item,
            remedy="Check SIS_CLIENT_ID, SIS_CLIENT_SECRET, SIS_TOKEN_URL, SIS_TOKEN_AUTH, SIS_SCOPE and "
            "SIS_HEADERS.",
        )


class UnavailableError(TransientError):
    """The SIS throttles, is down or out of reach; `retry_after` is in seconds, None where it did not say."""

    code = "sis_unavailable"

    def __init__(
        self, answer: Answer, *, item: str, retry_after: float | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(self._what(answer), item=item, remedy=remedy or "The next sync tries again.")
        self.status = answer.status
        self.sis_code = answer.code
        self.sis_words = answer.words
        self.retry_after = retry_after

    @property
    def is_outage(self) -> bool:
        """Whether nobody answered, or a gateway did; any other answer may be about this one item."""
        return self.status is None or self.status in GATEWAY

    @staticmethod
    def _what(answer: Answer) -> str:
        return f"the SIS is not available: {answer.summary()}"


class ThrottledError(UnavailableError):
    """The SIS asks for fewer requests; this one it did not look at, so a write was not made."""

    @property
    def is_outage(self) -> bool:
        return True  # it is about whoever asks, and was waited for as long as there was time


class UnreachableError(UnavailableError):
    """Nothing answers where the SIS should be: the request was never sent, so a write was not made."""


class ShortReadError(UnavailableError):
    """A list is not whole by its own paging and count: what it lacks may well be there."""

    code = "short_read"

    @staticmethod
    def _what(answer: Answer) -> str:
        return f"the list came short: {answer.summary()}"


class UnknownOutcome(UnavailableError):  # noqa: N818 - the outcome is what is unknown, not the error
    """A write that the SIS may or may not have taken: read back before a write without a key is repeated."""

    code = "sis_unknown_outcome"

    @staticmethod
    def _what(answer: Answer) -> str:
        return f"written, but whether the SIS took it is unknown: {answer.summary()}"
