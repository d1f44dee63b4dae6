"""Courses come and go as Canvas lists them; a night's trouble is told once, to those who can act."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline.errors import PermanentError, TransientError
from gpb_pipeline.orchestration import good_night, sensors
from gpb_pipeline.orchestration.partitions import add_courses, known_courses
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.orchestration.webhook import post
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import AlertSettings
from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.orchestration.past import Sync, put_on_record

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime.now(NEW_YORK).replace(second=0, microsecond=0)
NIGHT = NOW - timedelta(hours=4)
COURSES = ["1001", "1002", "1003", "1004", "1005", "1006", "1007", "1090"]


class Sensor:
    """A sensor between its ticks: cursor, changes to the keys and events are kept as the daemon does."""

    def __init__(self, definition: dg.SensorDefinition, instance: dg.DagsterInstance) -> None:
        self.definition = definition
        self.instance = instance
        self.cursor: str | None = None

    def tick(self) -> Any:
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"passback": Passback()}
        ) as context:
            result = self.definition.evaluate_tick(context)
        self.cursor = result.cursor or self.cursor
        for change in result.dynamic_partitions_requests or []:
            if isinstance(change, dg.AddDynamicPartitionsRequest):
                add_courses(self.instance, change.partition_keys)
            else:
                for key in change.partition_keys:
                    self.instance.delete_dynamic_partition("course", key)
        for event in result.asset_events or []:
            self.instance.report_runless_asset_event(event)
        return result


def test_courses_come_and_an_ended_one_goes_at_its_second_absence(
    school: Sandbox, home: dg.DagsterInstance
) -> None:
    discover = Sensor(sensors.discover_courses, home)
    discover.tick()
    assert home.get_dynamic_partitions("course") == COURSES
    school.control("canvas", "PATCH", "/courses/1002", {"concluded": True})
    discover.tick()
    assert "1002" in known_courses(home)
    discover.tick()
    assert known_courses(home) == set(COURSES) - {"1002"}


def test_a_failed_or_empty_read_retires_nothing(school: Sandbox, home: dg.DagsterInstance) -> None:
    discover = Sensor(sensors.discover_courses, home)
    discover.tick()
    school.set_faults("canvas", {"effect": "status", "path": "/accounts/", "status": 403, "times": 1})
    with pytest.raises(PermanentError):
        discover.tick()
    whole = {"Link": f'<{school.canvas_url}/api/v1/accounts/12/courses>; rel="current"'}
    empty = {
        "effect": "status",
        "path": "/accounts/",
        "status": 200,
        "body": [],
        "times": 2,
        "headers": whole,
    }
    school.set_faults("canvas", empty)
    assert "lists no running course" in discover.tick().skip_message
    discover.tick()
    assert known_courses(home) == set(COURSES)


@pytest.fixture
def a_night(monkeypatch: pytest.MonkeyPatch, warehouse: Warehouse, home: dg.DagsterInstance) -> Sensor:
    """The alerts' sensor, which has watched for days; the last night began four hours ago, for 1 to 6."""
    monkeypatch.setenv("GPB_NIGHTLY_ENABLED", "true")
    monkeypatch.setenv("GPB_NIGHTLY_AT", f"{NIGHT:%H:%M}")
    monkeypatch.setenv("GPB_TIMEZONE", NEW_YORK.key)
    courses = ["1", "2", "3", "4", "5", "6"]
    long_ago = NIGHT - timedelta(days=9)
    warehouse.commit(choices.choose_nightly, courses, enabled=True, by="Admin", at=long_ago.astimezone(UTC))
    add_courses(home, courses)
    alerts = Sensor(sensors.sync_alerts, home)
    alerts.cursor = json.dumps({"night": "", "on_since": long_ago.isoformat()})
    return alerts


