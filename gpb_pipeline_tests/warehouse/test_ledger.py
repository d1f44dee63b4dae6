from datetime import timedelta
from typing import Any

import pandas as pd

from gpb_pipeline.passback.course import Remembered
from gpb_pipeline.passback.frames import CategoryMapping
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import choices, ducklake, ledger, logs, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.logs import JobOutcome
from gpb_pipeline.warehouse.tables import Table
from gpb_pipeline_tests.warehouse.rows import NOON, frame, outcome

KEY = {"section_id": "s1", "assignment_id": "a1"}


def record(warehouse: Warehouse, job_id: str, *states: str, score: float = 9.0) -> None:
    came = outcome(
        [KEY | {"state": "created"}],
        [KEY | {"user_id": f"u{n}", "state": state, "score": score} for n, state in enumerate(states)],
    )
    writes = ledger.accepted(came, job_id=job_id, at=NOON)
    warehouse.commit(ledger.record, [writes])


def remembered(warehouse: Warehouse, *section_ids: str) -> Remembered:
    return warehouse.read(ledger.remembered, section_ids)


def test_only_accepted_rows_are_remembered(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        record(warehouse, "j1", "created", "updated", "failed", "skipped", "unchanged", "withdrawn")
        assert sorted(remembered(warehouse, "s1").results["user_id"]) == ["u0", "u1"]
        assert list(remembered(warehouse, "s1").line_items["assignment_id"]) == ["a1"]
        assert remembered(warehouse, "s2").results.empty
        assert remembered(warehouse).results.empty


def test_the_current_ledger_has_the_last_write_and_the_sent_table_every_one(warehouse: Warehouse) -> None:
    record(warehouse, "j1", "created", score=8.0)
    record(warehouse, "j2", "updated", score=9.5)
    (now,) = remembered(warehouse, "s1").results.to_dict("records")
    assert (now["score"], now["job_id"], now["sent_at"]) == (9.5, "j2", NOON)
    sent = warehouse.read(tables.SENT_RESULTS.select, "job_id", ["j1", "j2"])
    assert sorted(zip(sent["action"], sent["score"], strict=True)) == [("created", 8.0), ("updated", 9.5)]


def test_a_withdrawn_grade_leaves_the_ledger_but_not_the_record(warehouse: Warehouse) -> None:
    record(warehouse, "j1", "created", "created")
    record(warehouse, "j2", "withdrawn")
    assert list(remembered(warehouse, "s1").results["user_id"]) == ["u1"]
    sent = warehouse.read(tables.SENT_RESULTS.select, "job_id", ["j2"])
    assert list(sent["action"]) == ["withdrawn"]


def test_of_a_grade_found_and_sent_in_one_record_the_last_holds(warehouse: Warehouse) -> None:
    came = [
        outcome(grades=[KEY | {"user_id": "u1", "state": state, "score": score}])
        for state, score in (("created", 8.0), ("updated", 9.5))
    ]
    writes = [ledger.accepted(each, job_id=f"j{n}", at=NOON) for n, each in enumerate(came)]
    warehouse.commit(ledger.record, writes)
    assert list(remembered(warehouse, "s1").results["score"]) == [9.5]
    assert len(warehouse.read(tables.SENT_RESULTS.select, "user_id", ["u1"])) == 2


def test_an_explicit_mapping_holds_until_the_next_choice(warehouse: Warehouse) -> None:
    for hours, category_id in ((0, "quiz"), (1, "test"), (2, None)):
        mapping = frame(CategoryMapping, {"section_id": "s1", "group_id": "g1", "category_id": category_id})
        warehouse.commit(
            choices.choose_categories, mapping, by="Ms. Frizzle", at=NOON + timedelta(hours=hours)
        )
    (held,) = remembered(warehouse, "s1").category_mapping.to_dict("records")
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


def test_a_jobs_logs_are_its_own(warehouse: Warehouse) -> None:
    came = outcome([KEY | {"state": "created"}], [KEY | {"user_id": "u1", "state": "failed"}])
    jobs = [JobOutcome(course_id="1", job_id=job_id, outcome=came) for job_id in ("j1", "j2")]
    warehouse.commit(logs.append, jobs)
    kept: list[tuple[Table[Any], pd.DataFrame]] = [
        (tables.SIS_ASSIGNMENTS, came.assignments),
        (tables.SIS_GRADES, came.grades),
        (tables.ISSUES, came.issues),
    ]
    for table, rows in kept:
        assert warehouse.read(logs.of_job, table, "j1").equals(rows)
