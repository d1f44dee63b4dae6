"""What stops a whole course, by the code of its error: the cause in words, the remedy, and who can act.

The catalogue of single rows is issues.py; what an error itself says is more exact and stands beside this.
The codes are those of the exceptions (errors.py and the families below it); like all codes, none is renamed.
"""

from __future__ import annotations

from dataclasses import dataclass

from gpb_pipeline.passback.rules.issues import Who, known_as


@dataclass(frozen=True)
class Stop:
    """Why a sync stopped before its end. `passes`: asking again may be all that it takes.

    `remedy` may name a command or a setting; `to_instructor` is said instead to those who teach the course.
    """

    cause: str
    remedy: str
    who: Who
    passes: bool = False
    in_course: str = ""

    @property
    def to_instructor(self) -> str:
        """Say what someone can do who has Canvas and this page, and no command."""
        if self.in_course or self.who == "instructor":
            return self.in_course or self.remedy
        return f"There is nothing that you need to change in your course: it is for the {known_as(self.who)}."

    @property
    def to_who_asked(self) -> str:
        """Say it to an instructor who asked for this themselves: no next sync does it for them."""
        if self.in_course or self.who == "instructor":
            return self.to_instructor
        if self.passes:
            return "Ask again in a few minutes; if it stays so, tell the data team."
        return f"{self.to_instructor} Ask again when it is mended."


_AGAIN = "Nothing, if the next sync succeeds; else see that it answers."

STOPS: dict[str, Stop] = {
    "canvas_access": Stop(
        "Canvas refuses the token, or the token may not do all that a sync needs.",
        "Give the token's user the permissions that `gpb doctor` names.",
        "Canvas admin",
    ),
    "canvas_not_found": Stop(
        "Canvas has no such course, or hides it from the token.",
        "Check the course's id, and that it was not deleted.",
        "Canvas admin",
    ),
    "canvas_refused": Stop("Canvas refuses what was asked.", "Look at the course in Canvas.", "Canvas admin"),
    "canvas_other_host": Stop(
        "Canvas's pages lead to another host.",
        "Set CANVAS_BASE_URL to the address that Canvas itself uses.",
        "operator",
    ),
    "canvas_unavailable": Stop("Canvas did not answer.", _AGAIN, "operator", passes=True),
    "canvas_throttled": Stop(
        "Canvas throttles the token.", "Sync again in a few minutes.", "operator", passes=True
    ),
    "canvas_changed": Stop(
        "The course changed while it was read.", "Sync it again.", "operator", passes=True
    ),
    "canvas_short_read": Stop("Canvas gave less than it has.", "Sync it again.", "operator", passes=True),
    "canvas_too_old": Stop(
        "This Canvas is older than what a sync reads.",
        "Update Canvas, or have the feature switched on that the sync names.",
        "Canvas admin",
    ),
    "sis_access": Stop(
        "The SIS does not accept the credentials, or they may not do this.",
        "Check what the client may do in the SIS, and SIS_CLIENT_ID and SIS_CLIENT_SECRET.",
        "SIS admin",
    ),
    "sis_refused": Stop(
        "The SIS refuses what was asked.", "Ask its support; the cause says what was asked for.", "SIS admin"
    ),
    "sis_unavailable": Stop("The SIS did not answer.", _AGAIN, "operator", passes=True),
    "short_read": Stop("The SIS gave less than it has.", _AGAIN, "operator", passes=True),
    "sis_unknown_outcome": Stop(
        "The connection to the SIS was lost while something was written.",
        "Sync again: what was written is looked up before anything is sent.",
        "operator",
        passes=True,
    ),
    "sis_changed": Stop(
        "The SIS has another address now than where grades were sent.",
        "SIS_BASE_URL names another host: say `gpb sis same` or `gpb sis another`.",
        "operator",
    ),
    "unreadable_data": Stop(
        "An answer of Canvas or the SIS cannot be read.",
        "Check that both addresses are those of the servers themselves; else report it.",
        "operator",
    ),
    "settings": Stop("A setting is missing or wrong.", "Run `gpb doctor`.", "operator"),
    "usage": Stop(
        "What was asked for does not exist.",
        "Ask again.",
        "operator",
        in_course="Read the course again, and ask again; what was chosen may have changed meanwhile.",
    ),
    "sync_running": Stop(
        "Another sync of the course was running.", "Wait until it has ended.", "operator", passes=True
    ),
    "lock_lost": Stop(
        "The course's lock was lost with its connection.", "Sync it again.", "operator", passes=True
    ),
    "warehouse_unavailable": Stop(
        "The warehouse cannot be reached.", "Check GPB_CATALOG and GPB_DATA_PATH.", "operator", passes=True
    ),
    "warehouse_refused": Stop("The warehouse refused a commit.", "Run `gpb doctor`.", "operator"),
    "warehouse_conflict": Stop(
        "Another process wrote at the same time.", "Sync it again.", "operator", passes=True
    ),
    "course_unpublished": Stop("The course is not published.", "Publish it in Canvas first.", "instructor"),
    "course_blueprint": Stop(
        "The course is a blueprint.", "Sync the courses that are made from it.", "instructor"
    ),
    "course_concluded": Stop("The course is concluded.", "Sync it by hand if it should go.", "instructor"),
    "cancelled": Stop("Someone ended the run.", "Sync again when it should go on.", "operator", passes=True),
    "interrupted": Stop(
        "The sync's process ended before the sync did.",
        "Sync again: what it posted is found and adopted.",
        "operator",
        passes=True,
    ),
}

UNFORESEEN = Stop("A fault of the pipeline.", "Report it with the job's id.", "operator")


def stop_of(code: str) -> Stop:
    """Say what a code means that ended a whole sync; one that is not listed is a fault of ours."""
    return STOPS.get(code, UNFORESEEN)
