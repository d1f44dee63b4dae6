"""Sync SIS Categories as a job: shown, previewed, saved."""

from typing import Any

import dagster as dg

from gpb_pipeline.definitions import defs
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.orchestration.conftest import HISTORY, Dagster

Row = dict[str, Any]


def test_an_edit_is_shown_as_changed_and_holds_once_it_is_saved(school: Sandbox, dagster: Dagster) -> None:
    before = next(row for row in listed(dagster) if row["near"])
    place = {"group_id": before["group_id"], "section_id": before["section_id"]}
    edit = {"edits": [{**place, "category_id": "CAT-QUIZ"}]}

    assert row_at(listed(dagster, **edit), place)["label"] == "Changed"
    assert row_at(listed(dagster), place)["label"] == "Unassociated"

    assert not run(dagster, **edit, save=True).success
    saved = row_at(listed(dagster, **edit, save=True, chosen_by="Ms. Rivera"), place)
    assert (saved["label"], saved["category"]) == ("Synchronized", "Quizzes")
    assert row_at(listed(dagster), place)["label"] == "Synchronized"


def listed(dagster: Dagster, **config: object) -> list[Row]:
    result = run(dagster, **config)
    assert result.success
    [output] = [event for event in result.all_events if event.is_successful_output]
    table = output.step_output_data.metadata["categories"]
    assert isinstance(table, dg.TableMetadataValue)
    return [dict(record.data) for record in table.records]


def row_at(rows: list[Row], place: Row) -> Row:
    [row] = [row for row in rows if row.items() >= place.items()]
    return row


def run(dagster: Dagster, **config: object) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def("sync_sis_categories").execute_in_process(
        instance=dagster.instance,
        run_config={"ops": {"sync_categories": {"config": {"course_id": HISTORY, **config}}}},
        raise_on_error=False,
    )
