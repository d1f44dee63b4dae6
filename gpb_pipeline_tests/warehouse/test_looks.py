"""The record of who looked at pages that show students: written down, folded in, kept, dropped."""

import resource
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gpb_pipeline.errors import PermanentError
from gpb_pipeline.warehouse import looks
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.locks import commit_turn
from gpb_pipeline.warehouse.looks import Look
from gpb_pipeline_tests.warehouse.rows import NOON

YEAR = timedelta(days=365)
LATER = NOON + timedelta(hours=2)


def look(at: datetime = NOON, who: str = "Dana \u2028 Whitfield\n") -> Look:
    return Look(looked_at=at, who=who, page="grades", course_id="1001", job_id="j1")


def on_record(warehouse: Warehouse) -> list[str]:
    def who(session: Connection) -> list[str]:
        rows = session.execute("SELECT who FROM warehouse.main.looks ORDER BY looked_at").fetchall()
        return [row[0] for row in rows]

    return warehouse.read(who)


def test_looking_meets_no_lock_and_what_is_over_is_folded_in_once(warehouse: Warehouse) -> None:
    folder = warehouse.settings.looks_folder
    with commit_turn(warehouse.settings):  # somebody commits, and takes their time
        looks.note(folder, look())
        looks.note(folder, look(LATER, "somebody now"))
    assert on_record(warehouse) == []
    assert looks.fold(warehouse, keep=YEAR, now=LATER) == 1
    assert looks.fold(warehouse, keep=YEAR, now=LATER) == 0
    assert on_record(warehouse) == ["Dana \u2028 Whitfield\n"]
    assert len(list(folder.iterdir())) == 1  # that of this hour


def test_a_fold_that_was_interrupted_before_its_file_was_gone_counts_once(warehouse: Warehouse) -> None:
    folder = warehouse.settings.looks_folder
    looks.note(folder, look())
    (path,) = folder.iterdir()
    text = path.read_text("utf-8")
    looks.fold(warehouse, keep=YEAR, now=LATER)
    path.write_text(text, "utf-8")
    assert looks.fold(warehouse, keep=YEAR, now=LATER) == 0
    assert len(on_record(warehouse)) == 1
    assert not path.exists()


def test_what_a_full_disk_or_a_power_cut_tore_is_told_and_stops_no_other_look(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    folder = warehouse.settings.looks_folder
    looks.note(folder, look())
    (path,) = folder.iterdir()
    line = path.read_bytes()
    path.write_bytes(line[:40] + line + b"\0\xff\n[]\n" + line[:-9])
    another = folder / "notes.jsonl"
    another.touch()
    assert looks.fold(warehouse, keep=YEAR, now=LATER) == 1
    assert on_record(warehouse) == ["Dana \u2028 Whitfield\n"]
    assert f"3 of the looks in {path.name} cannot be read" in caplog.text
    assert list(folder.iterdir()) == [another]


def test_a_look_that_a_full_disk_cuts_is_none(tmp_path: Path) -> None:
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, most[1]))
    try:
        with pytest.raises(PermanentError, match="No space left"):
            looks.note(tmp_path, look())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)


def test_a_look_leaves_the_record_at_its_age(warehouse: Warehouse) -> None:
    looks.note(warehouse.settings.looks_folder, look())
    looks.fold(warehouse, keep=YEAR, now=LATER)
    looks.fold(warehouse, keep=YEAR, now=NOON + YEAR + timedelta(minutes=1))
    assert on_record(warehouse) == []


def test_the_record_is_its_owners_alone_and_nothing_is_shown_without_it(tmp_path: Path) -> None:
    folder = tmp_path / "looks"
    looks.note(folder, look())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()] == [0o600]
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(PermanentError, match="the record of looks"):
        looks.note(blocked, look())