def test_a_digest_groups_what_is_open_by_who_can_act(
    a_night: Sensor, warehouse: Warehouse, webhook: "Webhook", capfd: pytest.CaptureFixture[str]
) -> None:
    """1: well; 2: no permission, three nights; 3: SIS down; 4: resolved; 5: left out; 6: a jump in skips."""
    at, day = NIGHT + timedelta(minutes=5), timedelta(days=1)
    put_on_record(
        warehouse,
        Sync("1", at),
        *(Sync("2", at - nights * day, code="canvas_access") for nights in range(3)),
        Sync("3", at - day),
        Sync("3", at, code="sis_unavailable"),
        Sync("4", at, code="sis_unavailable"),
        Sync("4", at + timedelta(hours=1), type="manual"),
        Sync("6", at - day, grades=400, skipped=10),
        Sync("6", at, grades=400, skipped=60),
    )
    result = a_night.tick()
    [message] = webhook.received
    lines = message["text"].splitlines()
    assert lines[0] == "Grade sync: 4 courses need attention."
    groups = [line for line in lines if line.startswith("For the")]
    assert groups == ["For the operator:", "For the Canvas admin:", "For the instructor:"]
    told = {line.split()[2]: line for line in lines if line.startswith("- ")}
    assert set(told) == {"2", "3", "5", "6"}
    assert "has failed 3 nights in a row" in told["2"]
    assert "http://127.0.0.1:8080/syncs/" in told["3"]
    assert "no sync of it began" in told["5"]
    assert "skipped 50 grades more" in told["6"]
    assert "Grade sync: 4 courses need attention." in capfd.readouterr().err
    [evaluation] = result.asset_events
    assert (evaluation.check_name, evaluation.passed) == ("synced_last_night", False)
    assert evaluation.metadata["courses"].value == "2, 3, 5"
    a_night.tick()
    assert len(webhook.received) == 1


def test_a_long_night_is_told_when_it_is_over(
    a_night: Sensor, warehouse: Warehouse, webhook: "Webhook", home: dg.DagsterInstance
) -> None:
    """Its courses that have not had their turn after three hours are no alarm."""
    put_on_record(warehouse, *(Sync(str(course), NIGHT + timedelta(minutes=5)) for course in range(1, 6)))
    job = defs.resolve_job_def("nightly_grade_sync")
    running = home.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "not over" in (a_night.tick().skip_message or "")
    assert webhook.received == []
    home.report_run_failed(running)
    a_night.tick()
    [message] = webhook.received
    assert "no sync of it began" in message["text"]


def test_a_quiet_night_is_not_told(a_night: Sensor, warehouse: Warehouse, webhook: "Webhook") -> None:
    put_on_record(warehouse, *(Sync(str(course), NIGHT + timedelta(minutes=5)) for course in range(1, 7)))
    result = a_night.tick()
    assert result.skip_message == "A quiet night."
    assert result.asset_events[0].passed
    assert webhook.received == []


