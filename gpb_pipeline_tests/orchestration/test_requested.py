"""What instructors ask for is launched once, in its turn, and what became of it is told."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from gpb_pipeline import outlook
from gpb_pipeline.definitions import defs
from gpb_pipeline.orchestration import requested
from gpb_pipeline.orchestration.config import job_id
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import category_choices, choices, details, history, requests
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.history import Begun
from gpb_pipeline.warehouse.locks import course_lock
from gpb_pipeline.warehouse.requests import NewRequest, Request, RequestKind
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, ENGLISH
from gpb_pipeline_tests.orchestration.test_sensors import Sensor
from gpb_pipeline_tests.warehouse.syncs import send_a_day_earlier

NOW = datetime.now(UTC)


class Desk:
    """People who ask, and the sensor that launches; a run goes when it is told to."""

    def __init__(self, instance: dg.DagsterInstance, warehouse: Warehouse) -> None:
        self.instance = instance
        self.warehouse = warehouse
        self.sensor = Sensor(requested.requested_syncs, instance)

    def asks(self, kind: RequestKind, course: str = ALGEBRA, *, at: datetime = NOW, **wanted: Any) -> str:
        asked = NewRequest(course_id=course, kind=kind, wanted=wanted, by="Dana Whitfield", by_id="55", at=at)
        return self.warehouse.commit(requests.ask, asked)

    def tick(self) -> list[dg.RunRequest]:
        """Let the sensor look, and give what it launches."""
        return list(self.sensor.tick().run_requests or [])

    def runs(self, launched: dg.RunRequest) -> None:
        """Run what was launched, to its end."""
        defs.resolve_job_def(str(launched.job_name)).execute_in_process(
            instance=self.instance,
            run_config=launched.run_config,
            tags=dict(launched.tags),
            raise_on_error=False,
        )

    def goes(self) -> None:
        """Let everything that may begin go to its end."""
        for each in self.tick():
            self.runs(each)
        self.tick()

    def sees(self, request_id: str) -> Request:
        found = self.warehouse.read(requests.request, request_id)
        assert found is not None
        return found

    def reads(self, request_id: str) -> outlook.Outlook:
        return outlook.read(self.warehouse.read(requests.outlook, request_id) or "")


@pytest.fixture
def desk(school: Sandbox, instance: dg.DagsterInstance, warehouse: Warehouse) -> Desk:
    return Desk(instance, warehouse)


def test_a_request_is_launched_once_and_posted_by_who_asked(desk: Desk, school: Sandbox) -> None:
    asked = desk.asks("sync")
    assert desk.sees(asked).status == "Scheduled"
    [launched], [again] = desk.tick(), desk.tick()
    assert launched.run_key == again.run_key == asked  # so that the daemon launches it once
    desk.runs(launched)
    desk.tick()
    done = desk.sees(asked)
    assert done.status == "Completed"
    [job] = desk.warehouse.read(history.jobs, ALGEBRA)
    assert (job.job_id, job.posted_by, job.type) == (done.job_id, "Dana Whitfield", "manual")
    assert Counter(write["object"] for write in school.writes()) == {"lineItem": 8, "result": 64}
    assert desk.tick() == []


def test_what_was_chosen_is_all_that_goes(desk: Desk, school: Sandbox) -> None:
    read = desk.asks("read")
    desk.goes()
    offers = desk.reads(read).offers
    chosen = next(each for each in offers if each.selectable and each.state == "create")
    remastered = desk.asks("remaster", assignments=[chosen.assignment_id], sections=[])
    desk.goes()
    done = desk.sees(remastered)
    assert done.status == "Completed"
    [job] = desk.warehouse.read(history.jobs, ALGEBRA)
    assert job.type == "remaster"
    titles = {write["values"]["title"] for write in school.writes() if write["object"] == "lineItem"}
    assert titles == {chosen.assignment_name}


def test_the_last_sync_date_is_that_of_the_grades_too(desk: Desk, school: Sandbox) -> None:
    def dates() -> dict[tuple[str, str], str | None]:
        read = desk.asks("read")
        desk.goes()
        return {(each.assignment_id, each.section_id): each.last_sync for each in desk.reads(read).offers}

    desk.asks("sync")
    desk.goes()
    desk.warehouse.commit(send_a_day_earlier)
    before = dates()
    place = next(iter(before))
    school.control("canvas", "PATCH", f"/courses/{ALGEBRA}/submissions/{place[0]}/2001", {"score": 0.5})
    desk.asks("sync")
    desk.goes()
    after = dates()
    [(assignment, _)] = (each for each in after if after[each] != before[each])
    assert assignment == place[0]


@pytest.mark.long
def test_an_assignment_that_was_deleted_since_the_list_was_read_costs_itself_alone(
    desk: Desk, school: Sandbox
) -> None:
    read = desk.asks("read")
    desk.goes()
    going = [each for each in desk.reads(read).offers if each.state == "create"]
    first, second, *_ = {each.assignment_id: each for each in going}.values()
    school.control("canvas", "DELETE", f"/courses/{ALGEBRA}/assignments/{second.assignment_id}")
    chosen = [first.assignment_id, second.assignment_id]
    sections = sorted({each.section_id for each in going})
    previewed = desk.asks("preview", type="manual", sections=sections, assignments=chosen)
    desk.goes()
    assert desk.sees(previewed).status == "Completed"
    assert {each.assignment_id for each in desk.reads(previewed).causes if each.code == "left_course"} == {
        second.assignment_id
    }
    synced = desk.asks("sync", sections=[], assignments=chosen)
    desk.goes()
    done = desk.sees(synced)
    assert done.status == "Completed"
    assert {write["values"]["title"] for write in school.writes() if write["object"] == "lineItem"} == {
        first.assignment_name
    }
    told = desk.warehouse.read(details.of_job, str(done.job_id))
    assert told is not None
    assert [each.assignment_id for each in told.issues if each.code == "left_course"] == [
        second.assignment_id
    ]


def test_a_second_click_is_the_same_request_until_it_has_begun_to_read(desk: Desk) -> None:
    first = desk.asks("sync", assignments=[])
    assert desk.asks("sync", assignments=[]) == first
    assert desk.asks("sync", ENGLISH, assignments=[]) != first
    at = NOW + timedelta(seconds=1)
    desk.warehouse.commit(requests.step, first, "launched", at=at, job_id="begun")
    assert desk.asks("sync", assignments=[]) == first
    begun = Begun(job_id="begun", course_id=ALGEBRA, type="manual", posted_by="Dana", at=NOW)
    desk.warehouse.commit(history.begin, [begun])
    assert desk.sees(first).status == "Running"
    second = desk.asks("sync", at=at, assignments=[])
    assert second != first
    assert desk.asks("sync", at=at, assignments=["1"]) != second


@pytest.mark.long
def test_of_on_off_and_on_again_the_last_counts(desk: Desk) -> None:
    moments = (NOW + timedelta(seconds=each) for each in range(4))
    on, off, last, again = [
        desk.asks("nightly", at=at, enabled=enabled)
        for at, enabled in zip(moments, (True, False, True, True), strict=True)
    ]
    assert len({on, off, last}) == 3
    assert again == last
    for _ in range(3):
        desk.goes()
    assert [each.enabled for each in desk.warehouse.read(choices.nightly)] == [True]


def test_a_request_that_was_answered_is_not_answered_again_by_a_run_of_a_restored_store(desk: Desk) -> None:
    on = desk.asks("nightly", enabled=True)
    [launched] = desk.tick()
    desk.runs(launched)
    desk.tick()
    assert desk.sees(on).step == "ended"
    desk.asks("nightly", enabled=False, at=NOW + timedelta(seconds=1))
    desk.goes()
    desk.runs(launched)  # it waited in the store when that was backed up
    assert [each.enabled for each in desk.warehouse.read(choices.nightly)] == [False]


def test_a_run_that_is_gone_is_told_and_the_next_requests_go_on(desk: Desk) -> None:
    read, nightly = desk.asks("read"), desk.asks("nightly", enabled=True, at=NOW + timedelta(seconds=1))
    [launched] = desk.tick()
    assert launched.run_key == read
    run = desk.instance.create_run_for_job(
        defs.resolve_job_def(str(launched.job_name)), run_config=launched.run_config, tags=dict(launched.tags)
    )
    assert desk.tick() == []
    assert desk.sees(read).step == "launched"
    desk.instance.delete_run(run.run_id)
    [following] = desk.tick()
    assert following.run_key == nightly
    assert desk.sees(read).status == "Failed"
    assert "is no longer known" in (desk.sees(read).cause or "")


def test_requests_of_a_course_go_one_after_another(desk: Desk) -> None:
    first, second = desk.asks("sync"), desk.asks("read", at=NOW + timedelta(seconds=1))
    other = desk.asks("read", ENGLISH, at=NOW + timedelta(seconds=2))
    launched = desk.tick()
    assert [each.run_key for each in launched] == [first, other]
    for each in launched:
        desk.runs(each)
    [last] = desk.tick()
    assert last.run_key == second


def test_a_course_that_is_being_synced_is_waited_for(desk: Desk) -> None:
    asked = desk.asks("sync")
    with course_lock(desk.warehouse.settings, ALGEBRA):
        begun = Begun(job_id="tonight", course_id=ALGEBRA, type="nightly", posted_by="Admin", at=NOW)
        desk.warehouse.commit(history.begin, [begun])
        assert desk.tick() == []
    [launched] = desk.tick()  # the night's process has died
    assert launched.run_key == asked


def test_what_waited_a_day_is_told_and_not_launched(desk: Desk) -> None:
    asked = desk.asks("sync", at=NOW - timedelta(days=1, minutes=1))
    assert desk.tick() == []
    assert desk.sees(asked).status == "Not launched in time"
    assert desk.tick() == []


@pytest.mark.parametrize(
    ("kind", "begun"), [("sync", False), ("remaster", False), ("sync", True), ("read", False)]
)
def test_of_a_sync_whose_run_ended_before_it_began_it_is_said_that_nothing_was_sent(
    desk: Desk, kind: RequestKind, *, begun: bool
) -> None:
    """As the queue ends one whose code it could not reach."""
    asked = desk.asks(kind)
    [launched] = desk.tick()
    run = desk.instance.create_run_for_job(
        defs.resolve_job_def(str(launched.job_name)), run_config=launched.run_config, tags=dict(launched.tags)
    )
    if begun:
        job = Begun(
            job_id=job_id(run.run_id, ALGEBRA), course_id=ALGEBRA, type="manual", posted_by="Dana", at=NOW
        )
        desk.warehouse.commit(history.begin, [job])
    desk.instance.report_run_failed(run)
    desk.tick()
    assert desk.sees(asked).step == "failed"
    assert ("nothing was sent" in (desk.sees(asked).cause or "")) == (kind != "read" and not begun)


def test_the_sensor_counts_what_waits_and_nothing_else(desk: Desk) -> None:
    desk.asks("sync")
    [launched] = desk.tick()
    desk.instance.create_run_for_job(
        defs.resolve_job_def(str(launched.job_name)), run_config=launched.run_config, tags=dict(launched.tags)
    )
    skipped = desk.sensor.tick().skip_message
    assert skipped == "What was asked for is under way."
    desk.asks("read", at=NOW + timedelta(seconds=1))
    assert desk.sensor.tick().skip_message == "1 waits for what their course is busy with."


def test_what_fails_says_why(desk: Desk) -> None:
    asked = desk.asks("read", "999")
    synced = desk.asks("sync", "998")
    desk.goes()
    for each in (asked, synced):
        assert desk.sees(each).status == "Failed"
        assert "Canvas has no such" in (desk.sees(each).cause or "")


def test_a_token_that_was_revoked_is_told_by_its_code(desk: Desk, school: Sandbox) -> None:
    refused = {"status": 401, "headers": {"WWW-Authenticate": "Bearer"}, "body": {}}
    read, synced = desk.asks("read"), desk.asks("sync", at=NOW + timedelta(seconds=1))
    school.set_faults("canvas", {"effect": "status", "times": None} | refused)
    for _ in range(2):
        desk.goes()
    school.set_faults("canvas")
    assert [(desk.sees(each).status, desk.sees(each).code) for each in (read, synced)] == [
        ("Failed", "canvas_access")
    ] * 2


def test_categories_that_canvas_does_not_show_are_told_without_a_setting(desk: Desk, school: Sandbox) -> None:
    read = desk.asks("read")
    desk.goes()
    group = desk.reads(read).groups[0]
    edit = {"group_id": group.group_id, "section_id": group.sections[0].section_id, "category_id": None}
    refused = {"effect": "status", "status": 403, "method": "PUT", "times": None, "body": {}}
    school.set_faults("canvas", refused)
    saved = desk.asks("categories", edits=[edit])
    desk.goes()
    school.set_faults("canvas")
    note = desk.reads(saved).note or ""
    assert note.startswith("Saved, but Canvas does not show it. Canvas refuses")
    assert note.endswith("it is for the Canvas admin.")
    assert "CANVAS_API_TOKEN" not in note


@pytest.mark.parametrize(("state", "stop"), [("unpublished", "course_unpublished"), ("available", None)])
def test_a_look_says_where_a_sync_would_refuse_the_course(
    desk: Desk, school: Sandbox, state: str, stop: str | None
) -> None:
    school.control("canvas", "PATCH", f"/courses/{ALGEBRA}", {"workflow_state": state})
    asked = desk.asks("preview", type="manual", assignments=[], sections=[])
    desk.goes()
    assert desk.reads(asked).stop == stop


def test_a_preview_posts_nothing_and_its_outcome_goes_after_a_day(desk: Desk, school: Sandbox) -> None:
    asked = desk.asks("preview", type="remaster", assignments=[], sections=[])
    desk.goes()
    found = desk.reads(asked)
    assert Counter(each.state for each in found.offers)["create"] == 8
    assert sum(each.count for each in found.grades if each.state == "create") == 64
    assert school.writes() == []
    assert desk.warehouse.read(history.jobs) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests, "OUTCOMES_KEPT", timedelta(0))
        desk.tick()
    assert desk.warehouse.read(requests.outlook, asked) is None


def test_the_nightly_switch_and_categories_are_saved_with_who_chose(desk: Desk) -> None:
    nightly, read = desk.asks("nightly", enabled=True), desk.asks("read", at=NOW + timedelta(seconds=1))
    desk.goes()
    desk.goes()
    [chosen] = desk.warehouse.read(choices.nightly)
    assert (chosen.course_id, chosen.enabled, chosen.chosen_by) == (ALGEBRA, True, "Dana Whitfield")
    assert desk.sees(nightly).status == "Completed"
    group = desk.reads(read).groups[0]
    section = group.sections[0]
    edit = {"group_id": group.group_id, "section_id": section.section_id, "category_id": None}
    saved = desk.asks("categories", edits=[edit])
    desk.goes()
    assert desk.sees(saved).status == "Completed"
    assert desk.reads(saved).groups[0].label == "Unassociated"
    [choice] = desk.warehouse.read(category_choices.of_sections, [section.section_id]).itertuples()
    assert choice.chosen_by == "Dana Whitfield"


def test_no_student_stands_in_a_request_or_in_dagster(desk: Desk, dagster: Any) -> None:
    asked = desk.asks("preview", type="manual", assignments=[], sections=[])
    desk.goes()
    kept = desk.warehouse.read(requests.outlook, asked) or ""
    assert "S2001" not in kept + dagster.everything()
    assert "Adler" not in kept + dagster.everything()


def test_a_launched_sync_is_known_by_its_job(desk: Desk) -> None:
    asked = desk.asks("sync")
    [launched] = desk.tick()
    desk.runs(launched)
    [run] = desk.instance.get_runs()
    desk.tick()
    assert desk.sees(asked).job_id == job_id(run.run_id, ALGEBRA)
