"""A course that was read a moment ago, as the desk's windows list it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gpb_pipeline.outlook import CauseCount, GradeCount, GroupRow, Offer, Outlook, SectionRow
from gpb_pipeline.warehouse import requests
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.requests import NewRequest, Request

COURSE, OTHER = "1001", "1002"
ALL: dict[str, Any] = {"sections": ["s1", "s2"], "assignments": ["a1", "a2", "a3", "a4"]}
"""What a preview of everything is asked about."""


def offer(assignment_id: str, name: str, section_id: str = "s1", code: str | None = None) -> Offer:
    return Offer(
        assignment_id=assignment_id,
        assignment_name=name,
        section_id=section_id,
        due_at="2026-11-20T05:00:00+00:00" if code != "no_due_date" else None,
        last_sync=None,
        state="skipped" if code else "create",
        code=code,
    )


OUTLOOK = Outlook(
    sections={"s1": "Period 1", "s2": "Period 2 <i>"},
    offers=(
        offer("a1", "Quiz <b>"),
        offer("a1", "Quiz <b>", "s2"),
        offer("a2", "Essay"),
        offer("a3", "Undated", code="no_due_date"),
        offer("a4", "Twin", code="duplicate_name"),
    ),
    grades=(GradeCount(assignment_id="a1", section_id="s1", state="create", code=None, count=5),),
    causes=(
        CauseCount(code="no_due_date", section_id="s1", assignment_id="a3", count=1),
        CauseCount(code="duplicate_name", section_id="s1", assignment_id="a4", count=1),
    ),
    groups=(
        GroupRow(
            group_id="g1",
            group_name="Homework",
            sections=(
                SectionRow(
                    section_id="s1",
                    section_name="Period 1",
                    sis_section_id="SIS-1",
                    category_id="c:1",
                    offered=("c:1", "c2"),
                ),
            ),
        ),
    ),
    categories={"c:1": "Homework", "c2": "Labs"},
)

ONE_ALONE = replace(OUTLOOK, offers=(*OUTLOOK.offers, offer("a2", "Essay", "s2", code="no_due_date")))
"""Period 2 has the essay too, and no date for it."""


def asked(
    warehouse: Warehouse,
    kind: requests.RequestKind,
    *,
    course: str = COURSE,
    ago: timedelta = timedelta(0),
    **wanted: Any,
) -> str:
    """Ask as a page does; the request's id."""
    new = NewRequest(
        course_id=course, kind=kind, wanted=wanted, by="Dana", by_id="55", at=datetime.now(UTC) - ago
    )
    return warehouse.commit(requests.ask, new)


def looked(warehouse: Warehouse, kind: requests.RequestKind, **given: Any) -> Request:
    """Ask, and have it answered."""
    return answered(warehouse, asked(warehouse, kind, **given))


def answered(warehouse: Warehouse, request_id: str) -> Request:
    """Have a look find the course's outlook, and end."""
    found = warehouse.read(requests.request, request_id)
    assert found is not None
    warehouse.commit(requests.keep, found, OUTLOOK.as_json(), at=datetime.now(UTC))
    warehouse.commit(requests.step, request_id, "ended", at=datetime.now(UTC))
    return found


def made(warehouse: Warehouse, course: str = COURSE) -> list[Request]:
    return warehouse.read(requests.of_course, course)
