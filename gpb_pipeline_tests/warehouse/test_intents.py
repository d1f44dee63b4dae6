import subprocess
import sys

from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, intents, tables
from gpb_pipeline.warehouse.tables import LineItemIntents, ResultIntents
from gpb_pipeline_tests.warehouse.rows import frame

INTEND_AND_DIE = """
import os, sys
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, intents
from gpb_pipeline.warehouse.tables import LineItemIntents
from gpb_pipeline_tests.warehouse.rows import frame
with ducklake.connect(WarehouseSettings(catalog=sys.argv[1], data_path=sys.argv[2])) as warehouse:
    essay = frame(LineItemIntents, {"section_id": "s1", "title": "Essay"})
    warehouse.commit(intents.intend_line_items, essay)
    os._exit(9)
"""


def test_an_intent_outlives_the_process_that_died_before_its_answer(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        dying = [sys.executable, "-c", INTEND_AND_DIE, either.catalog, either.data_path]
        assert subprocess.run(dying, check=False).returncode == 9
        assert list(warehouse.read(intents.line_items, ["s1"])["title"]) == ["Essay"]


def test_settling_forgets_the_intents_of_its_sections_only(either: WarehouseSettings) -> None:
    sections = [{"section_id": "s1"}, {"section_id": "s2"}]
    with ducklake.connect(either, tables.create) as warehouse:
        warehouse.commit(intents.intend_line_items, frame(LineItemIntents, *sections))
        warehouse.commit(intents.intend_results, frame(ResultIntents, *sections))
        warehouse.commit(intents.settle, ["s1"])
        assert list(warehouse.read(intents.line_items, ["s1", "s2"])["section_id"]) == ["s2"]
        assert list(warehouse.read(intents.results, ["s1", "s2"])["section_id"]) == ["s2"]
