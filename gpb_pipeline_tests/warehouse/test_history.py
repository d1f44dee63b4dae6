from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gpb_pipeline.passback.rows.counts import Counts, Extracted, WriteCounts
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, history, logs, maintenance, tables, unsure
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.history import Begun, End, EndStatus, Reached
from gpb_pipeline.warehouse.locks import course_lock
from gpb_pipeline.warehouse.logs import JobOutcome
from gpb_pipeline_tests.warehouse.rows import EXTRACTED, NOON, outcome


def begin(warehouse: Warehouse, job_id: str, course_id: str, at: datetime = NOON) -> None:
    begun = Begun(job_id=job_id, course_id=course_id, type="manual", posted_by="Ms. Frizzle", at=at)
    warehouse.commit(history.begin, [begun])


def end(warehouse: Warehouse, job_id: str, status: EndStatus = "Completed", at: datetime = NOON) -> None:
    warehouse.commit(history.end, [End(job_id=job_id, at=at, status=status, counts=Counts.none())])


def job_ids(warehouse: Warehouse, course_id: str | None = None) -> list[str]:
    return [job.job_id for job in warehouse.read(history.jobs, course_id)]


def test_counts_follow_the_manuals_words() -> None:
    key = {"section_id": "s1", "assignment_id": "a1"}
    states = ["created", "updated", "failed", "unchanged", "skipped", "withdrawn"]
    counts = Counts.of(
        outcome(
            [key | {"state": "created"}, {"section_id": "s2", "assignment_id": "a2", "state": "skipped"}],
            [key | {"user_id": f"u{n}", "state": state} for n, state in enumerate(states)],
        )
    )
    assert counts == Counts(
        assignments=1,
        line_items=WriteCounts(sent=1, created=1),
        results=WriteCounts(sent=3, created=2),
        withdrawn=1,
        filtered=Extracted(sections=1, assignments=1, grades=5),
        extracted=EXTRACTED,
    )
    assert counts.results.summary() == {"sent": 3, "created": 2, "percent": 66.7}
    assert WriteCounts(sent=0, created=0).summary()["percent"] is None


def test_a_job_shows_its_stage_while_it_runs_and_its_counts_when_it_ended(either: WarehouseSettings) -> None:
    later = [NOON + timedelta(seconds=n) for n in range(4)]
    counts = Counts.of(outcome([{"state": "created"}], [{"state": "updated"}]))
    with ducklake.connect(either, tables.create) as warehouse:
        begin(warehouse, "j1", "1")
        started = warehouse.read(history.job, "j1")
        for number, stage in enumerate(["Get Assignments", "Get Grades"], start=1):
            warehouse.commit(history.reach, [Reached(job_id="j1", stage=stage, at=later[number])])
        running = warehouse.read(history.job, "j1")
        warehouse.commit(history.end, [End(job_id="j1", at=later[3], status="Completed", counts=counts)])
        ended = warehouse.read(history.job, "j1")
        assert warehouse.read(history.job, "j0") is None
    assert started is not None
    assert (started.status, started.stage, started.updated_at) == ("Running", None, NOON)
    assert running is not None
    assert (running.status, running.stage, running.updated_at) == ("Running", "Get Grades", later[2])
    assert ended is not None
    assert ended.counts == counts
    assert ended.summary(ZoneInfo("America/New_York")) == {
        "job_id": "j1",
        "type": "manual",
        "course_id": "1",
        "time_started": "2026-03-02T12:00:00-05:00",
        "time_updated": "2026-03-02T12:00:03-05:00",
        "posted_by": "Ms. Frizzle",
        "stage": "Get Grades",
        "status": "Completed",
        "assignments": 1,
        "sis_assignments": {"sent": 1, "created": 1, "percent": 100.0},
        "sis_grades": {"sent": 1, "created": 1, "percent": 100.0},
        "code": None,
        "cause": None,
    }


def test_history_is_newest_first_and_can_be_one_courses(warehouse: Warehouse) -> None:
    for number, (job_id, course_id) in enumerate([("old", "1"), ("other", "2"), ("new", "1")]):
        begin(warehouse, job_id, course_id, NOON + timedelta(minutes=number))
    assert job_ids(warehouse) == ["new", "other", "old"]
    assert job_ids(warehouse, "1") == ["new", "old"]
    latest = warehouse.read(history.jobs, limit=1)
    assert [job.job_id for job in latest] == ["new"]


