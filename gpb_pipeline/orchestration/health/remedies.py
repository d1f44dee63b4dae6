"""The names of the signs, and what to do where one is not well: as docs/runbook.md has it."""

from collections.abc import Mapping
from typing import Literal

SignName = Literal[
    "dagster",
    "warehouse",
    "disk",
    "daemon",
    "schedules",
    "sensors",
    "queue",
    "night",
    "commits",
    "pace",
    "lag",
    "files",
    "reading_back",
]
REMEDIES: Mapping[SignName, str] = {
    "disk": "Make room there. What failed for it goes with its next sync (`gpb history`). GPB_KEEP_… says "
    "what is kept; the job purge_history removes the rest.",
    "daemon": "Start dagster-daemon again, and see its log for why it ended. A tick that it missed is made "
    "up for.",
    "schedules": "Dagster UI, Automation: switch on what is off; a tick shows why it failed. Where none "
    "came, see the daemon, and reload the code location.",
    "sensors": "Dagster UI, Automation: switch on what is off; a tick shows why it failed (an address of "
    "alerts that answers no more, Canvas's token).",
    "queue": "See the daemon's log for what keeps it from launching (does the code location load?), and "
    "start it again.",
    "night": "See the night's runs and `last_night` in the Dagster UI, then `gpb sync COURSE…` what is "
    "missing.",
    "commits": "Nights run, and nothing of them is put on record: see their runs' errors, and `gpb doctor`.",
    "pace": "Canvas or the SIS is slow: ask who runs it. Nothing is lost: what the night has no time for "
    "goes first in the next.",
    "lag": "The nights do not come round: see in `last_night`, Plots, how long they take, and let them begin "
    "earlier or run longer (GPB_NIGHTLY_AT, GPB_NIGHTLY_UNTIL).",
    "files": "See the runs of purge_history, which merges them each night (`tidying`), and launch it.",
    "reading_back": "See the runs of the schedule reading_back, then `gpb reconcile COURSE`: the digest "
    "names them.",
}
