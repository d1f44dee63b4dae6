"""The two families of expected failure: what another try may mend, and what it will not.

Every error raised on purpose in this package is one of these; each names what happened, to which item, and
what to do, and never holds a secret or a student's data. What failed *in a row* of a sync is not an exception
but a state with a code (passback/issues.py).
"""

from traceback import extract_tb


class PipelineError(Exception):
    """`item`: what failed, named as its owner knows it; `code`: its stable name in the issue catalogue."""

    code = "unexpected"

    def __init__(self, what: str, *, item: str, remedy: str, code: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.item = item
        self.remedy = remedy
        self.code = code or type(self).code

    def __str__(self) -> str:
        return f"{self.item}: {self.what}. {self.remedy}"


class PermanentError(PipelineError):
    """Trying again without a change elsewhere will fail again."""


class TransientError(PipelineError):
    """The same call may succeed later: a timeout, a throttle, a server that is down."""


class SettingsError(PermanentError):
    """A setting is missing or cannot be what it is; `item` is its environment variable."""

    code = "settings"


class UsageError(PermanentError):
    """What was asked for does not exist or contradicts itself (exit status 2)."""

    code = "usage"


def unforeseen(bug: BaseException | None, *, item: str, remedy: str) -> PermanentError:
    """Say where a fault of ours is, and none of its words: they may name a student."""
    frames = extract_tb(bug.__traceback__) if bug is not None else None
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "no place known"
    kind = type(bug).__name__ if bug is not None else "no exception"
    return PermanentError(f"a fault of the pipeline ({kind} in {place})", item=item, remedy=remedy)
