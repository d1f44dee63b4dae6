"""The holdings on record, intents among them, and how they are brought to what is to be; what was sent."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd

from gpb_pipeline.passback.holdings.frames import (
    ITEM_KEY,
    NO_HOLDINGS,
    RESULT_KEY,
    Holdings,
    LineItemSight,
    ResultSight,
)
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, holdings, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.holdings import Change
from gpb_pipeline.warehouse.table import Table
from gpb_pipeline_tests.warehouse.lake import changed_rows, snapshot
from gpb_pipeline_tests.warehouse.rows import NOON, frame, outcome

Row = dict[str, Any]

PLACE: Row = {"section_id": "s1", "class_id": "c1", "assignment_id": "a1"}
LEFT_OPEN: Row = {"certainty": "known", "finding": None, "missed_at": None, "unshown": 0}
SENT: list[Table[Any]] = [tables.SENT_LINE_ITEMS, tables.SENT_RESULTS]


def held(items: Sequence[Row], results: Sequence[Row]) -> Holdings:
    return Holdings(
        line_items=frame(LineItemSight, *(PLACE | LEFT_OPEN | row for row in items)),
        results=frame(ResultSight, *(PLACE | LEFT_OPEN | row for row in results)),
    )


def a_class(**first: Any) -> Holdings:
    """One line item and three results, the first with these values."""
    return held([{}], [{"student_id": "x"} | first, {"student_id": "y"}, {"student_id": "z"}])


def bring(warehouse: Warehouse, before: Holdings, after: Holdings) -> None:
    warehouse.commit(holdings.bring, [Change(before=before, after=after)])


def scores(rows: Holdings) -> dict[str, float]:
    return dict(zip(rows.results["student_id"], rows.results["score"], strict=True))


def test_holdings_come_back_as_they_were_put_by_section_or_by_class(either: WarehouseSettings) -> None:
    put = a_class(score=None, user_id=None, seen_at=None)
    with ducklake.connect(either, tables.create) as warehouse:
        bring(warehouse, NO_HOLDINGS, put)
        for section_ids, class_ids in ((["s1"], []), ([], ["c1"]), (["s1"], ["c1"]), (["s2"], ["c1"])):
            read = warehouse.read(holdings.of_sections, section_ids, class_ids)
            assert_alike(read, put)
        for section_ids, class_ids in (([], []), (["s2"], ["c2"])):
            assert_alike(warehouse.read(holdings.of_sections, section_ids, class_ids), NO_HOLDINGS)


def test_the_row_that_differs_is_written_and_no_other(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        bring(warehouse, NO_HOLDINGS, a_class(score=8.0))
        since = snapshot(warehouse)
        bring(warehouse, warehouse.read(holdings.of_sections, ["s1"]), a_class(score=9.5))
        assert changed_rows(warehouse, since) == {"holdings_results": (1, 1)}
        assert scores(warehouse.read(holdings.of_sections, ["s1"])) == {"x": 9.5, "y": 1.5, "z": 2.5}


def test_what_stays_as_it_is_writes_nothing(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        bring(warehouse, NO_HOLDINGS, a_class(score=None, user_id=None, seen_at=None))
        since = snapshot(warehouse)
        on_record = warehouse.read(holdings.of_sections, ["s1"])
        backwards = replace(on_record, results=on_record.results[::-1].reset_index(drop=True))
        looked_at = replace(on_record, results=on_record.results.assign(finding="same"))
        for after in (on_record, backwards, looked_at):
            bring(warehouse, on_record, after)
        assert changed_rows(warehouse, since) == {}


def test_a_difference_in_any_one_column_is_written_to_nothing_and_back(warehouse: Warehouse) -> None:
    values: Row = {
        "line_item_id": "another",
        "result_id": "another",
        "certainty": "unknown",
        "exempt": False,
        "seen_exempt": False,
        "unshown": 9,
        "sent_at": NOON + timedelta(days=1),
        "job_id": "another",
    }
    nothing = ["user_id", "score", "seen_score", "seen_at", "missed_at"]
    columns = values | dict.fromkeys(nothing)
    assert {*columns, *RESULT_KEY} == {*tables.HOLDINGS_RESULTS.columns}
    stays: Row = {"student_id": "as it was"}
    one = held([], [{"student_id": name, "missed_at": NOON} for name in columns] + [stays])
    other = held(
        [], [{"student_id": name, "missed_at": NOON, name: columns[name]} for name in columns] + [stays]
    )
    bring(warehouse, NO_HOLDINGS, one)
    for before, after in ((one, other), (other, one)):
        since = snapshot(warehouse)
        bring(warehouse, before, after)
        assert changed_rows(warehouse, since) == {"holdings_results": (len(columns), len(columns))}
        read = warehouse.read(holdings.of_sections, ["s1"])
        pd.testing.assert_frame_equal(in_order(read.results, RESULT_KEY), in_order(after.results, RESULT_KEY))


def test_a_group_of_courses_is_brought_at_once_and_others_stay(warehouse: Warehouse) -> None:
    sections = [held([{"section_id": each}], [{"section_id": each}]) for each in ("s1", "s2", "s3")]
    warehouse.commit(holdings.bring, [Change(before=NO_HOLDINGS, after=each) for each in sections])
    moved = held([{"section_id": "s9"}], [{"section_id": "s9"}])
    left = [Change(before=sections[0], after=NO_HOLDINGS), Change(before=sections[1], after=moved)]
    warehouse.commit(holdings.bring, left)
    read = warehouse.read(holdings.of_sections, ["s1", "s2", "s3", "s9"])
    assert sorted(read.line_items["section_id"]) == sorted(read.results["section_id"]) == ["s3", "s9"]


INTEND_AND_DIE = """
import os, sys
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS
from gpb_pipeline.warehouse import ducklake
from gpb_pipeline_tests.warehouse.test_holdings import bring, held
with ducklake.connect(WarehouseSettings(catalog=sys.argv[1], data_path=sys.argv[2])) as warehouse:
    bring(warehouse, NO_HOLDINGS, held([{"title": "Essay", "certainty": "unknown"}], []))
    os._exit(9)
