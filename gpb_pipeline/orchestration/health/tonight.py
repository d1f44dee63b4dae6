"""The newest night in figures: how far it is, and whether what runs is slower than in the nights before.

Pure functions of a night as the history has it (nights.py). What of it is trouble, signs.py says.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from gpb_pipeline.orchestration.health.seen import Tonight
from gpb_pipeline.orchestration.nights import (
    Night,
    left_for_the_next,
    not_synced,
    sent_whole,
    still_running,
)
from gpb_pipeline.passback.budget import NONE
from gpb_pipeline.warehouse.history import Job

LATELY = timedelta(minutes=10)
"""What ended in the last minutes tells tonight's pace; what ran before may have been another SIS's day."""
ENOUGH_COURSES, ENOUGH_TIME = 3, timedelta(minutes=5)
"""So many courses, and so much time of theirs together, tell a pace: one course may have much to send."""
PLAINLY = 2
"""So many times as long as it ever did a course that has not ended must have run to count."""


def tonight(night: Night, now: datetime) -> Tonight:
    """Look at the newest of these nights."""
    began = night.began[0]
    own = [job for job in night.jobs if job.started_at >= began and job.type == "nightly"]
    due, left = frozenset(night.due), left_for_the_next(night)
    tried = {job.course_id for job in night.jobs if job.started_at >= began} & due
    slower = _slower(own, _longest(night), now)
    to_come = [course_id for course_id in not_synced(night) if course_id not in left]
    takes = night.pace.together(to_come) if still_running(night) else None
    return Tonight(
        began=began.astimezone(UTC),
        until=night.until.astimezone(UTC) if night.until else None,
        due=len(due),
        tried=len(tried),
        synced=len(due) - len(not_synced(night)),
        left=len(left),
        a_minute=sum(_ended_lately(job, now) for job in own) / (LATELY / timedelta(minutes=1)),
        slower=slower,
        ends_at=None if takes is None else now + takes * max(1.0, slower or 1.0),
    )


def _longest(night: Night) -> dict[str, timedelta]:
    """Give the longest that each course took in the nights before: some nights have more to send.

    A course's first sync sends it whole, and is no measure of the others where there are any.
    """
    lengths: defaultdict[str, list[tuple[bool, timedelta]]] = defaultdict(list)
    for job in night.jobs:
        if job.type == "nightly" and job.status.startswith("Completed") and job.started_at < night.began[0]:
            lengths[job.course_id].append((not sent_whole(job), job.updated_at - job.read_at))
    return {course_id: max(past)[1] for course_id, past in lengths.items()}


def _slower(tonight: Iterable[Job], longest: Mapping[str, timedelta], now: datetime) -> float | None:
    """Say how many times as long courses took lately; None where too few tell."""
    took = expected = NONE
    courses = 0
    for job in tonight:
        usual = longest.get(job.course_id)
        if usual is None or sent_whole(job):
            continue
        running = job.status == "Running" and job.stage is not None
        length = (now if running else job.updated_at) - job.read_at
        if _ended_lately(job, now) or (running and length > PLAINLY * usual):
            took, expected, courses = took + length, expected + usual, courses + 1
    if courses < ENOUGH_COURSES or took < ENOUGH_TIME or not expected:
        return None
    return took / expected


def _ended_lately(job: Job, now: datetime) -> bool:
    return job.status.startswith("Completed") and now - job.updated_at <= LATELY
