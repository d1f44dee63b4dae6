"""Courses themselves: one by any name of it, and those of the configured account that could be synced.

What is in a course is extracts.py's. Opting in is not decided here.
"""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gpb_pipeline.canvas import readings as read
from gpb_pipeline.canvas.body import Json
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.completeness import require_known
from gpb_pipeline.canvas.errors import AccessError, unreadable
from gpb_pipeline.canvas.sieve import reject
from gpb_pipeline.passback.course import Course, Reject
from gpb_pipeline.passback.rules.issues import Code
from gpb_pipeline.passback.term import ListedCourse, Term


class Head(NamedTuple):
    """A course as it says what it is, and what of that could not be taken."""

    course: Course
    rejects: tuple[Reject, ...]


def course_path(name: str) -> str:
    """The course's path; a name such as `sis_course_id:A/1` may hold any character."""
    return f"courses/{quote(name, safe=':')}"


def course_named(client: CanvasClient, name: str) -> Course:
    """Read the course of any name, as `read_head` does."""
    return read_head(client, name).course


def read_head(client: CanvasClient, name: str) -> Head:
    """Ask, by one request, for the course of any name: `1001`, `01001`, `sis_course_id:X`.

    Only the id that Canvas answers with is the course's own. Raises NotFoundError, or AccessError for a stub
    that is restricted by date.
    """
    item = f"course {name}"
    body = client.get(course_path(name), {"include[]": ["concluded"]}, item=item)
    if body.get("access_restricted_by_date"):
        raise AccessError(
            "Canvas shows only a stub of it, restricted by date",
            item=item,
            remedy="Give the user of CANVAS_API_TOKEN an account admin's role.",
        )
    if read.ident(body.get("id")) is read.UNFIT:
        raise unreadable("Canvas gives no id of it", item)
    require_known([body], ("workflow_state",), item)
    course = _course_of(body, client.settings.zone)
    return Head(course, () if _zone(body) else (_unknown_zone(body),))


def account_courses(client: CanvasClient) -> list[Course]:
    """List the account's published, running courses, templates and date-restricted stubs left out."""
    return list(each_course(client))


def each_course(client: CanvasClient) -> Iterator[Course]:
    """Go through what account_courses lists, reading no more pages than are asked for.

    What has no id is no course that could be asked for, and is left out.
    """
    account = client.settings.account_id
    rows = client.pages(
        f"accounts/{quote(account, safe=':')}/courses",
        {"state[]": ["available"], "include[]": ["concluded"]},
        item=f"account {account}",
    )
    courses = (
        _course_of(row, client.settings.zone)
        for row in rows
        if not row.get("access_restricted_by_date") and read.ident(row.get("id")) is not read.UNFIT
    )
    return (course for course in courses if not course.concluded and not course.blueprint)


def listed_courses(
    client: CanvasClient, account_id: str, *, term_id: str | None = None, running: bool = False
) -> Iterator[ListedCourse]:
    """Go through an account's courses with their terms: in every state, or published ones alone.

    What is no course that could be asked for is left out; one that is restricted by date has no name.
    """
    params: dict[str, str | int | list[str]] = {"include[]": ["concluded", "term"]}
    if term_id is not None:
        params["enrollment_term_id"] = term_id
    if running:
        params["state[]"] = ["available"]
    for row in client.pages(
        f"accounts/{quote(account_id, safe=':')}/courses", params, item=f"account {account_id}"
    ):
        if read.ident(row.get("id")) is not read.UNFIT:
            yield ListedCourse(
                course=_course_of(row, client.settings.zone),
                code=read.trimmed(row.get("course_code")),
                term=_term_of(row.get("term")),
                restricted=read.is_true(row.get("access_restricted_by_date")),
            )


def _term_of(body: object) -> Term | None:
    if not isinstance(body, dict) or (own := read.ident_if_any(body.get("id"))) is None:
        return None
    return Term(
        term_id=own,
        name=read.trimmed(body.get("name")),
        sis_term_id=read.shown_or_none(body.get("sis_term_id")),
        starts_at=read.moment_if_any(body.get("start_at")),
    )


def _course_of(body: Json, account_zone: ZoneInfo) -> Course:
    """Read a course that has an id; the rest is as it may be, and its zone else the account's."""
    return Course(
        course_id=str(read.ident(body["id"])),
        name=read.shown(body.get("original_name")) or read.shown(body.get("name")),
        sis_course_id=read.shown_or_none(body.get("sis_course_id")),
        time_zone=_zone(body) or account_zone,
        workflow_state=read.shown(body.get("workflow_state")),
        concluded=read.is_true(body.get("concluded")),
        blueprint=read.is_true(body.get("blueprint")),
    )


def _zone(body: Json) -> ZoneInfo | None:
    """Find the course's time zone; None for what is no IANA name, be it a path or of any length."""
    try:
        return ZoneInfo(read.shown(body.get("time_zone")))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _unknown_zone(body: Json) -> Reject:
    met = read.shape(body.get("time_zone", read.ABSENT))
    return reject("course", Code.TIME_ZONE_UNKNOWN, body, f"time_zone: {met}")
