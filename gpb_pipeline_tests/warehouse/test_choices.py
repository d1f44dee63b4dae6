"""What people chose: the last choice holds."""

from datetime import timedelta

from gpb_pipeline.passback.frames import CategoryMapping
from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.warehouse.rows import NOON, frame


def test_an_explicit_mapping_holds_until_the_next_choice(warehouse: Warehouse) -> None:
    for hours, category_id in ((0, "quiz"), (1, "test"), (2, None)):
        mapping = frame(CategoryMapping, {"section_id": "s1", "group_id": "g1", "category_id": category_id})
        warehouse.commit(
            choices.choose_categories, mapping, by="Ms. Frizzle", at=NOON + timedelta(hours=hours)
        )
    (held,) = warehouse.read(choices.category_mapping, ["s1"]).to_dict("records")
    assert held == {"section_id": "s1", "group_id": "g1", "category_id": None}


def test_nightly_sync_is_what_was_chosen_last(warehouse: Warehouse) -> None:
    for hours, enabled, courses in ((0, True, ["1", "2"]), (1, False, ["2"])):
        warehouse.commit(
            choices.choose_nightly,
            courses,
            enabled=enabled,
            by="Ms. Frizzle",
            at=NOON + timedelta(hours=hours),
        )
    held = warehouse.read(choices.nightly)
    assert list(zip(held["course_id"], held["enabled"], strict=True)) == [("1", True), ("2", False)]
