"""`gpb forget`: the student is nowhere any more, and the next sync neither doubles nor reads in again."""

import io
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from gpb_pipeline.events import CourseUnchanged
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.warehouse import history, student_list, tables
from gpb_pipeline.warehouse.history import Begun
from gpb_pipeline.warehouse.locks import course_lock
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline_tests.cli.command import Done, gpb
from gpb_pipeline_tests.sync.desk import ALGEBRA, ENGLISH, SPANISH, Desk


@dataclass(frozen=True)
class Pupil:
    """A student as the warehouse's enrollments have one."""

    user_id: str
    sis_user_id: str
    name: str


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))


def pupil_of(course_id: str = ALGEBRA, *, not_in: str = "") -> Pupil:
    """Choose one whose grades the SIS holds, of this course and not of that."""
    with open_warehouse() as warehouse:
        sent = warehouse.read(tables.SENT_RESULTS.select, "section_id", sections(course_id))
        people = warehouse.read(tables.CANVAS_ENROLLMENTS.select, "course_id", [course_id])
        others = warehouse.read(tables.CANVAS_ENROLLMENTS.select, "course_id", [not_in])
    sent = sent[~sent["user_id"].isin(others["user_id"])]
    [(user_id, _)] = Counter(sent["user_id"]).most_common(1)
    row = next(each for each in rows_of(people) if each.user_id == user_id)
    return Pupil(row.user_id, row.sis_user_id, row.student_name)


def sections(course_id: str) -> list[str]:
    with open_warehouse() as warehouse:
        return warehouse.read(tables.CANVAS_SECTIONS.select, "course_id", [course_id])["section_id"].to_list()


def sections_of(pupil: Pupil, course_id: str) -> set[str]:
    with open_warehouse() as warehouse:
        people = warehouse.read(tables.CANVAS_ENROLLMENTS.select, "course_id", [course_id])
    return set(people.loc[people["user_id"] == pupil.user_id, "section_id"])


def on_disk(folder: Path, *words: str) -> list[str]:
    """Name the files in which a word stands: Parquet by its values, every other by its bytes."""
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(each)}(?![\w-])" for each in words))
    found = []
    for path in (each for each in folder.rglob("*") if each.is_file()):
        if path.suffix == ".parquet":
            text = str(duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall())  # noqa: S608
            text += str(duckdb.sql(f"SELECT * FROM parquet_metadata('{path}')").fetchall())  # noqa: S608
        else:
            text = path.read_bytes().decode("latin-1")
        if pattern.search(text):
            found.append(path.name)
    return found


def hits(done: Done) -> int:
    return sum(each["hits"] for each in done.json["proof"])


def test_a_student_is_nowhere_any_more_and_no_sync_doubles_or_reads_in(
    strict_desk: Desk, tmp_path: Path
) -> None:
    desk = strict_desk
    desk.sync_one(SPANISH, anew=False)
    desk.sync_one(SPANISH, anew=False)  # which the next one could share the judgement of
    pupil, held = pupil_of(SPANISH), desk.held()
    assert on_disk(tmp_path, pupil.name, pupil.sis_user_id)
    before = gpb("forget", "--student", pupil.user_id)
    assert (before.status, "--yes does it" in before.out) == (0, True)
    assert pupil.name not in before.out
    assert on_disk(tmp_path, pupil.name, pupil.sis_user_id)

    done = gpb("forget", "--student", pupil.sis_user_id, "--yes", "--json")
    assert hits(done) == 0
    assert {each["where"]: each["looked_at"] > 0 for each in done.json["proof"]} == dict.fromkeys(
        ("tables", "Parquet files", "minima and maxima", "catalogue's file, logs and records"), True
    )
    assert done.json["bare_ids_kept"] > 0
    assert on_disk(tmp_path, pupil.name, pupil.sis_user_id) == []

    written = desk.written()
    synced = desk.sync_one(SPANISH, anew=False)
    assert synced.status == "Completed"
    assert (desk.written(), desk.held()) == (written, held)
    [after] = desk.events(desk.request(SPANISH, anew=False))[-1:]
    assert isinstance(after, CourseUnchanged)
    remastered = desk.sync_one(SPANISH, sync_type="remaster")
    assert pupil.user_id not in set(remastered.outcome.grades["user_id"])
    desk.sync_one(SPANISH, sync_type="reconcile")  # reads every class back, the student's results too
    assert desk.held() == held
    assert on_disk(tmp_path, pupil.name) == []
    again = gpb("forget", "--student", pupil.user_id, "--yes", "--json")
    assert (again.json["rows"], hits(again)) == ({}, 0)

    assert "Nothing was changed" in gpb("remember", "--student", pupil.user_id).out
    assert gpb("remember", "--student", pupil.sis_user_id, "--yes").status == 0
    assert gpb("remember", "--student", pupil.user_id, "--yes").status == 1  # by none of the ids any more
    back = desk.sync_one(SPANISH)
    assert pupil.user_id in set(back.outcome.grades["user_id"])
    assert desk.held() == held
    with open_warehouse() as warehouse:
        ours = warehouse.read(tables.HOLDINGS_RESULTS.select, "user_id", [pupil.user_id])
    assert len(ours) == done.json["bare_ids_kept"]


