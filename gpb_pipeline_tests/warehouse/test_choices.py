"""What people chose: the last choice holds."""

from datetime import timedelta

from gpb_pipeline.passback.frames import CategoryMapping
from gpb_pipeline.warehouse import category_choices, choices
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.warehouse.rows import NOON, frame


def test_an_explicit_mapping_holds_until_the_next_choice(warehouse: Warehouse) -> None:
    for hours, category_id in ((0, "quiz"), (1, "test"), (2, None)):
        mapping = frame(CategoryMapping, {"section_id": "s1", "group_id": "g1", "category_id": category_id})
        warehouse.commit(category_choices.choose, mapping, by="Ms. Frizzle", at=NOON + timedelta(hours=hours))
    (held,) = warehouse.read(category_choices.mapping, ["s1"]).to_dict("records")
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
    assert [(each.course_id, each.enabled) for each in held] == [("1", True), ("2", False)]


def test_by_default_a_course_syncs_nightly_unless_someone_switched_it_off(warehouse: Warehouse) -> None:
    for course_id, enabled in (("1", True), ("2", False)):
        warehouse.commit(choices.choose_nightly, [course_id], enabled=enabled, by="Ms. Frizzle", at=NOON)
    for default, on in ((False, ["1"]), (True, ["1", "3"])):
        nightly = warehouse.read(choices.nightly_courses, default=default)
        assert [each for each in ("1", "2", "3") if each in nightly] == on
        assert nightly.by_default("3") == default
        assert not nightly.by_default("1")
