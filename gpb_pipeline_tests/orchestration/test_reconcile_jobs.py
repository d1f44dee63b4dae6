"""The nights' reading back through its job, and what of it is told in the morning."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline.errors import UsageError
from gpb_pipeline.orchestration import reconcile_told, sensors
from gpb_pipeline.orchestration.partitions import add_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.passback.frames import Sections
from gpb_pipeline.passback.holdings.differences import Differences
from gpb_pipeline.passback.holdings.frames import NO_HOLDINGS, Holdings, LineItemSight
from gpb_pipeline.reconcile import Reconciled
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import differences, frames, history, holdings, logs, tables
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.frames import CourseFrames
from gpb_pipeline.warehouse.holdings import Change
from gpb_pipeline.warehouse.logs import JobOutcome
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, Dagster
from gpb_pipeline_tests.orchestration.past import Sync, put_on_record
from gpb_pipeline_tests.orchestration.test_last_night import looked_at
from gpb_pipeline_tests.warehouse.rows import DIGESTS, frame
from gpb_pipeline_tests.warehouse.syncs import issue, outcome

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = datetime.now(NEW_YORK).replace(second=0, microsecond=0) - timedelta(hours=4)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _a_night_four_hours_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "true")
    monkeypatch.setenv("GPB_NIGHTLY_AT", f"{NIGHT:%H:%M}")
    monkeypatch.setenv("GPB_TIMEZONE", NEW_YORK.key)


def digest(home: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]) -> str:
    """What the morning's one message says."""
    cursor = json.dumps({"night": "", "on_since": (NIGHT - 30 * 24 * HOUR).isoformat()})
    with dg.build_sensor_context(instance=home, cursor=cursor, resources={"passback": Passback()}) as context:
        sensors.sync_alerts.evaluate_tick(context)
    return capfd.readouterr().err


def test_the_nights_reading_finds_what_was_edited_and_writes_nothing(
    school: Sandbox, warehouse: Warehouse, dagster: Dagster, home: dg.DagsterInstance
) -> None:
    dagster.run("grade_sync", config={"course_ids": [ALGEBRA]})
    edited = school.state()["results"][0]
    school.control("sis", "PATCH", f"/results/{edited['sourced_id']}", {"score": edited["score"] + 1.5})
    before = len(school.writes())
    with dg.build_schedule_context(instance=home, scheduled_execution_time=NIGHT + 4 * HOUR) as context:
        [reading] = defs.resolve_schedule_def("reading_back").evaluate_tick(context).run_requests or []
    done = defs.resolve_job_def("reconcile").execute_in_process(
        instance=dagster.instance, run_config=reading.run_config
    )
    assert done.success
    assert len(school.writes()) == before
    told = metadata_of(done, "compare_with_sis")
    assert (told["courses"].value, told["differences"].value, told["courses_not_shown"].value) == (1, 1, 0)
    [row] = told["by_course"].records
    assert (row.data["course"], row.data["causes"]) == (f"Algebra I ({ALGEBRA})", "edited_in_sis 1")
    assert warehouse.read(history.drift, datetime.now(UTC) - HOUR) == {ALGEBRA: 1}
    [found] = warehouse.read(differences.found)
    assert (found.course_id, found.cause, found.columns, found.grades) == (ALGEBRA, "edited_in_sis", 0, 1)


@pytest.mark.parametrize(
    ("job", "step", "form", "told"),
    [
        ("reconcile", "compare_with_sis", {"course_ids": ["abc"]}, "course_ids 'abc': is no course id."),
        ("reconcile", "compare_with_sis", {"course_ids": ["999"]}, "Course 999: Canvas has no such item"),
        ("retract", "take_back", {"course_id": "abc"}, "course_id 'abc': is no course id."),
        ("retract", "take_back", {"course_id": "0999"}, "Course 999: Canvas has no such item"),
        ("retract", "take_back", {}, "course_id '': is no course id."),
    ],
)
def test_what_is_no_course_is_told_in_words_and_enters_no_history(
    school: Sandbox,
    warehouse: Warehouse,
    dagster: Dagster,
    job: str,
    step: str,
    form: dict[str, object],
    told: str,
) -> None:
    done = defs.resolve_job_def(job).execute_in_process(
        instance=dagster.instance, run_config={"ops": {step: {"config": form}}}, raise_on_error=False
    )
    assert told in str(done.failure_data_for_node(step))
    assert warehouse.read(history.jobs) == []