"""


def test_an_intent_outlives_the_process_that_died_before_its_answer(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        dying = [sys.executable, "-c", INTEND_AND_DIE, either.catalog, either.data_path]
        assert subprocess.run(dying, check=False).returncode == 9
        [left] = warehouse.read(holdings.of_sections, ["s1"]).line_items.to_dict("records")
        assert (left["title"], left["certainty"]) == ("Essay", "unknown")


def test_settling_an_intent_touches_no_other(either: WarehouseSettings) -> None:
    intent = {"certainty": "unknown"}
    lost = [intent | {"section_id": "s1"}, intent | {"section_id": "s1", "assignment_id": "lost"}]
    with ducklake.connect(either, tables.create) as warehouse:
        bring(warehouse, NO_HOLDINGS, held([*lost, intent | {"section_id": "s2"}], lost))
        bring(
            warehouse,
            warehouse.read(holdings.of_sections, ["s1"]),
            held([lost[0] | {"certainty": "known", "line_item_id": "its own"}, lost[1]], lost[1:]),
        )
        read = warehouse.read(holdings.of_sections, ["s1", "s2"])
        columns = (read.line_items[name] for name in ("section_id", "assignment_id", "certainty"))
        assert sorted(zip(*columns, strict=True)) == [
            ("s1", "a1", "known"),
            ("s1", "lost", "unknown"),
            ("s2", "a1", "unknown"),
        ]
        assert list(read.results["assignment_id"]) == ["lost"]


def sent(warehouse: Warehouse, job_id: str, *states: str, score: float = 9.0) -> None:
    came = outcome(
        [PLACE | {"state": state, "assignment_id": f"a{n}"} for n, state in enumerate(states)],
        [
            PLACE | {"user_id": f"u{n}", "state": state, "score": None if state == "withdrawn" else score}
            for n, state in enumerate(states)
        ],
    )
    writes = holdings.sent(came, NO_HOLDINGS, job_id=job_id, at=NOON)
    warehouse.commit(holdings.append, [writes])


def test_only_what_the_sis_accepted_counts_as_sent(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        sent(warehouse, "j1", "created", "updated", "failed", "skipped", "unchanged")
        sent(warehouse, "j2", "withdrawn")
        items, results = (warehouse.read(table.select, "job_id", ["j1", "j2"]) for table in SENT)
        assert list(zip(items["assignment_id"], items["action"], strict=True)) == [
            ("a0", "created"),
            ("a1", "updated"),
            ("a0", "withdrawn"),
        ]
        assert list(zip(results["user_id"], results["action"], strict=True)) == [
            ("u0", "created"),
            ("u1", "updated"),
            ("u0", "withdrawn"),
        ]


def test_each_write_stays_on_record_with_its_value(warehouse: Warehouse) -> None:
    sent(warehouse, "j1", "created", score=8.0)
    sent(warehouse, "j2", "updated", score=9.5)
    sent(warehouse, "j3", "withdrawn")
    rows = warehouse.read(tables.SENT_RESULTS.select, "user_id", ["u0"])
    assert list(zip(rows["job_id"], rows["action"], rows["score"].fillna(-1), strict=True)) == [
        ("j1", "created", 8.0),
        ("j2", "updated", 9.5),
        ("j3", "withdrawn", -1),
    ]
    assert set(rows["sent_at"]) == {NOON}


def test_what_a_job_finds_in_the_sis_is_on_record_as_adopted(warehouse: Warehouse) -> None:
    found = held(
        [{"finding": "adopted"}, {"finding": "same", "assignment_id": "a2"}],
        [{"finding": "adopted", "user_id": None, "score": 7.0}, {"finding": "same", "student_id": "y"}],
    )
    came = outcome(grades=[PLACE | {"state": "created", "user_id": "u1", "score": 8.0}])
    writes = holdings.sent(came, found, job_id="j1", at=NOON)
    warehouse.commit(holdings.append, [writes])
    items, results = (
        warehouse.read(table.select, "job_id", [*found.results["job_id"], "j1"]) for table in SENT
    )
    assert list(zip(items["assignment_id"], items["action"], strict=True)) == [("a1", "adopted")]
    told = zip(results["action"], results["score"], results["canvas_state"].notna(), strict=True)
    assert sorted(told) == [("adopted", 7.0, False), ("created", 8.0, True)]


_ANOTHER: dict[str, object] = {"b": False, "i": 9, "O": "another"}


def in_order(rows: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return rows.drop(columns="finding").sort_values(key, ignore_index=True)


def assert_alike(read: Holdings, put: Holdings) -> None:
    """Compare what is on record; a finding is of the read at hand, and never is."""
    assert not any(rows["finding"].notna().any() for rows in (read.line_items, read.results))
    pd.testing.assert_frame_equal(in_order(read.line_items, ITEM_KEY), in_order(put.line_items, ITEM_KEY))
    pd.testing.assert_frame_equal(in_order(read.results, RESULT_KEY), in_order(put.results, RESULT_KEY))
