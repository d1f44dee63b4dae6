"""Which course a launch's context id is, by Canvas itself; asked once a course, for it does not change."""

from __future__ import annotations

from collections.abc import Callable

from gpb_pipeline.lti.refusals import LaunchRefusedError


class KnownContexts:
    """`ask` gives the Canvas id of a context's course, None where Canvas has no such course.

    What it said is handed to `keep`, and had from `recall` after a restart.
    """

    def __init__(
        self,
        ask: Callable[[str], str | None],
        *,
        recall: Callable[[str], str | None],
        keep: Callable[[str, str], None],
    ) -> None:
        self._ask = ask
        self._recall = recall
        self._keep = keep
        self._known: dict[str, str] = {}

    def course_of(self, context_id: str) -> str | None:
        """Give the course's id; what Canvas does not know is asked for again."""
        if context_id not in self._known:
            found = self._recall(context_id)
            if found is None:
                found = self._ask(context_id)
                if found is None:
                    return None
                self._keep(context_id, found)
            self._known[context_id] = found
        return self._known[context_id]


def not_now() -> LaunchRefusedError:
    """Say that Canvas does not answer: nobody enters a course that is not known yet."""
    return LaunchRefusedError(
        "Canvas cannot be asked which course this is", remedy="Try again in a few minutes.", status=503
    )


def not_allowed(code: str) -> LaunchRefusedError:
    """Say that Canvas does not let us ask, which no other try mends; `code` is for who can."""
    return LaunchRefusedError(
        "Grade Sync may not ask Canvas which course this is",
        remedy=f"Opening it again does not help. Tell the data team, who keep its access to Canvas: {code}.",
        status=503,
    )
