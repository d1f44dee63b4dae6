"""A drill: of two hosts on one PostgreSQL, one is killed while it posts, and the other takes its course."""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline.warehouse import history, soundness
from gpb_pipeline.warehouse.locks import LockedError, course_lock
from gpb_pipeline_tests.postgres import Postgres
from gpb_pipeline_tests.sync.desk import SPANISH, Desk
from gpb_pipeline_tests.sync.test_interruptions import SLOW, SYNC


def test_a_course_of_a_host_that_was_killed_while_it_posted_is_taken_by_another_and_nothing_doubled(
    provider: Sandbox,
    desk_of: Callable[[Sandbox], Desk],
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = desk_of(provider)  # where the SIS chooses the ids, what is not found is made again
    monkeypatch.setenv("GPB_CATALOG", postgres.new_database("killed_host"))
    desk.sandbox.set_faults("sis", SLOW)
    with (
        desk.connected() as here,
        subprocess.Popen([sys.executable, "-c", SYNC, SPANISH], env=os.environ) as there,
    ):
        while desk.written()["result"] < 5:
            assert there.poll() is None
            time.sleep(0.05)
        with pytest.raises(LockedError), course_lock(here.warehouse.settings, SPANISH):
            pass
        assert history.fail_dead_jobs(here.warehouse) == []  # it lives, on the other host
        there.kill()
        there.wait()
        desk.sandbox.set_faults("sis")
        assert desk.sync_one(SPANISH).status == "Completed"
        died = here.warehouse.read(history.job, "dies")
        assert died is not None
        assert (died.status, died.code) == ("Failed", history.DIED)
        soundness.require_sound(here.warehouse)
    created = desk.kinds()
    assert created["result", "create"] == len(desk.held())
    assert created["result", "replace"] == 0
    assert created["lineItem", "create"] == len(desk.sandbox.state()["line_items"])
    assert {*desk.sync_one(SPANISH).outcome.grades["state"]} <= {"unchanged", "skipped", "failed"}
