"""What of a night someone must know: failed courses, courses left out, three bad nights, a jump in skips.

Pure functions of the history. What is resolved by the time of the digest is not told. Where it goes is in
webhook.py, when in sensors.py. Nothing here holds student data.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from gpb_pipeline.orchestration.nights import Night, left_for_the_next, spelt
from gpb_pipeline.orchestration.partitions import named
from gpb_pipeline.passback.rules.issues import Who
from gpb_pipeline.passback.rules.stops import stop_of
from gpb_pipeline.warehouse.history import Job

BAD_NIGHTS = 3
JUMP_COUNT, JUMP_SHARE = 20, 0.10
"""Grades skipped more than the sync before, in number and in share of those read: a jump."""
EACH_TOLD = 5
"""Courses with the same trouble that are told one by one; more become a line."""
ORDER: tuple[Who, ...] = ("operator", "SIS admin", "Canvas admin", "instructor")


AlertKind = Literal["left out", "left", "failing", "failed", "skips", "drift", "unread"]
HEADINGS: dict[AlertKind, str] = {
    "left out": "were due this night, and no sync of them began",
    "left": "are left for the next night",
    "failing": f"have failed {BAD_NIGHTS} nights or more",
    "failed": "failed",
    "skips": "skipped many more grades than before",
    "drift": "are held otherwise by the SIS than they were sent",
    "unread": "have classes that were not read back for seven nights",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with a course, in words that say what to do; `code` is why, where it failed."""

    course_id: str
    kind: AlertKind
    code: str | None = None
    who: Who
    text: str


def problems(night: Night, pages: str, drift: Mapping[str, int], unread: Collection[str]) -> list[Problem]:
    """List what is open of the newest night; `pages`: where people reach the details pages.

    `drift`: how many items of a course its reading back showed edited or deleted in the SIS. `unread`: the
    courses with a class that was not read back for seven nights.
    """
    of_course: defaultdict[str, list[Job]] = defaultdict(list)
    for job in night.jobs:
        of_course[job.course_id].append(job)
    found: list[Problem] = []
    left = left_for_the_next(night)
    takes = night.pace.together(left)
    for course_id in left:
        text = "was left for the next night, in which it goes first: this one had no time for it."
        if takes is not None:
            text += f" All that was left takes about {spelt(takes)}."
        found.append(Problem(course_id=course_id, kind="left", who="operator", text=text))
    for course_id in night.due:
        if course_id not in left and not any(
            job.started_at >= night.began[0] for job in of_course[course_id]
        ):
            text = "was due this night, and no sync of it began. See the daemon, and the night's runs."
            found.append(Problem(course_id=course_id, kind="left out", who="operator", text=text))
    for course_id, jobs in of_course.items():
        if jobs and jobs[0].started_at >= night.began[0]:
            found += _of_course(course_id, jobs, night.began, pages)
    for course_id, count in drift.items():
        text = f"has {count} items that someone changed in the SIS. See `gpb reconcile {course_id}`."
        found.append(Problem(course_id=course_id, kind="drift", who="SIS admin", text=text))
    for course_id in unread:
        text = (
            "has a class that was not read back for seven nights. See the runs of the schedule reading_back, "
            f"then `gpb reconcile {course_id}`."
        )
        found.append(Problem(course_id=course_id, kind="unread", who="operator", text=text))
    return found


def digest(found: Sequence[Problem], names: Mapping[str, str]) -> str:
    """Write the one message of a night, grouped by who can act and, where many met the same, by cause."""
    courses = len({problem.course_id for problem in found})
    lines = [f"Grade sync: {courses} {'course needs' if courses == 1 else 'courses need'} attention."]
    for who in ORDER:
        groups: defaultdict[tuple[AlertKind, str | None], list[Problem]] = defaultdict(list)
        for problem in found:
            if problem.who == who:
                groups[problem.kind, problem.code].append(problem)
        if groups:
            lines += ["", f"For the {who}:"]
        for alike in groups.values():
            lines += _lines(alike, names)
    return "\n".join(lines)


def _lines(alike: Sequence[Problem], names: Mapping[str, str]) -> list[str]:
    """Give a line a course; of many that met the same, one line with the first of them."""
    first = alike[0]
    if len(alike) <= EACH_TOLD:
        return [f"- {named(each.course_id, names.get(each.course_id))} {each.text}" for each in alike]
    some = ", ".join(named(each.course_id, names.get(each.course_id)) for each in alike[:EACH_TOLD])
    cause = f" ({first.code})" if first.code else ""
    many = f"- {len(alike)} courses {HEADINGS[first.kind]}{cause}: {some} and {len(alike) - EACH_TOLD} more."
    return [f"{many} The first {first.text}"]


def _of_course(
    course_id: str, jobs: Sequence[Job], nights: Sequence[datetime], pages: str
) -> Iterator[Problem]:
    latest = jobs[0]
    link = f"{pages}/syncs/{latest.job_id}"
    if latest.status == "Failed":
        bad = _bad_nights(jobs, nights)
        failing = bad >= BAD_NIGHTS
        yield Problem(
            course_id=course_id,
            kind="failing" if failing else "failed",
            code=latest.code,
            who=stop_of(latest.code or "").who,
            text=(f"has failed {bad} nights in a row. " if failing else "failed. ")
            + f"{latest.cause or latest.code} {link}",
        )
        return
    ended = [job for job in jobs if job.status.startswith("Completed")]
    for newer, older in pairwise(ended[:2]):
        more = _skipped(newer) - _skipped(older)
        if more > max(JUMP_COUNT, JUMP_SHARE * newer.counts.extracted.grades):
            yield Problem(
                course_id=course_id,
                kind="skips",
                who="instructor",
                text=f"skipped {more} grades more than the sync before. See its warnings: {link}",
            )


def _bad_nights(jobs: Sequence[Job], nights: Sequence[datetime]) -> int:
    """Count the nights, back from the newest, whose last nightly sync of the course failed."""
    count = 0
    for began, ended in zip(nights, [None, *nights], strict=False):
        tonight = [
            job
            for job in jobs
            if job.type == "nightly" and job.started_at >= began and (ended is None or job.started_at < ended)
        ]
        if not tonight or tonight[0].status != "Failed":
            break
        count += 1
    return count


def _skipped(job: Job) -> int:
    return job.counts.extracted.grades - job.counts.filtered.grades