def test_an_open_job_is_failed_once_nobody_holds_its_course(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        for job_id, course_id in (("ended", "1"), ("dead", "1"), ("alive", "2")):
            begin(warehouse, job_id, course_id)
        end(warehouse, "ended")
        with course_lock(either, "2"):
            assert history.fail_dead_jobs(warehouse) == ["dead"]
            assert history.fail_dead_jobs(warehouse) == []
        found = {job.job_id: job for job in warehouse.read(history.jobs)}
    assert {job_id: job.status for job_id, job in found.items()} == {
        "ended": "Completed",
        "dead": "Failed",
        "alive": "Running",
    }
    assert found["dead"].code == "interrupted"


def test_who_looks_for_dead_jobs_holds_no_course_while_it_commits(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(warehouse, "dead", "1")
    commit = Warehouse.commit

    def between(self: Warehouse, *args: Any) -> Any:
        with course_lock(self.settings, "1"):  # a night that begins just then
            return commit(self, *args)

    monkeypatch.setattr(Warehouse, "commit", between)
    assert history.fail_dead_jobs(warehouse) == ["dead"]


@pytest.mark.parametrize("clock", [1, -1], ids=["goes on", "is set back"])
def test_a_course_is_unsure_until_a_sync_completes_after_one_that_could_post(
    warehouse: Warehouse, clock: int
) -> None:
    jobs: dict[str, list[tuple[str | None, EndStatus | None]]] = {  # oldest first
        "new": [],
        "well": [("Verify", "Completed")],
        "died": [("Verify", "Completed"), (None, None)],
        "stopped": [("Post Grades", "Failed"), ("Get Grades", "Failed")],
        "harmless": [("Post Grades", "Completed"), ("Get Grades", "Failed")],
        "mended": [("Post Grades", "Failed"), ("Verify", "Completed (with errors)")],
    }
    for course_id, past in jobs.items():
        for number, (stage, status) in enumerate(past):
            job_id, at = f"{course_id}-{number}", NOON + timedelta(minutes=number * clock)
            begin(warehouse, job_id, course_id, at)
            if stage:
                before = Reached(job_id=job_id, stage="Get Assignments", at=at - timedelta(seconds=clock))
                warehouse.commit(history.reach, [before, Reached(job_id=job_id, stage=stage, at=at)])
            if status:
                end(warehouse, job_id, status, at)
    found = dict.fromkeys(jobs, NOON + timedelta(hours=1))
    for _ in range(2):  # as found dead, and as known to have died
        past_jobs = warehouse.commit(history.fail_open_jobs, found)
        assert unsure.left(past_jobs) == {"died", "stopped"}


def test_purging_goes_by_age_and_status_and_keeps_each_courses_latest(warehouse: Warehouse) -> None:
    now = datetime(2026, 4, 1, tzinfo=UTC)
    aged: list[tuple[str, str, int, EndStatus]] = [
        ("c8", "1", 8, "Completed"),
        ("c6", "1", 6, "Completed"),
        ("e15", "1", 15, "Completed (with errors)"),
        ("e13", "1", 13, "Completed (with errors)"),
        ("f15", "1", 15, "Failed"),
        ("f13", "1", 13, "Failed"),
        ("latest", "2", 300, "Completed"),
    ]
    begin(warehouse, "open", "1", now - timedelta(days=40))
    for job_id, course_id, days, status in aged:
        begin(warehouse, job_id, course_id, now - timedelta(days=days))
        end(warehouse, job_id, status)
        came = JobOutcome(course_id=course_id, job_id=job_id, outcome=outcome())
        warehouse.commit(logs.append, [came])
    foreseen = warehouse.read(maintenance.purgeable, now=now)
    purged = warehouse.commit(maintenance.purge, now=now)
    assert purged == foreseen
    assert {job.job_id for job in purged} == {"c8", "e15", "f15"}
    assert set(job_ids(warehouse)) == {"c6", "e13", "f13", "open", "latest"}

    def logged(session: Connection) -> set[str]:
        every = [job_id for job_id, *_ in aged]
        return {job_id for job_id in every if not logs.of_job(session, tables.ISSUES, job_id).empty}

    assert warehouse.read(logged) == {"c6", "e13", "f13", "latest"}
