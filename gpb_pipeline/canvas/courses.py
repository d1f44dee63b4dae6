"""The courses of the configured account that could be synced. Opting in is not decided here."""

from collections.abc import Iterator

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.extracts import course_of
from gpb_pipeline.passback.course import Course


def account_courses(client: CanvasClient) -> list[Course]:
    """List the account's published, running courses, templates and date-restricted stubs left out."""
    return list(each_course(client))


def each_course(client: CanvasClient) -> Iterator[Course]:
    """Go through what account_courses lists, reading no more pages than are asked for."""
    account = client.settings.account_id
    rows = client.pages(
        f"accounts/{account}/courses",
        {"state[]": ["available"], "include[]": ["term", "concluded"]},
        item=f"account {account}",
    )
    courses = (course_of(row) for row in rows if not row.get("access_restricted_by_date"))
    return (course for course in courses if not course.concluded and not course.blueprint)