@pytest.mark.long
def test_what_the_sis_holds_is_taken_back_first_where_that_is_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sync_one(SPANISH)
    pupil = pupil_of(SPANISH)
    monkeypatch.setenv("GPB_WRITE_HOSTS", "test.sis.example")
    refused = gpb("forget", "--student", pupil.user_id, "--retract", "--yes")
    assert (refused.status, "add its host to GPB_WRITE_HOSTS" in refused.err) == (1, True)
    monkeypatch.delenv("GPB_WRITE_HOSTS")
    with open_warehouse() as warehouse:
        assert warehouse.read(student_list.everybody).marks == frozenset()
    theirs = [each for each in desk.held() if each[1] == pupil.sis_user_id]
    others = [each for each in desk.held() if each[1] != pupil.sis_user_id]
    done = gpb("forget", "--student", pupil.user_id, "--retract", "--yes", "--json")
    assert theirs
    assert (hits(done), done.json["bare_ids_kept"]) == (0, 0)
    assert desk.held() == others
    desk.sync_one(SPANISH)
    assert desk.held() == others


@pytest.mark.long
def test_what_stands_of_a_section_that_canvas_deleted_is_taken_back_too(desk: Desk) -> None:
    desk.sync_one(ALGEBRA)
    pupil = pupil_of(ALGEBRA)
    [theirs] = sections_of(pupil, ALGEBRA)
    desk.sandbox.control("canvas", "DELETE", f"/courses/{ALGEBRA}/sections/{theirs}")
    desk.sync_one(ALGEBRA)
    assert theirs not in sections(ALGEBRA)
    assert pupil.sis_user_id in {each[1] for each in desk.held()}
    done = gpb("forget", "--student", pupil.user_id, "--retract", "--yes", "--json")
    assert (hits(done), done.json["bare_ids_kept"]) == (0, 0)
    assert pupil.sis_user_id not in {each[1] for each in desk.held()}


@pytest.mark.long
def test_what_is_older_goes_and_a_course_in_use_keeps_what_the_sis_holds(
    strict_desk: Desk, tmp_path: Path
) -> None:
    desk = strict_desk
    desk.sync(ALGEBRA, ENGLISH)
    resting = pupil_of(ENGLISH, not_in=ALGEBRA)
    held, written = desk.held(), desk.written()
    desk.hours = 72
    desk.sync_one(ALGEBRA)
    day = in_days(2)
    assert gpb("forget", "--before", day, "--json").json["bare_ids_kept"] > 0
    done = gpb("forget", "--before", day, "--yes", "--json")
    assert hits(done) == 0
    assert on_disk(tmp_path, resting.name) == []
    with open_warehouse() as warehouse:
        assert {job.course_id for job in warehouse.read(history.jobs)} == {ALGEBRA}
    desk.sync(ALGEBRA, ENGLISH)
    assert (desk.held(), desk.written()) == (held, written)


def in_days(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


def test_an_id_of_nobody_and_wrong_usage_are_one_line_without_the_id(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments, status in (
        (("--student", "31337"), 1),
        ((), 2),
        (("--student", "31337", "--before", "2026-01-01"), 2),
        (("--before", "2026-01-01", "--retract"), 2),
        (("--student", "-"), 2),
    ):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"31337\xff\n"), "utf-8"))
        done = gpb("forget", *arguments)
        assert (done.status, done.out) == (status, "")
        assert "31337" not in done.err
        assert "Traceback" not in done.err


def test_an_id_of_two_students_is_asked_about(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.sync_one(ALGEBRA)
    pupil = pupil_of()

    def other_has_it(session: Any) -> None:
        session.execute(
            f"UPDATE {tables.SIS_ROSTER.qualified} SET student_id = $1 WHERE sis_user_id <> $2",  # noqa: S608
            [pupil.user_id, pupil.sis_user_id],
        )

    with open_warehouse() as warehouse:
        warehouse.commit(other_has_it)
    asked = gpb("forget", "--student", pupil.user_id)
    assert (asked.status, pupil.user_id in asked.err) == (2, False)
    assert "--as canvas, or --as sis" in asked.err
    assert gpb("forget", "--student", pupil.user_id, "--as", "canvas").status == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{pupil.user_id}\n"))
    assert gpb("forget", "--student", "-", "--as", "canvas").status == 0


def test_nothing_is_forgotten_while_a_sync_runs(desk: Desk) -> None:
    desk.sync_one(ALGEBRA)
    asked = ("forget", "--student", pupil_of().user_id, "--yes")
    now = datetime.now(UTC)
    with open_warehouse() as warehouse, course_lock(warehouse.settings, ALGEBRA):
        refused = gpb(*asked)
        assert (refused.status, "another process holds it" in refused.err) == (1, True)
    with open_warehouse() as warehouse, course_lock(warehouse.settings, ENGLISH):
        begun = Begun(job_id="other", course_id=ENGLISH, type="manual", posted_by="a test", at=now)
        warehouse.commit(history.begin, [begun])
        refused = gpb(*asked)
        assert (refused.status, "a sync is running" in refused.err) == (2, True)
        assert warehouse.read(student_list.everybody).marks == frozenset()
