"""Lax reading of what a SIS answers, the same for both dialects: JSON in, model out.

Ids may be numbers, references bare strings, scores and flags text, dates without a time or of a year that
means "never". A row without what the project cannot do without is laid aside as a Reject; the rest is None.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sis.answers import shown
from gpb_pipeline.sis.model import (
    AcademicSession,
    Category,
    Enrollment,
    LineItem,
    Listing,
    Reject,
    Result,
    SisClass,
    Status,
    Student,
)
from gpb_pipeline.sis.values import day_of, flag_of, id_of, moment_of, number_of, text_of

MET_MAX = 300  # characters kept of a row that was laid aside
Item = Mapping[str, Any]
T = TypeVar("T")


def unreadable(what: str, item: str) -> PermanentError:
    """Make the error for an answer of a shape that cannot be used; it never quotes the answer."""
    return PermanentError(
        what,
        item=item,
        remedy="Check that SIS_BASE_URL is the SIS's OneRoster address; else ask its support what it serves.",
        code="unreadable_data",
    )


def listing(kind: str, rows: Iterable[object], read: Callable[[Item], T]) -> Listing[T]:
    """Read row by row; one that cannot be read costs itself."""
    items: list[T] = []
    rejects: list[Reject] = []
    for row in rows:
        try:
            if not isinstance(row, dict):
                raise unreadable("is not an object", f"a {kind} of the SIS")
            items.append(read(row))
        except PermanentError as error:
            ours = id_of(row.get("sourcedId")) if isinstance(row, dict) else None
            met = f"{error.what}: {shown(row)}"
            rejects.append(Reject(kind, ours, error.code, met[:MET_MAX]))
    return Listing(tuple(items), tuple(rejects))


def read_line_item(item: Item, class_id: str | None = None) -> LineItem:
    """Read it; without a class of its own it is of `class_id`, whose list it came in."""
    return LineItem(
        sourced_id=_required(item, "sourcedId", "line item"),
        title=text_of(item.get("title")) or "",
        class_id=_reference(item.get("class")) or class_id or _required(item, "class", "line item"),
        category_id=_reference(item.get("category")),
        assign_date=moment_of(item.get("assignDate")),
        due_date=moment_of(item.get("dueDate")),
        result_value_max=number_of(item.get("resultValueMax")),
        result_value_min=number_of(item.get("resultValueMin")),
        school_id=_reference(item.get("school")),
        grading_period_id=_reference(item.get("gradingPeriod")),
        description=text_of(item.get("description")),
        status=_status(item),
        modified_at=moment_of(item.get("dateLastModified")),
    )


def read_result(item: Item) -> Result:
    scored = moment_of(item.get("scoreDate"))
    return Result(
        sourced_id=_required(item, "sourcedId", "result"),
        line_item_id=_required_reference(item, "lineItem", "result"),
        student_id=_required_reference(item, "student", "result"),
        score=number_of(item.get("score")),
        score_status=(text_of(item.get("scoreStatus")) or "fully graded").lower(),
        score_date=scored and scored.date(),
        class_id=_reference(item.get("class")),
        late=flag_of(item.get("late")),
        missing=flag_of(item.get("missing")),
        status=_status(item),
        modified_at=moment_of(item.get("dateLastModified")),
    )


def read_class(item: Item, sourced_id: str | None = None) -> SisClass:
    """Read it; without an id of its own it is `sourced_id`, by which it was asked for."""
    terms = item.get("terms")
    ids = [_reference(each) for each in terms] if isinstance(terms, list) else []
    return SisClass(
        sourced_id=id_of(item.get("sourcedId")) or sourced_id or _required(item, "sourcedId", "class"),
        code=id_of(item.get("classCode")),
        school_id=_reference(item.get("school")),
        term_ids=frozenset(each for each in ids if each is not None),
    )


def read_student(item: Item) -> Student:
    return Student(
        sourced_id=_required(item, "sourcedId", "student"), identifier=id_of(item.get("identifier"))
    )


def read_enrollment(item: Item) -> Enrollment:
    return Enrollment(
        class_id=_required_reference(item, "class", "enrollment"),
        student_id=_required_reference(item, "user", "enrollment"),
        begin=day_of(item.get("beginDate")),
        end=day_of(item.get("endDate")),
    )


def read_category(item: Item) -> Category:
    """Read it; `metadata.classId` binds it to a class by convention (docs/oneroster.md, Fields)."""
    metadata = item.get("metadata")
    return Category(
        sourced_id=_required(item, "sourcedId", "category"),
        title=_required_text(item, "title", "category"),
        active=is_active(item),
        class_id=id_of(metadata.get("classId")) if isinstance(metadata, dict) else None,
    )


def read_session(item: Item) -> AcademicSession:
    """Read it; a grading period needs both dates, any other session may be open at either end."""
    kind = text_of(item.get("type")) or ""
    start, end = day_of(item.get("startDate")), day_of(item.get("endDate"))
    if kind == "gradingPeriod" and (start is None or end is None):
        raise unreadable("came without a start or an end date", "a grading period of the SIS")
    return AcademicSession(
        sourced_id=_required(item, "sourcedId", "academic session"),
        kind=kind,
        start=start or date.min,
        end=end or date.max,
        parent_id=_reference(item.get("parent")),
        active=is_active(item),
    )


def is_active(item: Item) -> bool:
    """Take it as active unless marked otherwise: not every SIS sends a status."""
    return _status(item) == "active"


def is_students(item: Item) -> bool:
    """Say whether an enrollment is a student's: people of other roles are enrolled too."""
    return (text_of(item.get("role")) or "").lower() == "student"


def sourced_id_in(body: object) -> str | None:
    """Find the sourcedId that a PUT's answer gives: of the object, bare or wrapped, or of a sourcedIdPair."""
    if not isinstance(body, dict):
        return None
    pairs = body.get("sourcedIdPairs")
    first = pairs[0] if isinstance(pairs, list) and pairs else pairs
    if isinstance(first, dict):
        return id_of(first.get("allocatedSourcedId"))
    inner = body.get("lineItem") or body.get("result") or body
    return id_of(inner.get("sourcedId")) if isinstance(inner, dict) else None


def _required(item: Item, name: str, kind: str) -> str:
    found = id_of(item.get(name))
    if found is None:
        raise unreadable(f"came without {name}", f"a {kind} of the SIS")
    return found


def _required_text(item: Item, name: str, kind: str) -> str:
    found = text_of(item.get(name))
    if found is None:
        raise unreadable(f"came without {name}", f"a {kind} of the SIS")
    return found


def _required_reference(item: Item, name: str, kind: str) -> str:
    found = _reference(item.get(name))
    if found is None:
        raise unreadable(f"came without its {name}", f"a {kind} of the SIS")
    return found


def _reference(value: object) -> str | None:
    return id_of(value.get("sourcedId")) if isinstance(value, dict) else id_of(value)


def _status(item: Item) -> Status:
    status = (text_of(item.get("status")) or "active").lower()
    return "active" if status == "active" else "tobedeleted"