def test_of_very_many_courses_the_first_fifty_are_told_the_unread_ones_first() -> None:
    edited = frame(Differences, *[{"kind": "grade", "cause": "edited_in_sis"}] * 2)
    found = [
        Reconciled(course_id=str(number), job_id=f"job-{number}", status="Completed", told=edited)
        for number in range(1, 61)
    ]
    equal = Reconciled(course_id="61", job_id="job-61", status="Completed", told=frame(Differences))
    refused = UsageError("is no course", item="course 62", remedy="Look.")
    unread = Reconciled(course_id="62", job_id="job-62", status="Failed", error=refused)
    told = reconcile_told.metadata([*found, equal, unread], {"1": "Algebra I"})
    table = told["by_course"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [row.data["course"] for row in table.records[:2]] == ["Course 62", "Algebra I (1)"]
    assert (len(table.records), told["courses_not_shown"], told["differences"]) == (50, 11, 120)
    assert table.records[0].data["not_read"] == "is no course. Look."


def metadata_of(done: dg.ExecuteInProcessResult, step: str) -> Any:
    [output] = [each for each in done.all_node_events if each.is_successful_output and each.step_key == step]
    return output.step_output_data.metadata


def test_what_a_reading_found_after_the_last_digest_is_in_the_next(
    warehouse: Warehouse, home: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    """The reading comes an hour after the digest of its own night; an older one has been told."""
    for course_id, at in (("1", NIGHT - 20 * HOUR), ("2", NIGHT - 44 * HOUR)):
        reading = Sync(course_id, at, type="reconcile")
        put_on_record(warehouse, reading)
        edits = outcome(issues=[issue("edited_in_sis", "s1", "a1", "u1")] * 3)
        told = JobOutcome(course_id=course_id, job_id=reading.job_id, outcome=edits)
        warehouse.commit(logs.append, [told])
    text = digest(home, capfd)
    assert "Course 1 has 3 items that someone changed in the SIS. See `gpb reconcile 1`." in text
    assert "Course 2" not in text


def test_a_class_that_was_not_read_back_for_seven_nights_is_told(
    warehouse: Warehouse, dagster: Dagster, home: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    """Course 1 was read a week ago, 2 last night, 3 never, and first sent to yesterday."""
    for section, sent, read in (
        ("1", NIGHT - 90 * 24 * HOUR, NIGHT - 8 * 24 * HOUR),
        ("2", NIGHT - 90 * 24 * HOUR, NIGHT - 20 * HOUR),
        ("3", NIGHT - 20 * HOUR, None),
    ):
        sections = frame(Sections, {"section_id": section})
        course = CourseFrames(
            course_id=section, job_id="read", frames={tables.CANVAS_SECTIONS: sections}, digests=DIGESTS
        )
        warehouse.commit(frames.replace, [course])
        item = {"section_id": section, "class_id": section, "certainty": "known", "finding": None}
        held = Holdings(
            line_items=frame(LineItemSight, item | {"sent_at": sent.astimezone(UTC)}),
            results=NO_HOLDINGS.results,
        )
        change = Change(
            before=NO_HOLDINGS, after=held, read=frozenset({section} if read else ()), read_at=read
        )
        warehouse.commit(holdings.bring, [change])
    add_courses(home, ["1", "2", "3"])
    dagster.add("1", "2", "3")
    every = [Sync("2", NIGHT - nights * 24 * HOUR + timedelta(seconds=20)) for nights in range(8)]
    put_on_record(warehouse, *every[:7])
    assert "not read back" not in digest(home, capfd)  # nights are not on for so long
    assert looked_at(dagster)["not_read_back"] == 0
    put_on_record(warehouse, every[7])
    home.delete_dynamic_partition("course", "1")
    assert "not read back" not in digest(home, capfd)  # no current course
    add_courses(home, ["1"])
    text = digest(home, capfd)
    assert "For the operator:" in text
    assert "Course 1 has a class that was not read back for seven nights." in text
    assert "Course 2" not in text
    assert "Course 3" not in text
    told = looked_at(dagster)
    assert told["not_read_back"] == 1
    assert "operator: 1 courses not read back for seven nights" in told["who_must_act"]
    assert "Not read back for seven nights (operator): Course 1." in told["last_night"]
