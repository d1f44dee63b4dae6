"""Lists of a school that say otherwise than its classes do (`school_lists`), each in one way.

Whoever reads a school at once meets them; the lists of a class are as they are.
    late        who came or went since the SIS was started does not show
    lacking     the last of the classes is in none of them
    cut         the last student's enrollment is missing, and not counted
    ended       someone who left each class long ago is enrolled in it still, until that day
    doubled     everybody is enrolled twice
    miscounted  the count is one too low
"""

from collections.abc import Sequence

from starlette.requests import Request

from gpb_pipeline.sandbox.sis.wire import Payload, Writer


def is_by_school(request: Request) -> bool:
    """Whether the list is of a school as a whole."""
    return "school" in request.path_params and "class" not in request.path_params


def as_of_school(name: str, rows: Sequence[Payload], writer: Writer) -> Sequence[Payload]:
    """The rows of a school's list as this SIS shows them."""
    kinds = writer.switches.school_lists
    if "lacking" in kinds and name in ("classes", "enrollments"):
        last = max(writer.sis.classes, default=None)
        rows = [each for each in rows if last not in (each["sourcedId"], _class_of(each))]
    if name != "enrollments":
        return rows
    if "cut" in kinds:
        last_of_all = next((each for each in reversed(rows) if each["role"] == "student"), None)
        rows = [each for each in rows if each is not last_of_all]
    if "ended" in kinds:
        rows = [*rows, *(_left(class_id, writer) for class_id in writer.sis.classes)]
    if "doubled" in kinds:
        rows = [*rows, *(each | {"sourcedId": f"again-{each['sourcedId']}"} for each in rows)]
    return rows


def _class_of(row: Payload) -> str | None:
    of_class: Payload = row.get("class", {})
    return of_class.get("sourcedId")


def _left(class_id: str, writer: Writer) -> Payload:
    roster = writer.sis.classes[class_id].roster
    who = min(writer.sis.students.keys() - roster, default="nobody")
    days = {"beginDate": "2020-09-01", "endDate": "2020-09-20"}
    return writer.enrollment(class_id, who, "student") | days
