import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Timer

import duckdb
import psycopg
import pytest
import stamina
from psycopg.conninfo import conninfo_to_dict

from gpb_pipeline.errors import PermanentError, SettingsError, TransientError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import attachment, ducklake, locks, tables
from gpb_pipeline.warehouse.data_folder import open_to_others
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline_tests.postgres import Postgres

APPEND_TEN_TIMES = """
import sys
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake
settings = WarehouseSettings(catalog=sys.argv[1], data_path=sys.argv[2])
with ducklake.connect(settings) as warehouse:
    for number in range(10):
        warehouse.commit(lambda s: s.execute("INSERT INTO warehouse.main.tally VALUES (?)", [sys.argv[3]]))
        warehouse.commit(lambda s: s.execute("UPDATE warehouse.main.total SET n = n + 1"))
"""


def count(warehouse: Warehouse, table: str) -> int:
    query = f"SELECT count(*) FROM warehouse.main.{table}"  # noqa: S608
    row = warehouse.read(lambda session: session.execute(query).fetchone())
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("name", ["ducklake", "sqlite_scanner", "postgres_scanner", "httpfs"])
def test_each_extension_comes_from_a_wheel_of_this_duckdb_and_loads_signed(name: str) -> None:
    path = attachment.extension_path(name)
    assert path is not None
    assert path.parent.name == f"v{duckdb.__version__}"
    with duckdb.connect(config={"allow_unsigned_extensions": False}) as connection:
        attachment.load_extension(connection, name)
        loaded = connection.execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded").fetchall()
    assert (name,) in loaded


def test_unsigned_extensions_are_refused_and_times_are_utc(warehouse: Warehouse) -> None:
    query = "SELECT current_setting('allow_unsigned_extensions'), current_setting('TimeZone')"
    assert warehouse.read(lambda session: session.execute(query).fetchone()) == (False, "UTC")


def test_duckdb_prints_no_progress_where_python_seems_to_be_typed(warehouse: Warehouse) -> None:
    """As of `python -c`, where DuckDB has it on."""
    code = """
import sys
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import attachment
connection = attachment.instance(WarehouseSettings(catalog=sys.argv[1], data_path=sys.argv[2]))
print(connection.execute("SELECT current_setting('enable_progress_bar')").fetchone())
"""
    arguments = [sys.executable, "-c", code, warehouse.settings.catalog, warehouse.settings.data_path]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout == "(False,)\n"


