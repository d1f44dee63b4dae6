"""A night as a whole: due, synced, failed, why and who, how old what the SIS holds is, how long nights take.

Pure functions of a night and of the district as the warehouse has it. Whom it is told, last_night.py says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from gpb_pipeline.orchestration.nights import Night, left_for_the_next, longer_than, spelt
from gpb_pipeline.orchestration.partitions import beside_its_name, named
from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.warehouse.district import Cause, District
from gpb_pipeline.warehouse.history import Job

SHOWN = 100
"""Courses in the table: more than that have one cause, which the first of them show."""
NOT_BEGUN = "no sync of it began"
LEFT = "left for the next night"
NOBODY = "nobody"
FIRST = 10
"""Courses told in the line above the table."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Open:
    """A course that the night left unwell: what became of it, why, and who can act. `job` is its last try."""

    course: str
    status: str
    cause: str
    who: str
    job: Job | None


@dataclass(frozen=True, kw_only=True)
class NightReport:
    """The night that `began`; times in hours and minutes, None where nothing was synced to reckon them by."""

    began: datetime
    due: int
    synced: int
    with_errors: int
    failed: int
    running: int
    not_begun: int
    left: int  # for the next night, for this one had no time for them
    left_takes: timedelta | None
    too_long: tuple[str, ...]  # named courses that take longer than the night is
    lag_median: float | None
    lag_longest: float | None
    minutes: float | None
    forecast: float | None
    unread: tuple[str, ...]  # named courses with a class that was not read back for seven nights
    open: tuple[Open, ...]

    @property
    def numbers(self) -> dict[str, int | float]:
        """Give what is plotted over the nights."""
        every: dict[str, int | float | None] = {
            "due": self.due,
            "synced": self.synced,
            "synced_with_errors": self.with_errors,
            "failed": self.failed,
            "still_running": self.running,
            "not_begun": self.not_begun,
            "left_for_the_next_night": self.left,
            "left_minutes": None if self.left_takes is None else round(self.left_takes / MINUTE, 2),
            "not_read_back": len(self.unread),
            "lag_hours_median": self.lag_median,
            "lag_hours_longest": self.lag_longest,
            "night_minutes": self.minutes,
            "forecast_minutes": self.forecast,
        }
        return {name: value for name, value in every.items() if value is not None}


def report(night: Night, seen: District, unread: Iterable[str], now: datetime) -> NightReport:
    """Look at the newest of `night`'s nights; `seen` are its due courses, with their last syncs' causes.

    `unread`: the courses with a class that was not read back for seven nights.
    """
    names = {each.course_id: each.name for each in seen.courses if each.name != named(each.course_id, None)}
    tonight = _tries(night)
    left = frozenset(left_for_the_next(night))
    status = {
        course_id: tries[0].status if tries else LEFT if course_id in left else NOT_BEGUN
        for course_id, tries in tonight.items()
    }
    lags = _lags(night, now)
    minutes = _minutes(job for tries in tonight.values() for job in tries)
    tried = sum(map(bool, tonight.values()))
    unwell = [course_id for course_id in night.due if status[course_id] not in {"Completed", "Running", LEFT}]
    return NightReport(
        began=night.began[0],
        due=len(night.due),
        synced=sum(each.startswith("Completed") for each in status.values()),
        with_errors=sum(each == "Completed (with errors)" for each in status.values()),
        failed=sum(each == "Failed" for each in status.values()),
        running=sum(each == "Running" for each in status.values()),
        not_begun=sum(each == NOT_BEGUN for each in status.values()),
        left=len(left),
        left_takes=night.pace.together(left) if left else None,
        too_long=tuple(named(each, names.get(each)) for each in longer_than(night)),
        lag_median=round(median(lags), 1) if lags else None,
        lag_longest=round(max(lags), 1) if lags else None,
        minutes=None if minutes is None else round(minutes, 1),
        forecast=round(minutes * len(night.due) / tried, 1) if minutes is not None else None,
        unread=tuple(named(course_id, names.get(course_id)) for course_id in unread),
        open=tuple(
            _open(course_id, names, status[course_id], tonight[course_id], seen.causes)
            for course_id in sorted(unwell, key=lambda each: _GRAVEST.index(status[each]))
        ),
    )


