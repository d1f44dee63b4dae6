"""What the token can see in Canvas, and whether the two clocks agree."""

from collections.abc import Generator
from datetime import UTC, datetime

from gpb_pipeline.canvas.client import AccessError, CanvasClient, Json
from gpb_pipeline.canvas.permissions import (
    account,
    published_assignment,
    require_grades,
    running_courses,
    section_sis_ids,
)
from gpb_pipeline.doctor.check import Check, counted, examined
from gpb_pipeline.settings import (
    CanvasSettings,
)

CLOCK_SECONDS = 60.0  # more than this apart, times of grades mislead


def canvas_address(settings: CanvasSettings) -> None:
    """Raise the error that says why no Canvas answers there; whether the token is good is not asked."""
    with CanvasClient(settings) as client:
        try:
            client.clock()
        except AccessError as refused:
            if refused.item != "CANVAS_API_TOKEN":
                raise


def canvas_checks(settings: CanvasSettings, time_zone: str) -> Generator[Check, None, list[str]]:
    """Look at what the token can see in Canvas; gives the SIS ids of some sections."""
    made = examined("Canvas token", lambda: CanvasClient(settings), lambda _: "can be sent")
    if made.value is None:
        yield made.check
        return []
    with made.value as client:
        return (yield from _canvas(client, time_zone))


def _canvas(client: CanvasClient, time_zone: str) -> Generator[Check, None, list[str]]:
    token = examined("Canvas token", client.clock, lambda _: "accepted")
    yield token.check
    if not token.check.ok:
        return []
    yield _clock(token.value)
    ours = examined("Canvas account", lambda: account(client), lambda body: str(body.get("name")))
    yield ours.check
    if ours.value is None:
        return []
    yield _time_zone(ours.value, time_zone)
    courses = examined(
        "Canvas courses", lambda: running_courses(client), lambda found: f"{len(found)} or more run"
    )
    yield courses.check
    if courses.value is None:
        return []
    ids = [course.course_id for course in courses.value]
    sections = examined("Canvas SIS ids", lambda: section_sis_ids(client, ids), counted("section with one"))
    yield sections.check
    assignment = examined(
        "Canvas due dates", lambda: published_assignment(client, ids), lambda _: "overrides are seen"
    )
    yield assignment.check
    if assignment.value is not None:
        course_id, assignment_id = assignment.value
        yield examined(
            "Canvas grades",
            lambda: require_grades(client, course_id, assignment_id),
            lambda _: f"read in course {course_id}",
        ).check
    return sections.value or []


def _clock(theirs: datetime | None) -> Check:
    if theirs is None:
        return Check(name="Clock", ok=True, detail="Canvas does not say what time it is")
    apart = abs((theirs - datetime.now(UTC)).total_seconds())
    return Check(
        name="Clock",
        ok=apart <= CLOCK_SECONDS,
        detail=f"{apart:.0f} s from Canvas's",
        remedy="Set this machine's clock, by NTP.",
    )


def _time_zone(account: Json, ours: str) -> Check:
    theirs = account.get("default_time_zone")
    return Check(
        name="Time zone",
        ok=theirs in (None, ours),
        detail=f"GPB_TIMEZONE is {ours}, the account's is {theirs or 'not said'}",
        remedy="Set GPB_TIMEZONE to the account's, or the account's to it.",
    )
