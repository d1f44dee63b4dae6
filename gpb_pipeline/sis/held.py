"""What a SIS holds for a course's classes now, as the frames that verifying and adopting read. Reads only."""

from collections.abc import Collection
from datetime import datetime

from gpb_pipeline.passback.frames import build, empty
from gpb_pipeline.passback.holdings.adoption import Held, HeldLineItems, HeldResults
from gpb_pipeline.sis.client import OneRosterClient


def read_held(client: OneRosterClient, class_ids: Collection[str], *, line_items: bool = True) -> Held:
    """Read the active results, and the active line items where asked for, of these classes."""
    items = (
        [each for each_class in class_ids for each in client.class_line_items(each_class).items]
        if line_items
        else []
    )
    results = [each for each_class in class_ids for each in client.class_results(each_class).items]
    active_items = {each.sourced_id: each for each in items if each.status == "active"}.values()
    active = {each.sourced_id: each for each in results if each.status == "active"}.values()
    return Held(
        line_items=build(
            HeldLineItems,
            {
                "line_item_id": [each.sourced_id for each in active_items],
                "class_id": [each.class_id for each in active_items],
                "title": [each.title for each in active_items],
                "category_id": [each.category_id for each in active_items],
                "period_id": [each.grading_period_id for each in active_items],
                "points_possible": [each.result_value_max for each in active_items],
                "assigned_at": [_text(each.assign_date) for each in active_items],
                "due_on_wire": [_text(each.due_date) for each in active_items],
            },
        )
        if items
        else empty(HeldLineItems),
        results=build(
            HeldResults,
            {
                "result_id": [each.sourced_id for each in active],
                "line_item_id": [each.line_item_id for each in active],
                "student_id": [each.student_id for each in active],
                "score": [each.score for each in active],
                "exempt": [each.exempt for each in active],
            },
        ),
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
