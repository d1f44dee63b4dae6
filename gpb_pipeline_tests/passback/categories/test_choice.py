"""Categories by table: the choice before the name, the class's own before the global, never a guess."""

import pytest

from gpb_pipeline.passback.categories.choice import (
    Category,
    Chosen,
    category_for,
    near_matches,
    told_apart,
)
from gpb_pipeline.passback.rules.issues import Code

GLOBAL = Category(category_id="g", title="Homework", class_id=None)
OWN = Category(category_id="o", title="Homework", class_id="C1")
OTHERS = Category(category_id="x", title="Homework", class_id="C2")
LABS = Category(category_id="l", title="Labs", class_id=None)
TWIN = Category(category_id="t", title="Homework", class_id=None)


@pytest.mark.parametrize(
    ("active", "chosen", "expected"),
    [
        ([GLOBAL, LABS], None, GLOBAL),
        ([GLOBAL, OWN], None, OWN),
        ([OTHERS], None, Code.CATEGORY_NOT_FOUND),
        ([GLOBAL, TWIN], None, Code.CATEGORY_AMBIGUOUS),
        ([GLOBAL, TWIN, OWN], None, OWN),
        ([LABS], None, Code.CATEGORY_NOT_FOUND),
        ([GLOBAL, LABS], Chosen(category_id="l"), LABS),
        ([GLOBAL, TWIN], Chosen(category_id="t"), TWIN),
        ([GLOBAL], Chosen(category_id=None), Code.CATEGORY_UNASSOCIATED),
        ([GLOBAL], Chosen(category_id="l"), Code.CATEGORY_GONE),
        ([GLOBAL, OTHERS], Chosen(category_id="x"), Code.CATEGORY_GONE),
    ],
)
def test_a_group_goes_to_one_category_or_has_its_reason(
    active: list[Category], chosen: Chosen | None, expected: Category | Code
) -> None:
    assert category_for("Homework", "C1", active, chosen) == expected
    assert category_for("Homework", "C1", active[::-1], chosen) == expected


def test_a_near_match_is_offered_and_not_taken() -> None:
    assert category_for("homework ", "C1", [GLOBAL], None) is Code.CATEGORY_NOT_FOUND
    assert near_matches("homework ", "C1", [GLOBAL, LABS]) == ["Homework"]


@pytest.mark.parametrize(
    ("offered", "apart"),
    [
        ([GLOBAL, LABS], {}),
        ([GLOBAL, OWN, LABS], {"g": "of every class", "o": "of this class alone"}),
        ([GLOBAL, TWIN], {"g": "of every class, g", "t": "of every class, t"}),
        (
            [GLOBAL, TWIN, OWN],
            {"g": "of every class, g", "t": "of every class, t", "o": "of this class alone"},
        ),
    ],
)
def test_categories_of_one_title_are_told_apart(offered: list[Category], apart: dict[str, str]) -> None:
    assert told_apart(offered) == apart
