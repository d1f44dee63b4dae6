import subprocess
import sys

from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, intents, tables
from gpb_pipeline.warehouse.intents import Intents
from gpb_pipeline.warehouse.tables import LineItemIntents, ResultIntents
from gpb_pipeline_tests.warehouse.rows import frame

INTEND_AND_DIE = """
import os, sys
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, intents
from gpb_pipeline.passback.frames import empty
from gpb_pipeline.warehouse.tables import LineItemIntents, ResultIntents
from gpb_pipeline_tests.warehouse.rows import frame
with ducklake.connect(WarehouseSettings(catalog=sys.argv[1], data_path=sys.argv[2])) as warehouse:
    essay = frame(LineItemIntents, {"section_id": "s1", "title": "Essay"})
    warehouse.commit(intents.intend, [intents.Intents(line_items=essay, results=empty(ResultIntents))])
    os._exit(9)
"""


def test_an_intent_outlives_the_process_that_died_before_its_answer(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        dying = [sys.executable, "-c", INTEND_AND_DIE, either.catalog, either.data_path]
        assert subprocess.run(dying, check=False).returncode == 9
        assert list(warehouse.read(intents.unsettled, ["s1"]).line_items["title"]) == ["Essay"]


def test_settling_forgets_the_intents_of_its_sections_only(either: WarehouseSettings) -> None:
    sections = [{"section_id": "s1"}, {"section_id": "s2"}]
    with ducklake.connect(either, tables.create) as warehouse:
        warehouse.commit(intents.intend, [of(*sections)])
        warehouse.commit(intents.settle, ["s1"], [of()])
        left = warehouse.read(intents.unsettled, ["s1", "s2"])
        assert [*left.line_items["section_id"], *left.results["section_id"]] == ["s2", "s2"]


def test_what_is_still_unknown_stays_on_record(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        warehouse.commit(intents.intend, [of({"section_id": "s1"})])
        warehouse.commit(intents.settle, ["s1"], [of({"section_id": "s1", "assignment_id": "lost"})])
        left = warehouse.read(intents.unsettled, ["s1"])
        assert [*left.line_items["assignment_id"], *left.results["assignment_id"]] == ["lost", "lost"]


def of(*rows: dict[str, str]) -> Intents:
    return Intents(line_items=frame(LineItemIntents, *rows), results=frame(ResultIntents, *rows))
