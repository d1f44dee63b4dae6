"""After a sync that died: what the SIS holds of ours is found again, by id or by an intent's values."""

from dataclasses import replace
from typing import Any

import pandas as pd

from gpb_pipeline.passback.course import Outcome, Remembered
from gpb_pipeline.passback.frames import LedgerLineItems, build, empty
from gpb_pipeline.passback.holdings.adoption import (
    Adopted,
    Held,
    HeldLineItems,
    HeldResults,
    adopt,
    brought_up,
)
from gpb_pipeline_tests.passback.courses import NOTHING, SENT_AT, School, scored, student, two_sections
from gpb_pipeline_tests.passback.syncs import Sis, after, planned, posted, synced, writes

PROVIDER = Sis(chooses_ids=True)
ITEM_VALUES = ["section_id", "assignment_id", "class_id", "title", "due_on_wire"]
RESULT_VALUES = ["section_id", "assignment_id", "user_id", "student_id"]
NOTHING_PLANNED = planned(School(sections=[], students=[], assignments=[], submissions=[]))
NO_ITEMS = NOTHING_PLANNED.assignments[ITEM_VALUES]
NO_RESULTS = NOTHING_PLANNED.grades[RESULT_VALUES]


def held_after(outcome: Outcome) -> Held:
    """What a SIS holds that took all of an outcome."""
    return Held(
        line_items=_frame(HeldLineItems, outcome.assignments), results=_frame(HeldResults, outcome.grades)
    )


def _frame(schema: Any, rows: pd.DataFrame) -> Any:
    return build(schema, {name: rows[name] for name in schema.to_schema().columns})


def adopted(
    school: School,
    held: Held,
    remembered: Remembered = NOTHING,
    items: pd.DataFrame = NO_ITEMS,
    results: pd.DataFrame = NO_RESULTS,
) -> Adopted:
    classes = school.sis.classes
    return adopt(
        school.canvas,
        remembered,
        held,
        items,
        results,
        sections=classes.loc[classes["class_id"].notna(), "section_id"].to_list(),
        tenant="district",
        job_id="job-2",
        at=SENT_AT,
    )


def test_with_the_ledger_lost_everything_of_ours_is_found_by_its_id_and_nothing_is_sent_again() -> None:
    school = two_sections()
    found = adopted(school, held_after(posted(planned(school))))
    assert (len(found.line_items), len(found.results), len(found.gone)) == (2, 2, 0)
    assert set(found.results["job_id"]) == {"job-2"}
    assert writes(planned(school, brought_up(NOTHING, found))) == {}


def test_what_is_found_with_another_value_is_sent_again() -> None:
    school = two_sections()
    held = held_after(posted(planned(school)))
    edited = replace(held, results=held.results.assign(score=1.0))
    assert writes(planned(school, brought_up(NOTHING, adopted(school, edited)))) == {"update": 2}


def test_what_others_wrote_is_not_taken_for_ours() -> None:
    school = two_sections()
    held = held_after(posted(planned(school), PROVIDER))
    found = adopted(school, held)
    assert (len(found.line_items), len(found.results)) == (0, 0)


def test_where_the_sis_chose_the_ids_intents_find_both_by_their_values() -> None:
    school = two_sections()
    outcome = posted(planned(school), PROVIDER)
    found = adopted(
        school,
        held_after(outcome),
        items=outcome.assignments[ITEM_VALUES],
        results=outcome.grades[RESULT_VALUES],
    )
    assert (len(found.line_items), len(found.results)) == (2, 2)
    assert writes(planned(school, brought_up(NOTHING, found))) == {}


def test_an_intent_finds_a_result_under_a_line_item_that_the_ledger_knows() -> None:
    school = two_sections()
    outcome = posted(planned(school), PROVIDER)
    before = after(outcome)
    no_results = replace(before, results=before.results.iloc[:0])
    found = adopted(school, held_after(outcome), no_results, results=outcome.grades[RESULT_VALUES])
    assert len(found.results) == 2
    assert writes(planned(school, brought_up(no_results, found))) == {}


def test_an_intent_whose_write_never_arrived_finds_nothing_and_is_created() -> None:
    school = two_sections()
    outcome = posted(planned(school), PROVIDER)
    nothing = Held(line_items=empty(HeldLineItems), results=empty(HeldResults))
    found = adopted(
        school, nothing, items=outcome.assignments[ITEM_VALUES], results=outcome.grades[RESULT_VALUES]
    )
    assert writes(planned(school, brought_up(NOTHING, found))) == {"create": 4}


def test_what_the_ledger_has_and_the_sis_no_longer_holds_is_gone_and_created_anew() -> None:
    school = two_sections()
    before = synced(school)
    held = held_after(posted(planned(school)))
    lost = replace(held, results=held.results[held.results["student_id"] != "A-sourced"])
    found = adopted(school, lost, before)
    assert found.gone["user_id"].to_list() == ["a"]
    later = planned(school, brought_up(before, found))
    assert writes(later) == {"create": 1}


def test_a_line_item_that_the_sis_no_longer_holds_is_written_again() -> None:
    school = two_sections()
    before = synced(school)
    held = Held(line_items=empty(HeldLineItems), results=empty(HeldResults))
    later = planned(school, brought_up(before, adopted(school, held, before)))
    assert writes(later) == {"create": 4}


def test_what_stands_in_a_class_that_could_not_be_read_is_not_taken_for_gone() -> None:
    school = two_sections()
    before = synced(school)
    held = held_after(posted(planned(school)))
    first_alone = replace(
        held,
        line_items=held.line_items[held.line_items["class_id"] == "C1"],
        results=held.results[held.results["student_id"] == "A-sourced"],
    )
    found = adopted(school.with_(unknown_classes=frozenset({"C2"})), first_alone, before)
    assert (len(found.gone), len(found.gone_line_items)) == (0, 0)
    assert len(brought_up(before, found).results) == 2


def test_a_result_that_a_dead_sync_updated_is_known_with_its_new_value() -> None:
    school = two_sections()
    before = synced(school)
    newer = school.with_(submissions=[scored(7, "a"), scored(9, "b")])
    held = held_after(posted(planned(newer, before)))
    up = brought_up(before, adopted(newer, held, before))
    assert sorted(up.results["score"]) == [7.0, 9.0]
    assert writes(planned(newer, up)) == {}


def test_a_student_without_sis_id_costs_the_others_nothing() -> None:
    school = two_sections()
    held = held_after(posted(planned(school)))
    nameless = school.with_(students=[student("a", sis_user_id=None), student("b", "2")])
    assert adopted(nameless, held).results["user_id"].to_list() == ["b"]


def test_a_course_without_anything_adopts_nothing() -> None:
    held = Held(line_items=empty(HeldLineItems), results=empty(HeldResults))
    found = adopted(School(sections=[], students=[], assignments=[], submissions=[]), held)
    assert (len(found.line_items), len(found.results), len(found.gone)) == (0, 0, 0)
    assert found.line_items.columns.to_list() == list(LedgerLineItems.to_schema().columns)


def test_a_mapping_is_kept_as_it_was() -> None:
    school = School()
    before = synced(school)
    up = brought_up(before, adopted(school, held_after(posted(planned(school))), before))
    assert up.category_mapping is before.category_mapping
