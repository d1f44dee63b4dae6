"""The analyst's views: what they say, and the very lines of docs/analysts.md in a plain DuckDB of its own."""

import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from gpb_pipeline.doctor.warehouse import warehouse_checks
from gpb_pipeline.passback.holdings.frames import ResultHoldings
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, tables, views
from gpb_pipeline.warehouse.attachment import extension_path
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline_tests.postgres import Postgres
from gpb_pipeline_tests.warehouse.rows import NOON, frame
from gpb_pipeline_tests.warehouse.syncs import algebra, grade, outcome, put_course, put_sync

PAGE = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text("utf-8")
EMBEDDED, SCALED_OUT, TAKEN_AWAY = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def rows(session: Connection, query: str) -> list[dict[Any, Any]]:
    return session.execute(query).df().to_dict("records")


def test_each_view_says_what_a_sync_left(warehouse: Warehouse) -> None:
    put_course(warehouse)
    graded = NOON - timedelta(hours=6)
    times: dict[str, Any] = {"graded_at": graded - timedelta(hours=1), "posted_at": graded}
    late = grade("s1", "a1", "u1", "created", score=9.5, **times)
    put_sync(warehouse, "j0", outcome(grades=[late]), posted_by="Ms. Frizzle")
    put_sync(warehouse, "j1", algebra(), at=NOON + timedelta(days=1))

    history = warehouse.read(rows, "FROM warehouse.main.grade_history ORDER BY sent_at")
    first = history[0]
    names = ("course_name", "section_name", "assignment_name", "student_name")
    assert [first[name] for name in names] == ["Algebra I", "Period 1", "Quiz", "Ada Lovelace"]
    assert (first["score"], first["action"]) == (9.5, "created")
    assert (first["posted_by"], first["type"]) == ("Ms. Frizzle", "manual")

    place = {"section_id": "s1", "class_id": "c1", "assignment_id": "a1"}
    held = [
        {
            **place,
            "user_id": user_id,
            "job_id": "j1",
            "student_id": f"SIS-{user_id}",
            "certainty": certainty,
            "score": score,
            "exempt": False,
        }
        for user_id, certainty, score in (("u1", "known", 9.5), ("u2", "gone", 8.0), ("u3", "known", None))
    ]
    warehouse.commit(tables.HOLDINGS_RESULTS.insert, frame(ResultHoldings, *held))
    [current] = warehouse.read(rows, "FROM warehouse.main.current_sis_grades")
    assert [current[name] for name in names] == ["Algebra I", "Period 1", "Quiz", "Ada Lovelace"]
    assert (current["student_id"], current["score"]) == ("SIS-u1", 9.5)

    put_course(warehouse, "0", "Homeroom")  # Canvas shows the section there now
    [moved] = warehouse.read(rows, "FROM warehouse.main.current_sis_grades")
    assert (moved["course_id"], moved["course_name"]) == ("1", "Algebra I")

    skips = warehouse.read(rows, "FROM warehouse.main.skips_by_school")
    kept_back = [each for each in algebra().grades["state"] if each in ("skipped", "failed")]
    assert sum(each["rows_kept_back"] for each in skips if each["kind"] == "grade") == len(kept_back)
    assert {each["state"] for each in skips} == {"skipped", "failed"}

    [lag] = warehouse.read(rows, "FROM warehouse.main.lag WHERE day = DATE '2026-03-02'")
    assert (lag["course_id"], lag["grades"], lag["p50_hours"]) == ("1", 1, 6.0)


LOOP = """
import duckdb, sys
opening, *asked = sys.argv[1].split("---")
duckdb.sql(opening)
for _ in sys.stdin:
    for each in asked:
        duckdb.sql(each).fetchall()
    print("asked", flush=True)
print(duckdb.sql("SELECT count(*) FROM gpb.grade_history").fetchone()[0])
try:
    duckdb.sql("DELETE FROM gpb.jobs")
except duckdb.Error as refused:
    print("read-only" in str(refused))
"""


