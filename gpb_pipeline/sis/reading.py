"""Lax reading of what a SIS answers, the same for both dialects: JSON in, model out.

Ids may be numbers, references bare strings, scores and flags text, dates without a time. What the project
cannot do without is missed aloud (PermanentError, `unreadable_data`); the rest is None.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sis.model import AcademicSession, Category, LineItem, Result, SisClass, Status, Student

Item = Mapping[str, Any]


def unreadable(what: str, item: str) -> PermanentError:
    """Make the error for an answer of a shape that cannot be used; it never quotes the answer."""
    return PermanentError(
        what,
        item=item,
        remedy="Check that SIS_BASE_URL is the SIS's OneRoster address; else ask its support what it serves.",
        code="unreadable_data",
    )


def read_line_item(item: Item) -> LineItem:
    return LineItem(
        sourced_id=_required(item, "sourcedId", "line item"),
        title=_text(item.get("title")) or "",
        class_id=_required_reference(item, "class", "line item"),
        category_id=_reference(item.get("category")),
        assign_date=_moment(item.get("assignDate")),
        due_date=_moment(item.get("dueDate")),
        result_value_max=_number(item.get("resultValueMax")),
        result_value_min=_number(item.get("resultValueMin")),
        school_id=_reference(item.get("school")),
        grading_period_id=_reference(item.get("gradingPeriod")),
        description=_text(item.get("description")),
        status=_status(item),
        modified_at=_moment(item.get("dateLastModified")),
    )


def read_result(item: Item) -> Result:
    scored = _moment(item.get("scoreDate"))
    return Result(
        sourced_id=_required(item, "sourcedId", "result"),
        line_item_id=_required_reference(item, "lineItem", "result"),
        student_id=_required_reference(item, "student", "result"),
        score=_number(item.get("score")),
        score_status=(_text(item.get("scoreStatus")) or "fully graded").lower(),
        score_date=scored and scored.date(),
        class_id=_reference(item.get("class")),
        late=_flag(item.get("late")),
        missing=_flag(item.get("missing")),
        status=_status(item),
        modified_at=_moment(item.get("dateLastModified")),
    )


def read_class(item: Item) -> SisClass:
    terms = item.get("terms")
    ids = [_reference(each) for each in terms] if isinstance(terms, list) else []
    return SisClass(
        sourced_id=_required(item, "sourcedId", "class"),
        code=_text(item.get("classCode")),
        school_id=_reference(item.get("school")),
        term_ids=frozenset(each for each in ids if each is not None),
    )


def read_student(item: Item) -> Student:
    return Student(
        sourced_id=_required(item, "sourcedId", "student"), identifier=_text(item.get("identifier"))
    )


def read_category(item: Item) -> Category:
    """Read it; `metadata.classId` binds it to a class by convention (reference/oneroster.md, Fields)."""
    metadata = item.get("metadata")
    return Category(
        sourced_id=_required(item, "sourcedId", "category"),
        title=_text(item.get("title")) or "",
        active=is_active(item),
        class_id=_text(metadata.get("classId")) if isinstance(metadata, dict) else None,
    )


def read_session(item: Item) -> AcademicSession:
    sourced_id = _required(item, "sourcedId", "academic session")
    start, end = _moment(item.get("startDate")), _moment(item.get("endDate"))
    if start is None or end is None:
        raise unreadable("has no start or end date", f"academic session {sourced_id}")
    return AcademicSession(
        sourced_id=sourced_id,
        kind=_text(item.get("type")) or "",
        start=start.date(),
        end=end.date(),
        parent_id=_reference(item.get("parent")),
        active=is_active(item),
    )


def is_active(item: Item) -> bool:
    """Take it as active unless marked otherwise: not every SIS sends a status."""
    return _status(item) == "active"


def sourced_id_in(body: object) -> str | None:
    """Find the sourcedId that a PUT's answer gives: of the object, bare or wrapped, or of a sourcedIdPair."""
    if not isinstance(body, dict):
        return None
    pairs = body.get("sourcedIdPairs")
    first = pairs[0] if isinstance(pairs, list) and pairs else pairs
    if isinstance(first, dict):
        return _text(first.get("allocatedSourcedId"))
    inner = body.get("lineItem") or body.get("result") or body
    return _text(inner.get("sourcedId")) if isinstance(inner, dict) else None


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def _required(item: Item, name: str, kind: str) -> str:
    found = _text(item.get(name))
    if found is None:
        raise unreadable(f"came without {name}", f"a {kind} of the SIS")
    return found


def _reference(value: object) -> str | None:
    return _text(value.get("sourcedId")) if isinstance(value, dict) else _text(value)


def _required_reference(item: Item, name: str, kind: str) -> str:
    found = _reference(item.get(name))
    if found is None:
        raise unreadable(f"came without its {name}", f"a {kind} of the SIS")
    return found


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _moment(value: object) -> datetime | None:
    """Parse ISO 8601, a date or an instant; without an offset it is taken as UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _flag(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _status(item: Item) -> Status:
    status = (_text(item.get("status")) or "active").lower()
    return "active" if status == "active" else "tobedeleted"
