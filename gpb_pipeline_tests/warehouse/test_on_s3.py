"""Data on a real S3 API: with keys of the settings and of the host, tidied, refused, and of one catalogue."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gpb_pipeline.errors import PipelineError, SettingsError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import ducklake, erasure, maintenance, soundness, tables
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline_tests.bucket import NAME, REGION, Bucket
from gpb_pipeline_tests.warehouse.syncs import put_course, put_stop

Settings = Callable[..., WarehouseSettings]


@pytest.fixture(autouse=True)
def _no_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A host without keys of its own, that is no machine of Amazon's."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def settings(bucket: Bucket, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Make settings of a catalogue whose data is on S3, in a folder of the test's own."""

    def made(path: str = "lake", catalog: str = "catalog", **other: Any) -> WarehouseSettings:
        given: dict[str, Any] = {
            "catalog": f"sqlite:{tmp_path}/{catalog}.sqlite",
            "data_path": f"s3://{NAME}/{abs(hash(request.node.nodeid))}/{path}",
            "s3_endpoint": bucket.endpoint,
            "s3_region": REGION,
            "s3_key_id": bucket.key.key_id,
            "s3_secret": bucket.key.secret,
        }
        return WarehouseSettings(**(given | other))

    return made


def test_tidying_loses_no_live_file_however_the_path_is_written(bucket: Bucket, settings: Settings) -> None:
    ours, tomorrow = settings("lake"), datetime.now(UTC) + timedelta(days=1)
    with ducklake.connect(ours, tables.create) as warehouse:
        for number in range(4):
            put_course(warehouse, str(number % 2), "Algebra")
            put_stop(warehouse, f"job{number}", course_id=str(number % 2))
        before = {table.table: table.rows for table in warehouse.read(soundness.scan)}
        many = parquet(bucket, ours)
        maintenance.compact(warehouse, keep=timedelta(0), now=tomorrow)
    with ducklake.connect(settings("lake/")) as warehouse:
        maintenance.compact(warehouse, keep=timedelta(0), now=tomorrow)
        assert {table.table: table.rows for table in warehouse.read(soundness.scan)} == before
        assert soundness.require_sound(warehouse) == sum(before.values())
        held = erasure.files_held(warehouse)
        assert (held.count, held.hits) == (parquet(bucket, ours), 0)
        assert held.count < many


def parquet(bucket: Bucket, settings: WarehouseSettings) -> int:
    below = settings.data_path.removeprefix(f"s3://{NAME}/").rstrip("/")
    return sum(name.endswith(".parquet") for name in bucket.objects(f"{below}/"))


def test_the_hosts_own_keys_and_endpoint_are_used_where_none_are_set(
    bucket: Bucket, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    monkeypatch.setenv("AWS_REGION", REGION)
    bare = settings().model_dump(include={"catalog", "data_path"})
    with pytest.raises(SettingsError, match=r"^GPB_S3_KEY_ID: "), ducklake.connect(WarehouseSettings(**bare)):
        pass
    profile = tmp_path / ".aws" / "credentials"
    profile.parent.mkdir()
    profile.write_text(
        f"[default]\naws_access_key_id={bucket.key.key_id}\naws_secret_access_key={bucket.key.secret}\n"
    )
    with ducklake.connect(WarehouseSettings(**bare)) as warehouse:
        warehouse.commit(make)
        assert warehouse.read(rows) == 1


def make(session: Connection) -> None:
    session.execute("CREATE TABLE warehouse.main.t AS SELECT 1 AS n")


def rows(session: Connection) -> int:
    [(number,)] = session.execute("SELECT count(n) FROM warehouse.main.t").fetchall()
    return int(number)


WRONG = [
    ({"s3_endpoint": "http://127.0.0.1:9"}, "GPB_S3_ENDPOINT"),
    ({"s3_key_id": "nobody"}, "GPB_S3_KEY_ID"),
    ({"s3_secret": "hunter2hunter2"}, "GPB_S3_SECRET"),
    ({"s3_secret": None}, "GPB_S3_SECRET"),
    ({"s3_key_id": None}, "GPB_S3_KEY_ID"),
    ({"data_path": "s3://nowhere/lake"}, "GPB_DATA_PATH"),
    ({"data_path": "s3:///lake"}, "GPB_DATA_PATH"),
    ({"data_path": "s3://district/lake[1]"}, "GPB_DATA_PATH"),
]


@pytest.mark.parametrize(("other", "named"), WRONG, ids=[f"{each[0]}" for each in WRONG])
def test_what_is_wrong_is_one_line_that_names_the_setting_and_no_secret(
    bucket: Bucket, settings: Settings, other: dict[str, str | None], named: str
) -> None:
    with pytest.raises(PipelineError) as told, ducklake.connect(settings(**other)):
        pass
    assert told.value.item == named
    assert told.value.__cause__ is None
    assert "\n" not in str(told.value)
    for secret in (bucket.key.secret, "hunter2hunter2"):
        assert secret not in str(told.value)


def test_a_key_that_may_not_write_is_named(bucket: Bucket, settings: Settings) -> None:
    ours = settings(s3_key_id=bucket.looking.key_id, s3_secret=bucket.looking.secret)
    with pytest.raises(SettingsError, match=r"^GPB_S3_KEY_ID: .*may not"), ducklake.connect(ours):
        pass


def test_a_folder_of_the_bucket_belongs_to_one_catalogue(settings: Settings) -> None:
    for _ in range(2):
        with ducklake.connect(settings("a/lake")):
            pass
    for path in ("a/lake/", "a/lake/below", "a"):
        with (
            pytest.raises(SettingsError, match="GPB_DATA_PATH") as refused,
            ducklake.connect(settings(path, catalog="other")),
        ):
            pass
        assert "the data of another catalogue is in s3://" in str(refused.value)
    for path in ("a/lake/below", "a"):
        with (
            pytest.raises(SettingsError, match=r"that is s3://.*/a/lake/\."),
            ducklake.connect(settings(path)),
        ):
            pass
    with ducklake.connect(settings("a/lake2", catalog="other")):
        pass
