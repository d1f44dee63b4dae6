"""What a SIS says when it will not or cannot, in any of the four shapes in use, as errors of the project.

The SIS's own words may name a student: they are kept beside the message (`sis_words`), never in it.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from gpb_pipeline.errors import PermanentError, TransientError

WORDS_MAX = 500  # characters kept of what the SIS says


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


class AccessError(RefusedError):
    """The credentials are not accepted, or may not do this: every further request would fail alike."""

    code = "sis_access"

    def __init__(self, answer: Answer, *, item: str) -> None:
        super().__init__(
            answer,
            item=item,
            remedy="Check SIS_CLIENT_ID, SIS_CLIENT_SECRET, SIS_TOKEN_URL, SIS_SCOPE and SIS_HEADERS.",
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

    @staticmethod
    def _what(answer: Answer) -> str:
        return f"the SIS is not available: {answer.summary()}"


class UnreachableError(UnavailableError):
    """Nothing answers where the SIS should be: the request was never sent, so a write was not made."""


class UnknownOutcome(UnavailableError):  # noqa: N818 - the outcome is what is unknown, not the error
    """A write that the SIS may or may not have taken: read back before a write without a key is repeated."""

    code = "sis_unknown_outcome"

    @staticmethod
    def _what(answer: Answer) -> str:
        return f"written, but whether the SIS took it is unknown: {answer.summary()}"


def answer_of(status: int, text: str) -> Answer:
    """Read the SIS's code and words: bare, wrapped, flat (reference/oneroster.md §1), or no such JSON."""
    try:
        body = json.loads(text)
    except ValueError:
        return Answer(status, None, _words(re.sub(r"<[^>]*>", " ", text)))
    if isinstance(body, list):
        body = next((each for each in body if isinstance(each, dict)), body)
    if not isinstance(body, dict):
        return Answer(status, None, _words(text))
    info = body.get("imsx_StatusInfo")
    return _from_status_info(status, info if isinstance(info, dict) else body)


def says_failure(body: object) -> bool:
    """Say whether an answer with a success status nevertheless says `failure`."""
    info = body.get("imsx_StatusInfo", body) if isinstance(body, dict) else None
    return isinstance(info, dict) and info.get("imsx_codeMajor") in ("failure", "unsupported")


def _from_status_info(status: int, info: dict[str, Any]) -> Answer:
    lowered = {name.lower(): value for name, value in info.items()}
    code = _code_minor(lowered.get("imsx_codeminor")) or lowered.get("error")
    told = ("imsx_description", "error_description", "message", "detail", "title")
    words = next((lowered[name] for name in told if isinstance(lowered.get(name), str)), None)
    return Answer(status, _code(code), _words(words))


def _code_minor(minor: object) -> object:
    """Read `imsx_CodeMinor` as a string, or as its (first) field's value."""
    if not isinstance(minor, dict):
        return minor
    fields = minor.get("imsx_codeMinorField")
    first = fields[0] if isinstance(fields, list) and fields else fields
    return first.get("imsx_codeMinorFieldValue") if isinstance(first, dict) else None


def _code(value: object) -> str | None:
    """Keep one short word: anything else may be a sentence with a name in it, and codes are shown."""
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z_.-]{1,40}", value) else None


def _words(value: object) -> str | None:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text[:WORDS_MAX] or None