def markdown(found: NightReport, pages: str) -> str:
    """Write it as the UI shows it: a line of figures, then a row a course that someone must look at."""
    head = (
        f"The night of {found.began:%A, %B} {found.began.day}: {found.due} courses due, "
        f"{found.synced} synced, {found.failed} failed, {found.not_begun} not begun."
    )
    if found.left:
        head += f" {_left(found)}"
    if found.too_long:
        head += f" Longer than a night, and first in it (operator): {_some(found.too_long)}."
    if found.unread:
        head += f" Not read back for seven nights (operator): {_some(found.unread)}."
    if not found.open:
        return head if who_must_act(found) != NOBODY else f"{head} Nobody need act."
    rows = [_row(each, pages) for each in found.open[:SHOWN]]
    more = [f"\n… and {len(found.open) - SHOWN} more."] if len(found.open) > SHOWN else []
    table = ["| Course | What | Why | Who | |", "|---|---|---|---|---|", *rows]
    return "\n".join([head, "", *table, *more])


def who_must_act(found: NightReport) -> str:
    """Write it in a line, which the UI shows without another click: `who: course, why; …`."""
    lines = [f"{each.who}: {each.course}, {each.cause.replace(';', ',')}" for each in found.open[:FIRST]]
    more = [f"and {len(found.open) - FIRST} more"] if len(found.open) > FIRST else []
    operator = {
        _left(found).replace(";", ","): found.left,
        f"{len(found.too_long)} courses take longer than a night": found.too_long,
        f"{len(found.unread)} courses not read back for seven nights": found.unread,
    }
    return (
        "; ".join([*lines, *more, *(f"operator: {text}" for text, is_so in operator.items() if is_so)])
        or NOBODY
    )


_GRAVEST = ["Failed", NOT_BEGUN, "Completed (with errors)"]


def _open(
    course_id: str, names: Mapping[str, str], status: str, tries: list[Job], causes: Iterable[Cause]
) -> Open:
    last = tries[0] if tries else None
    if last is None:
        cause, who = "See the daemon, and the night's runs.", "operator"
    elif status == "Failed":
        cause, who = last.cause or str(last.code), stop_of(last.code or "").who
        cause = beside_its_name(cause, course_id)
    else:
        mine = [each for each in causes if course_id in each.courses and each.meaning.severity == "error"]
        cause = " ".join(f"{each.meaning.message} {each.meaning.remedy}" for each in mine[:1])
        who = ", ".join(dict.fromkeys(each.meaning.who for each in mine))
    return Open(course=named(course_id, names.get(course_id)), status=status, cause=cause, who=who, job=last)


def _tries(night: Night) -> dict[str, list[Job]]:
    """Find the syncs of each due course since the night began, newest first."""
    tonight: dict[str, list[Job]] = {course_id: [] for course_id in night.due}
    for job in night.jobs:
        if job.course_id in tonight and job.started_at >= night.began[0]:
            tonight[job.course_id].append(job)
    return tonight


def _lags(night: Night, now: datetime) -> list[float]:
    """Reckon how many hours old what the SIS holds of each due course is; at least, where it is older."""
    synced: dict[str, datetime] = {}
    for job in night.jobs:  # newest first
        if job.status.startswith("Completed"):
            synced.setdefault(job.course_id, job.started_at)
    return [(now - synced.get(course_id, night.began[-1])) / HOUR for course_id in night.due]


def _minutes(tries: Iterable[Job]) -> float | None:
    """Measure from the first nightly sync's begin to the last one's end; None where none ran."""
    nightly = [job for job in tries if job.type == "nightly"]
    if not nightly:
        return None
    began, ended = min(job.started_at for job in nightly), max(job.updated_at for job in nightly)
    return (ended - began) / MINUTE


def _left(found: NightReport) -> str:
    takes = "" if found.left_takes is None else f", which take about {spelt(found.left_takes)}"
    return f"{found.left} courses are left for the next night{takes}."


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - FIRST} more" if len(names) > FIRST else ""
    return ", ".join(map(_cell, names[:FIRST])) + rest


def _cell(text: str) -> str:
    """Let no name or cause be Markdown: it stands as it is written."""
    return "".join(f"\\{each}" if each in "\\|*_`[]<>!#~" else each for each in text.replace("\n", " "))


def _row(each: Open, pages: str) -> str:
    cells = _cell(each.course), each.status, _cell(each.cause), each.who, _link(each.job, pages)
    return f"| {' | '.join(cells)} |"


def _link(job: Job | None, pages: str) -> str:
    return f"[details]({pages}/syncs/{job.job_id})" if job else ""
