"""When a line item may be deleted, by table."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gpb_pipeline.passback.holdings.columns import deletable
from gpb_pipeline.passback.holdings.frames import (
    Gradebook,
    Holdings,
    LineItemSight,
    ResultSight,
    SisLineItems,
    SisResults,
)
from gpb_pipeline_tests.warehouse.rows import frame

AT = datetime(2026, 11, 24, tzinfo=UTC)
COLUMN, OTHER = "column", "other"


def held(student: str, item: str, **values: Any) -> dict[str, Any]:
    key = {"section_id": "1", "class_id": "C", "assignment_id": item, "student_id": student}
    sure = {"certainty": "known", "finding": None, "seen_at": AT, "score": 5.0, "exempt": False}
    return key | sure | {"line_item_id": item, "result_id": f"{item}-{student}"} | values


def shown(student: str, item: str) -> dict[str, Any]:
    return {
        "result_id": f"{item}-{student}",
        "class_id": "C",
        "line_item_id": item,
        "student_id": student,
        "score": 5.0,
        "exempt": False,
    }


TAKEN_BACK = held("a", COLUMN, score=None)
ELSEWHERE = held("a", OTHER), shown("a", OTHER)


@pytest.mark.parametrize(
    ("ours", "there", "before", "unreadable", "may"),
    [
        pytest.param([TAKEN_BACK, ELSEWHERE[0]], [ELSEWHERE[1]], {}, False, True, id="all of it taken back"),
        pytest.param([TAKEN_BACK], [], {"column-a": COLUMN}, False, True, id="nothing else in the class"),
        pytest.param([TAKEN_BACK, ELSEWHERE[0]], [], {}, False, False, id="a list without what is held"),
        pytest.param([TAKEN_BACK], [shown("b", COLUMN)], {}, False, False, id="a teacher's own result"),
        pytest.param([TAKEN_BACK], [], {"column-b": COLUMN}, False, False, id="one that was there before"),
        pytest.param(
            [TAKEN_BACK, held("b", COLUMN), ELSEWHERE[0]], [ELSEWHERE[1]], {}, False, False, id="one was left"
        ),
        pytest.param(
            [TAKEN_BACK, held("b", COLUMN, certainty="unknown"), ELSEWHERE[0]],
            [ELSEWHERE[1]],
            {},
            False,
            False,
            id="one was never answered",
        ),
        pytest.param(
            [TAKEN_BACK, held("b", COLUMN, certainty="gone")],
            [],
            {"column-b": COLUMN},
            False,
            True,
            id="gone",
        ),
        pytest.param([TAKEN_BACK], [], {}, True, False, id="a result that cannot be read"),
    ],
)
def test_a_column_is_deleted_only_when_nothing_stands_on_it(
    ours: list[dict[str, Any]],
    there: list[dict[str, Any]],
    before: dict[str, str],
    unreadable: bool,  # noqa: FBT001
    may: bool,  # noqa: FBT001
) -> None:
    items = [{"section_id": "1", "class_id": "C", "assignment_id": each} for each in (COLUMN, OTHER)]
    sure = {"certainty": "known", "finding": None, "seen_at": AT}
    line_items = frame(
        LineItemSight, *(each | sure | {"line_item_id": each["assignment_id"]} for each in items)
    )
    book = Gradebook(
        class_ids=frozenset("C"),
        line_items=frame(
            SisLineItems, *({"line_item_id": each, "class_id": "C"} for each in (COLUMN, OTHER))
        ),
        results=frame(SisResults, *there),
        at=AT,
        unreadable_results=frozenset("C" if unreadable else ""),
    )
    holdings = Holdings(line_items=line_items, results=frame(ResultSight, *ours))
    assert deletable(line_items.iloc[:1], holdings, book, before).to_list() == [may]
