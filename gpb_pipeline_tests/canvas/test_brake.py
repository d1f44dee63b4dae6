"""A brake that is pulled while Canvas is read: what is under way is answered, and nothing more is asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gpb_pipeline.brake import Brake, StoppedError
from gpb_pipeline.canvas.bucket import Bucket
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.extracts import read_course
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline_tests.canvas.script import Script

WHY = PermanentError("the host goes down", item="the run", remedy="Sync again.", code="cancelled")


def test_no_page_is_asked_for_after_the_brake_was_pulled(client: CanvasClient, canvas: Script) -> None:
    canvas.answers = [canvas.page({"id": "1"}, next_page="page=2"), canvas.page({"id": "2"})]
    brake = Brake()
    pages = client.heeding(brake).pages("things", item="things")
    next(pages)
    brake.pull(WHY)
    with pytest.raises(StoppedError) as stopped:
        next(pages)
    assert (stopped.value.code, str(stopped.value)) == ("cancelled", str(WHY))
    assert len(canvas.asked) == 1


def test_an_outage_is_not_waited_for_after_the_brake_was_pulled(client: CanvasClient, canvas: Script) -> None:
    canvas.answers = [(503, {}, "")]
    brake = Brake()
    brake.pull(WHY)
    with pytest.raises(StoppedError):
        client.heeding(brake).get("things", item="things")
    assert canvas.asked == []


def test_a_course_is_read_no_further_and_the_same_client_may_go_on_elsewhere(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    brake = Brake()
    with CanvasClient(CanvasSettings.load()) as client:
        with pytest.raises(StoppedError):
            read_course(client.heeding(brake), "1001", lambda: brake.pull(WHY))
        assert not [each for each in sandbox.requests_seen("canvas") if "submissions" in each["path"]]
        assert not read_course(client, "1001").submissions.empty


def test_who_waits_for_a_turn_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    brake, bucket = Brake(), Bucket(outflow=1e-9)
    waiting = bucket.turn(brake)
    bucket.told({"X-Rate-Limit-Remaining": "0"}, 0.0, refused=True)
    monkeypatch.setattr("gpb_pipeline.canvas.bucket.WAIT_MAX", 3600.0)
    with ThreadPoolExecutor(1) as threads:
        turn = threads.submit(waiting.__enter__)
        while not brake._conditions:
            assert not turn.done()
        brake.pull(WHY)
        assert isinstance(turn.exception(), StoppedError)
