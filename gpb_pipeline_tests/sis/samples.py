"""A line item and a result, as in docs/oneroster.md §2."""

from datetime import UTC, date, datetime

from gpb_pipeline.sis.model import LineItem, Result

LINE_ITEM = LineItem(
    sourced_id="li-c101-9001",
    title="Unit 3 Quiz",
    class_id="C101",
    category_id="CAT1",
    assign_date=datetime(2026, 10, 1, tzinfo=UTC),
    due_date=datetime(2026, 10, 5, 23, 59, tzinfo=UTC),
    result_value_max=50.0,
    school_id="S1",
    grading_period_id="MP1",
    description="Canvas assignment 9001",
    modified_at=datetime(2026, 10, 5, 14, 3, tzinfo=UTC),
)
RESULT = Result(
    sourced_id="r-c101-9001-ST1",
    line_item_id="li-c101-9001",
    student_id="ST1",
    score=42.5,
    score_date=date(2026, 10, 5),
    class_id="C101",
    late=False,
    missing=False,
    modified_at=datetime(2026, 10, 6, 2, tzinfo=UTC),
)
