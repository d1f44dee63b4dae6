"""Why a launch is not let in, in a sentence that may be shown. Nothing of the token stands in it."""

from gpb_pipeline.errors import PermanentError

AGAIN = "Open it again from your course in Canvas."
ADMIN = "Ask whoever looks after Canvas, and show them this page."


class LaunchRefusedError(PermanentError):
    """`status` is the HTTP answer's; `what` and `remedy` are shown."""

    code = "launch_refused"

    def __init__(self, what: str, *, remedy: str = AGAIN, status: int = 401) -> None:
        super().__init__(what, item="launch from Canvas", remedy=remedy)
        self.status = status
