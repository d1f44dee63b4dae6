"""Runs that do not end by themselves, cancelled or stopped by a fault of ours: no sync stays open."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from gpb_pipeline.events import Event, StageReached
from gpb_pipeline.orchestration.home import PROJECT
from gpb_pipeline.orchestration.resources import Passback
from gpb_pipeline.orchestration.stopping import NO_PROGRESS
from gpb_pipeline.passback.budget import Budget
from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.stream import Stream
from gpb_pipeline.sync import Connections, SyncRequest
from gpb_pipeline.warehouse import history
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline_tests.orchestration.conftest import ALGEBRA, BIOLOGY, Dagster

PRIVATE = "Ada Lovelace"
PATIENCE = 120.0
LAUNCH = f"""
from gpb_pipeline.orchestration.launch import Launch, launch
launch(Launch(job_name="grade_sync", course_ids=["{ALGEBRA}", "{BIOLOGY}"], posted_by="Ms. Rivera"))
"""
SLOW = {"effect": "slow", "method": "PUT", "path": "/results/", "seconds": 0.5, "times": None}


def test_an_interrupted_run_writes_no_more_and_says_who_cancelled_it(
    school: Sandbox, warehouse: Warehouse, tmp_path: Path
) -> None:
    school.set_faults("sis", SLOW)
    home = tmp_path / "home"
    environment = os.environ | {"DAGSTER_HOME": str(home), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", LAUNCH]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        wait_until(lambda: any(each["object"] == "result" for each in school.writes()), process)
        process.send_signal(signal.SIGINT)
        process.communicate()
    written = len(school.writes())
    jobs = warehouse.read(history.jobs)
    assert {job.course_id for job in jobs} == {ALGEBRA, BIOLOGY}
    stopped = [job for job in jobs if job.status == "Failed"]
    assert stopped
    assert {(job.code, job.status) for job in stopped} == {("cancelled", "Failed")}
    assert all("cancelled by Ms. Rivera" in str(job.cause) for job in stopped)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        [run] = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.CANCELED
        told = Dagster(instance).observation("grade_syncs", stopped[0].course_id)
        assert told["code"] == "cancelled"
        sent = stopped[0].counts.results
        assert (told["sis_grades_sent"], told["sis_grades_created"]) == (sent.sent, sent.created)
        assert told["sis_assignments_created"] == stopped[0].counts.line_items.created
        assert any(job.counts.results.created for job in stopped)

    school.set_faults("sis")
    with dg.DagsterInstance.ephemeral() as instance:
        assert Dagster(instance).run(config={"course_ids": [ALGEBRA, BIOLOGY]}).success
    results = [each["sourced_id"] for each in school.writes() if each["object"] == "result"]
    assert len(results) > written
    assert len(results) == len(set(results))  # what was posted before was found, and not sent again


RECONCILE = f"""
import dagster as dg
from gpb_pipeline.orchestration.home import dagster_home
dagster_home()
from gpb_pipeline.definitions import defs
config = {{"course_ids": ["{ALGEBRA}"], "posted_by": "Ms. Rivera"}}
with dg.DagsterInstance.get() as instance:
    defs.resolve_job_def("reconcile").execute_in_process(
        instance=instance, run_config={{"ops": {{"compare_with_sis": {{"config": config}}}}}}
    )
"""


@pytest.mark.long
@pytest.mark.parametrize(
    "who",
    [
        "Ms. Rivera",
        "someone in the Dagster UI",
        f"the sensor stalled_runs: {NO_PROGRESS}",
    ],
)
def test_a_reconcile_that_is_stopped_says_who_cancelled_it(
    school: Sandbox, warehouse: Warehouse, tmp_path: Path, who: str
) -> None:
    path = f"/courses/{ALGEBRA}/(sections|students/submissions)"  # one waits for the other
    slow = {"effect": "slow", "path": path, "seconds": 20.0, "times": None}  # longer than to be stopped takes
    school.set_faults("canvas", slow | {"seconds": 3600.0})
    home = tmp_path / "home"
    environment = os.environ | {"DAGSTER_HOME": str(home), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", RECONCILE]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        wait_until(lambda: bool(warehouse.read(history.open_jobs)), process)
        if "Rivera" not in who:
            with dg.DagsterInstance.from_config(str(home)) as instance:
                [run] = instance.get_runs()
                instance.report_run_canceling(run, message=who)
        process.send_signal(signal.SIGINT)
        school.set_faults("canvas", slow)
        process.communicate()
    [job] = warehouse.read(history.jobs)
    assert (job.type, job.status, job.code) == ("reconcile", "Failed", "cancelled")
    assert f"cancelled by {who}." in str(job.cause)


class FaultyStream(Stream):
    """Meets a fault that nobody foresaw, which names a student, once a course has begun."""

    def __iter__(self) -> Iterator[Event]:
        for event in super().__iter__():
            yield event
            if isinstance(event, StageReached):
                raise KeyError(PRIVATE)


class Faulty(Passback):
    def streamed(
        self, connections: Connections, requests: Iterable[SyncRequest], budget: Budget | None
    ) -> Stream:
        return FaultyStream(connections, requests, budget)


def test_a_fault_of_ours_is_told_by_its_place_and_leaves_no_sync_running(
    school: Sandbox, dagster: Dagster, warehouse: Warehouse
) -> None:
    result = dagster.run(config={"course_ids": [ALGEBRA, BIOLOGY]}, passback=Faulty())
    assert not result.success
    jobs = warehouse.read(history.jobs)
    assert {job.course_id for job in jobs} == {ALGEBRA, BIOLOGY}
    assert {(job.status, job.code) for job in jobs} == {("Failed", "unexpected")}
    assert all("KeyError in __iter__" in str(job.cause) for job in jobs)
    assert dagster.observation("grade_syncs", ALGEBRA)["code"] == "unexpected"
    assert PRIVATE not in dagster.everything()
    assert school.writes() == []


def wait_until(seen: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while not seen():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