def test_opening_again_finds_what_was_committed(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        warehouse.commit(lambda session: session.execute("CREATE TABLE warehouse.main.t AS SELECT 7 AS n"))
    with ducklake.connect(either, tables.create) as warehouse:
        assert count(warehouse, "t") == 1


def test_a_commit_that_raises_leaves_nothing(warehouse: Warehouse) -> None:
    warehouse.commit(lambda session: session.execute("CREATE TABLE warehouse.main.t (n INTEGER)"))

    def half(session: Connection) -> None:
        session.execute("INSERT INTO warehouse.main.t VALUES (1)")
        raise LookupError

    with pytest.raises(LookupError):
        warehouse.commit(half)
    assert count(warehouse, "t") == 0


def test_what_duckdb_says_about_values_is_not_passed_on(warehouse: Warehouse) -> None:
    with pytest.raises(PermanentError) as refused:
        warehouse.read(lambda session: session.execute("SELECT CAST('Ada Lovelace' AS INTEGER)").fetchall())
    assert "Ada" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_catalogue_that_is_down_is_transient_and_its_password_stays_secret(tmp_path: Path) -> None:
    settings = WarehouseSettings(
        catalog="postgres:host=127.0.0.1 port=9 dbname=x password=hunter2", data_path=str(tmp_path)
    )
    with pytest.raises(TransientError) as down, ducklake.connect(settings):
        pass
    assert "hunter2" not in str(down.value)


def test_a_full_disk_is_transient_and_leaves_what_was_there(embedded: WarehouseSettings) -> None:
    with ducklake.connect(embedded) as opened:
        opened.commit(lambda session: session.execute("CREATE TABLE warehouse.main.t AS SELECT 1 AS n"))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
        try:
            with stamina.set_testing(testing=True), pytest.raises(TransientError, match="space") as full:
                opened.commit(lambda session: session.execute("INSERT INTO warehouse.main.t VALUES (2)"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert full.value.code == "warehouse_unavailable"
        assert count(opened, "t") == 1
        opened.commit(lambda session: session.execute("INSERT INTO warehouse.main.t VALUES (3)"))
        assert count(opened, "t") == 2


def test_two_processes_writing_at_once_lose_nothing_and_stop_no_reader(either: WarehouseSettings) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        warehouse.commit(lambda session: session.execute("CREATE TABLE warehouse.main.tally (who VARCHAR)"))
        warehouse.commit(
            lambda session: session.execute("CREATE TABLE warehouse.main.total AS SELECT 0 AS n")
        )
        arguments = [sys.executable, "-c", APPEND_TEN_TIMES, either.catalog, either.data_path]
        writers = [
            subprocess.Popen([*arguments, who], stderr=subprocess.PIPE, text=True)
            for who in ("left", "right")
        ]
        while any(writer.poll() is None for writer in writers):  # readers are never blocked, nor refused
            assert 0 <= count(warehouse, "tally") <= 20
        ends = [(writer.communicate()[1], writer.returncode) for writer in writers]
        assert [code for _, code in ends] == [0, 0], ends
        assert count(warehouse, "tally") == 20
        total = warehouse.read(
            lambda session: session.execute("SELECT n FROM warehouse.main.total").fetchone()
        )
        assert total == (20,)


def test_a_commit_waits_for_its_turn_and_then_says_who_was_in_the_way(
    either: WarehouseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ducklake.connect(either, tables.create) as warehouse:
        monkeypatch.setattr(ducklake, "COMMIT_PATIENCE", 0.05)
        with locks.commit_turn(either), pytest.raises(TransientError) as refused:
            warehouse.commit(tables.create)
    assert refused.value.item == "warehouse"


def test_another_data_path_than_the_warehouse_was_made_with_is_refused(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    moved = WarehouseSettings(catalog=warehouse.settings.catalog, data_path=str(tmp_path / "elsewhere"))
    with pytest.raises(PermanentError), ducklake.connect(moved, tables.create):
        pass


def test_an_encrypted_warehouse_shows_nothing_in_its_data_and_stays_as_it_was_made(
    either: WarehouseSettings,
) -> None:
    encrypted = either.model_copy(update={"encrypt": True})
    with ducklake.connect(encrypted) as opened:
        opened.commit(lambda session: session.execute("CREATE TABLE warehouse.main.t AS SELECT 'Ada' AS who"))
    with ducklake.connect(encrypted) as opened:
        assert count(opened, "t") == 1
    [file] = Path(either.data_path).rglob("*.parquet")
    assert b"Ada" not in file.read_bytes()
    with pytest.raises(SettingsError, match=r"^GPB_ENCRYPT: .*it is encrypted"), ducklake.connect(either):
        pass


def test_a_warehouse_made_without_encryption_is_not_encrypted_later(warehouse: Warehouse) -> None:
    encrypted = warehouse.settings.model_copy(update={"encrypt": True})
    with (
        pytest.raises(SettingsError, match=r"^GPB_ENCRYPT: .*it is not encrypted.*GPB_ENCRYPT=false"),
        ducklake.connect(encrypted),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_told_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    inside = f"{tmp_path}/file/inside"
    for settings, named in (
        (WarehouseSettings(catalog=f"sqlite:{inside}/c.sqlite", data_path=str(tmp_path)), "GPB_CATALOG"),
        (WarehouseSettings(catalog=f"sqlite:{tmp_path}/c.sqlite", data_path=inside), "GPB_DATA_PATH"),
    ):
        with pytest.raises(SettingsError) as told, ducklake.connect(settings, tables.create):
            pass
        assert told.value.item == named


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_catalogue_that_was_moved_away_may_come_back(warehouse: Warehouse, what: str) -> None:
    catalog = warehouse.settings.embedded_catalog
    assert catalog is not None
    place, aside = (catalog if what == "file" else catalog.parent), catalog.parent.with_name("aside")
    place.rename(aside)
    if what == "folder":
        place.mkdir()  # as an empty mount point is there
    for _ in range(2):  # on the session that was open, and on a new one
        with pytest.raises(TransientError, match="cannot be reached"):
            count(warehouse, "jobs")
    if what == "folder":
        shutil.rmtree(place)
    aside.rename(place)
    assert count(warehouse, "jobs") == 0


def test_nobody_else_reads_it_where_others_may_enter_the_folders(tmp_path: Path) -> None:
    """As `make demo` leaves .gpb, and as whoever made /srv/gpb beforehand did."""
    lake, data = tmp_path / "lake", tmp_path / "lake" / "data"
    for folder in (lake, data):
        folder.mkdir(mode=0o755)
    settings = WarehouseSettings(catalog=f"sqlite:{lake / 'catalog.sqlite'}", data_path=str(data))
    with ducklake.connect(settings, tables.create) as warehouse:
        warehouse.commit(lambda session: session.execute("CREATE TABLE warehouse.main.t AS SELECT 7 AS n"))
        made = {each.name: each.stat().st_mode & 0o077 for each in lake.iterdir() if each.is_file()}
        assert "catalog.sqlite" in made
        assert set(made.values()) == {0}
    assert [path.parent.parent.name for path in data.rglob("*.parquet")] == ["main"]
    assert [each.name for each in data.iterdir() if each.stat().st_mode & 0o007 and each.is_dir()] == []


def test_what_every_user_of_the_machine_can_read_is_named() -> None:
    """As a catalogue of an earlier version is, or one that was restored with other modes."""
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders nobody else may enter
        lake = Path(place)
        settings = WarehouseSettings(
            catalog=f"sqlite:{lake / 'catalog.sqlite'}", data_path=str(lake / "data")
        )
        (lake / "data" / "main").mkdir(parents=True)
        (lake / "catalog.sqlite").touch()
        for folder in (lake, lake / "data", lake / "data" / "main"):
            folder.chmod(0o755)
        (lake / "catalog.sqlite").chmod(0o644)
        assert list(open_to_others(settings)) == [lake / "catalog.sqlite", lake / "data" / "main"]
        (lake / "catalog.sqlite").chmod(0o640)
        (lake / "data").chmod(0o750)
        assert list(open_to_others(settings)) == []
        lake.chmod(0o700)


@pytest.mark.parametrize("name", ["da[t]a", "dat?", "*"])
def test_a_folder_whose_name_is_a_pattern_is_refused(tmp_path: Path, name: str) -> None:
    """DuckDB would find no file in it, and neither would the proof of what was forgotten."""
    settings = WarehouseSettings(catalog=f"sqlite:{tmp_path / 'c.sqlite'}", data_path=str(tmp_path / name))
    with pytest.raises(SettingsError, match=r"GPB_DATA_PATH: is in .*, which has one of"):
        ducklake.connect(settings).__enter__()
    assert not (tmp_path / name).exists()


def test_a_folder_of_data_belongs_to_one_catalogue(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    ours = WarehouseSettings(catalog=f"sqlite:{tmp_path}/one.sqlite", data_path=data)
    for _ in range(2):
        with ducklake.connect(ours, tables.create):
            pass
    other = WarehouseSettings(catalog=f"sqlite:{tmp_path}/two.sqlite", data_path=f"{data}/")
    with pytest.raises(SettingsError, match="GPB_DATA_PATH") as refused, ducklake.connect(other):
        pass
    assert "another catalogue" in str(refused.value)
    assert "for a copy of a catalogue, with a copy of the data" in str(
        refused.value
    )  # a drill beside production
    for misplaced in (f"{data}/below", str(tmp_path)):
        moved = WarehouseSettings(catalog=ours.catalog, data_path=misplaced)
        with pytest.raises(SettingsError, match="not where the catalogue has its data") as refused:
            ducklake.connect(moved).__enter__()
        assert f"that is {data}/." in str(refused.value)
    for nested in (f"{data}/below", str(tmp_path)):
        inside = WarehouseSettings(catalog=other.catalog, data_path=nested)
        with pytest.raises(SettingsError, match="GPB_DATA_PATH") as refused, ducklake.connect(inside):
            pass
        assert f"is in {data}," in str(refused.value)
    (tmp_path / "data" / ".catalog").unlink()  # as the remedy says, of a catalogue that was moved
    with ducklake.connect(other, tables.create):
        pass


def test_a_refused_opening_leaves_nothing(tmp_path: Path) -> None:
    """Neither in a folder that was there, nor one of its own; the catalogue has its data elsewhere."""
    ours = WarehouseSettings(
        catalog=f"sqlite:{tmp_path}/lake/c.sqlite", data_path=str(tmp_path / "lake/data")
    )
    with ducklake.connect(ours, tables.create):
        pass
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("no SQLite")
    before = sorted(tmp_path.rglob("*"))
    catalogs = {
        "lake/c.sqlite": ("there", "new/data"),
        "new/c.sqlite": ("lake", "lake/data/main", "file/new"),
    }
    for catalog, folders in catalogs.items():
        for folder in folders:
            wrong = WarehouseSettings(
                catalog=f"sqlite:{tmp_path}/{catalog}", data_path=str(tmp_path / folder)
            )
            with pytest.raises(PermanentError), ducklake.connect(wrong, tables.create):
                pass
            assert sorted(tmp_path.rglob("*")) == before, (catalog, folder)


@pytest.mark.parametrize("catalog", ["folder", "fifo", "text", ".", "/dev/null", "/proc/none", "n" * 252])
def test_what_can_be_no_catalogue_is_told_by_its_setting(
    tmp_path: Path, catalog: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    os.mkfifo("fifo")
    Path("text").write_text("no SQLite at all")
    settings = WarehouseSettings(catalog=f"sqlite:{catalog}", data_path="data")
    with pytest.raises(SettingsError) as told, ducklake.connect(settings, tables.create):
        pass
    assert told.value.item == "GPB_CATALOG"
    assert not Path("data").exists()


def test_a_warehouse_that_cannot_be_filled_is_not_there_afterwards(tmp_path: Path) -> None:
    """But for its locks, which others may be waiting for."""
    settings = WarehouseSettings(catalog=f"sqlite:{tmp_path}/c.sqlite", data_path=str(tmp_path / "new/data"))

    def fails(_: Connection) -> None:
        raise SettingsError("is not", item="it", remedy="None.")

    with pytest.raises(SettingsError, match="is not"), ducklake.connect(settings, fails):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["c.sqlite.locks"]
    with ducklake.connect(settings, tables.create) as warehouse:
        assert count(warehouse, "jobs") == 0


def test_a_database_is_the_same_catalogue_however_it_is_written(
    scaled_out: WarehouseSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = conninfo_to_dict(scaled_out.catalog.removeprefix("postgres:"))
    services = tmp_path / "services"
    services.write_text(
        "".join(
            f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in (address | other).items())
            for name, other in (("same", {}), ("another", {"dbname": "postgres"}))
        )
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    same, another = (
        WarehouseSettings(catalog=f"postgres:service={name}", data_path=scaled_out.data_path)
        for name in ("same", "another")
    )
    for settings in (scaled_out, same):
        with ducklake.connect(settings, tables.create):
            pass
    with pytest.raises(SettingsError, match="another catalogue"), ducklake.connect(another):
        pass


def _files_of_one(session: Connection) -> list[tuple[str]]:
    assert session.execute("SELECT n FROM warehouse.main.one").fetchall() == [(7,)]
    return session.execute("SELECT data_file FROM ducklake_list_files('warehouse', 'one')").fetchall()


def test_a_copy_of_a_database_opens_on_a_copy_of_its_data_as_the_document_says(
    scaled_out: WarehouseSettings, postgres: Postgres, tmp_path: Path
) -> None:
    """A drill beside production: refused on production's folder, and that one stays production's."""
    with ducklake.connect(scaled_out) as opened:
        opened.commit(lambda session: session.execute("CREATE TABLE warehouse.main.one AS SELECT 7 AS n"))
    name = conninfo_to_dict(scaled_out.catalog.removeprefix("postgres:"))["dbname"]
    with psycopg.connect(postgres.uri, autocommit=True) as session:
        session.execute(f'CREATE DATABASE "drill_{name}" TEMPLATE "{name}"'.encode())
    drill = scaled_out.model_copy(
        update={"catalog": scaled_out.catalog.replace(f"/{name}", f"/drill_{name}")}
    )
    with pytest.raises(SettingsError, match="with a copy of the data"), ducklake.connect(drill):
        pass
    copied = tmp_path / "copy"
    shutil.copytree(scaled_out.data_path, copied, ignore=shutil.ignore_patterns(".catalog"))
    moved = drill.model_copy(update={"data_path": str(copied)})
    with pytest.raises(SettingsError, match="first told where the copy"), ducklake.connect(moved):
        pass
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
    [update] = re.findall(r"`(UPDATE ducklake_metadata .*?)`", page, re.DOTALL)
    with psycopg.connect(drill.catalog.removeprefix("postgres:")) as session:
        session.execute(update.replace("/new/folder/", f"{copied}/").encode())
    for settings in (moved, scaled_out):
        with ducklake.connect(settings) as opened:
            [(file,)] = opened.read(_files_of_one)
            assert Path(file).is_relative_to(settings.data_path)


def test_a_single_row_stands_in_a_file_and_not_inlined_in_the_catalogue(either: WarehouseSettings) -> None:
    """Maintenance flushes nothing, and beside a merge inlined rows that were deleted could come back."""
    with ducklake.connect(either) as opened:
        opened.commit(lambda session: session.execute("CREATE TABLE warehouse.main.one (n INTEGER)"))
        opened.commit(lambda session: session.execute("INSERT INTO warehouse.main.one VALUES (1)"))
    assert len(list(Path(either.data_path).rglob("*.parquet"))) == 1


def test_an_interrupt_in_a_query_is_one_and_no_fault_of_ours(tmp_path: Path) -> None:
    settings = WarehouseSettings(catalog=f"sqlite:{tmp_path}/catalog.sqlite", data_path=f"{tmp_path}/data")
    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    endless = "SELECT count(*) FROM range(1000000000000) AS t(n) WHERE n % 7 = 3"
    try:
        with ducklake.connect(settings) as warehouse:
            Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(KeyboardInterrupt):
                warehouse.read(lambda session: session.execute(endless).fetchall())
    finally:
        signal.signal(signal.SIGUSR1, before)