def test_a_webhook_that_fails_is_tried_again_and_its_address_not_told(
    a_night: Sensor, webhook: "Webhook", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPB_ALERT_FORMAT", "teams")
    webhook.status = 500
    with pytest.raises(TransientError) as fault:
        a_night.tick()
    assert webhook.address not in str(fault.value)
    webhook.status = 200
    a_night.tick()
    card = webhook.received[-1]["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard"
    lines = [block["text"] for block in card["body"]]
    assert lines[0] == "Grade sync: 6 courses need attention."
    assert lines[-1].startswith("- 6 courses were due this night, and no sync of them began: Course 1, ")


def test_a_courses_name_is_no_mention_and_no_link_in_the_chat(
    webhook: "Webhook", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may name a course would else call everybody, or show another address than a link's own."""
    for text_format in ("slack", "teams"):
        monkeypatch.setenv("GPB_ALERT_FORMAT", text_format)
        post(
            "- <!channel> R&D <https://evil.example|Details> [Details](https://evil.example)",
            AlertSettings.load(),
        )
    slack, teams = webhook.received
    assert slack["text"].startswith("- &lt;!channel&gt; R&amp;D &lt;https://evil.example|Details&gt;")
    assert "](" not in teams["attachments"][0]["content"]["body"][0]["text"]


def test_a_webhook_that_leads_elsewhere_is_not_followed(a_night: Sensor, webhook: "Webhook") -> None:
    webhook.status, webhook.leads_to = 307, "/elsewhere"
    with pytest.raises(PermanentError, match="it answered 307"):
        a_night.tick()
    assert len(webhook.received) == 1


def test_what_was_before_the_first_look_is_no_news(a_night: Sensor, webhook: "Webhook") -> None:
    a_night.cursor = None
    assert a_night.tick().skip_message == "Watching from now on."
    a_night.tick()
    assert webhook.received == []


@pytest.fixture
def switch(a_night: Sensor, webhook: "Webhook", monkeypatch: pytest.MonkeyPatch) -> Sensor:
    """The dead man's switch, whose address stands beside the chat's."""
    monkeypatch.setenv("GPB_ALERT_GOOD_NIGHT", f"{webhook.address}/good-night")
    return Sensor(good_night.good_nights, a_night.instance)


def test_after_a_good_night_the_switch_is_called_once_and_after_another_not(
    switch: Sensor, warehouse: Warehouse, webhook: "Webhook"
) -> None:
    at = NIGHT + timedelta(minutes=5)
    put_on_record(warehouse, *(Sync(str(course), at) for course in range(1, 5)))
    assert "2 of 6 courses are not synced" in switch.tick().skip_message
    assert webhook.called == []
    put_on_record(warehouse, Sync("6", NIGHT + timedelta(hours=3, minutes=30), type="manual"))
    assert switch.tick().skip_message == "A good night: called."
    assert "Called after" in switch.tick().skip_message
    assert webhook.called == ["/services/T0/secret/good-night"]


def test_a_switch_that_leads_elsewhere_or_fails_is_told_without_its_address_and_costs_the_night_nothing(
    switch: Sensor, a_night: Sensor, warehouse: Warehouse, webhook: "Webhook"
) -> None:
    put_on_record(warehouse, *(Sync(str(course), NIGHT + timedelta(minutes=5)) for course in range(1, 7)))
    webhook.status, webhook.leads_to = 307, "/elsewhere"
    with pytest.raises(PermanentError, match="it answered 307") as told:
        switch.tick()
    webhook.status = 503
    with pytest.raises(TransientError, match="GPB_ALERT_GOOD_NIGHT") as told_again:
        switch.tick()
    assert webhook.address not in f"{told.value} {told_again.value}"
    assert len(webhook.called) == 2  # nothing was followed
    assert a_night.tick().skip_message == "A quiet night."
    webhook.status = 200
    assert switch.tick().skip_message == "A good night: called."


def test_the_switch_waits_for_the_nights_end(
    switch: Sensor, warehouse: Warehouse, webhook: "Webhook", home: dg.DagsterInstance
) -> None:
    put_on_record(warehouse, *(Sync(str(course), NIGHT + timedelta(minutes=5)) for course in range(1, 7)))
    job = defs.resolve_job_def("nightly_grade_sync")
    running = home.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert "not over" in switch.tick().skip_message
    home.report_run_failed(running)
    assert switch.tick().skip_message == "A good night: called."


class Webhook:
    """A chat's incoming webhook: what it received, and how it answers; and what is called beside it."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/services/T0/secret"
        self.received: list[dict[str, Any]] = []
        self.called: list[str] = []
        self.status = 200
        self.leads_to: str | None = None


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.received.append(json.loads(body))
            self._answer()

        def do_GET(self) -> None:
            chat.called.append(self.path)
            self._answer()

        def _answer(self) -> None:
            self.send_response(chat.status)
            if chat.leads_to is not None:
                self.send_header("Location", chat.leads_to)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        chat = Webhook(server.server_port)
        monkeypatch.setenv("GPB_ALERT_WEBHOOK", chat.address)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield chat
        server.shutdown()
        thread.join()