def test_the_lines_of_the_document_open_it_in_plain_duckdb_while_syncs_commit(
    embedded: WarehouseSettings, tmp_path: Path
) -> None:
    *opening, ask_views, ask_grades = EMBEDDED.strip().splitlines()
    lines = "\n".join(opening).replace("/srv/gpb/.gpb/catalog.sqlite", str(embedded.embedded_catalog))
    with ducklake.connect(embedded, tables.create) as warehouse:
        put_course(warehouse)
        put_sync(warehouse, "j0", algebra())
        command = [sys.executable, "-c", LOOP, f"{lines}---{ask_views}---{ask_grades}"]
        with subprocess.Popen(
            command,
            env=os.environ | {"HOME": str(home_with_extensions(tmp_path, "ducklake", "sqlite_scanner"))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as analyst:
            assert analyst.stdin is not None
            assert analyst.stdout is not None
            for number in range(3):
                analyst.stdin.write("again\n")
                analyst.stdin.flush()
                put_sync(warehouse, f"j{number + 1}", algebra(), at=NOON + timedelta(minutes=number))
                assert analyst.stdout.readline() == "asked\n"
            ended, failed = analyst.communicate()
    assert (analyst.returncode, failed) == (0, "")
    grades, refused = ended.split()
    assert int(grades) >= 1
    assert refused == "True"


def home_with_extensions(folder: Path, *names: str) -> Path:
    """A home in which DuckDB's extensions are installed, as `INSTALL` leaves them."""
    [(platform,)] = duckdb.connect().execute("PRAGMA platform").fetchall()
    installed = folder / ".duckdb" / "extensions" / f"v{duckdb.__version__}" / str(platform)
    installed.mkdir(parents=True)
    for name in names:
        path = extension_path(name)
        assert path is not None
        shutil.copy(path, installed / f"{name}.duckdb_extension")
    return folder


def test_the_role_that_the_setting_names_reads_and_cannot_write(
    scaled_out: WarehouseSettings, postgres: Postgres
) -> None:
    with psycopg.connect(postgres.uri, autocommit=True) as session:
        session.execute("CREATE ROLE analyst LOGIN PASSWORD 'hunter2'")
    named = scaled_out.model_copy(update={"analysts": "analyst"})
    with ducklake.connect(named, tables.create) as warehouse:
        put_course(warehouse)
        put_sync(warehouse, "j0", algebra())
    with ducklake.connect(named, tables.create):  # granted already
        pass
    address = scaled_out.catalog.removeprefix("postgres:")
    as_analyst = re.sub(r"://[^@/]*@", "://analyst:hunter2@", address)
    *opening, ask = SCALED_OUT.strip().splitlines()
    attach = re.sub(r"postgres:host=[^']*", f"postgres:{as_analyst}", opening[-1])
    with duckdb.connect() as plain:
        for name in ("ducklake", "postgres_scanner"):
            plain.load_extension(str(extension_path(name)))
        plain.execute(attach)
        assert plain.execute("SELECT count(*) FROM gpb.grade_history").fetchone() != (0,)
        plain.execute(ask)
        with pytest.raises(duckdb.Error):
            plain.execute("DELETE FROM gpb.jobs")
    with psycopg.connect(as_analyst) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("DELETE FROM ducklake_snapshot")


def test_a_role_that_is_none_is_told_by_the_setting_and_stops_nothing(
    either: WarehouseSettings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever drops it for good must not stop the nights by that: a warning, and `gpb doctor` fails."""
    named = either.model_copy(update={"analysts": "nobody"})
    with ducklake.connect(named, tables.create):
        assert re.search(r"GPB_ANALYSTS: names (nobody, which is no role|a role)", caplog.text)
    monkeypatch.setattr(WarehouseSettings, "load", classmethod(lambda _: named))
    told = {check.name: check for check in warehouse_checks()}
    assert told["Warehouse"].ok
    assert (told["Analysts"].ok, told["Analysts"].detail[:13]) == (False, "GPB_ANALYSTS:")


def test_what_the_document_says_takes_the_right_away_again(
    scaled_out: WarehouseSettings, postgres: Postgres
) -> None:
    with psycopg.connect(postgres.uri, autocommit=True) as session:
        session.execute("CREATE ROLE leaver LOGIN")
    with ducklake.connect(scaled_out.model_copy(update={"analysts": "leaver"}), tables.create) as warehouse:
        put_course(warehouse)
        put_sync(warehouse, "j0", algebra())
    with psycopg.connect(scaled_out.catalog.removeprefix("postgres:"), autocommit=True) as session:
        for line in TAKEN_AWAY.replace("analyst", "leaver").strip().splitlines():
            session.execute(line.partition("--")[0].encode())
        assert session.execute("SELECT 1 FROM pg_roles WHERE rolname = 'leaver'").fetchone() is None
    with ducklake.connect(scaled_out, tables.create):
        pass


def test_a_view_of_an_older_version_is_made_anew(warehouse: Warehouse) -> None:
    def older(session: Connection) -> None:
        session.execute("CREATE OR REPLACE VIEW warehouse.main.lag AS SELECT 1 AS hours")

    def comments(session: Connection) -> set[str]:
        query = "SELECT comment FROM duckdb_views() WHERE database_name = 'warehouse'"
        return {comment for (comment,) in session.execute(query).fetchall()}

    warehouse.commit(older)
    warehouse.commit(tables.create)
    assert warehouse.read(rows, "FROM warehouse.main.lag") == []
    assert warehouse.read(comments) == {each.comment for each in views.VIEWS}
