"""A drill: this version takes up the warehouse that an earlier one left, as it is.

`earlier/` has a warehouse of an earlier commit (its name says which) in which Spanish was synced once. In
consumer mode ids are reckoned, so that a SIS which this version filled is the one that the earlier one knew.
"""

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from gpb_pipeline.settings import SisSettings
from gpb_pipeline.warehouse import history, soundness, which_sis
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline_tests.sync.desk import SPANISH, Desk
from gpb_pipeline_tests.sync.test_temperaments import GRADES, equal, quiet, score, states

EARLIER = sorted(Path(__file__).with_name("earlier").glob("warehouse-*.tar.gz"))


@pytest.mark.parametrize("archive", EARLIER, ids=lambda path: path.name.removesuffix(".tar.gz"))
def test_the_warehouse_of_an_earlier_version_is_taken_up_as_it_is(
    desk: Desk, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sync_one(SPANISH)  # so that the SIS is as the earlier version left it
    sent = desk.written()
    unpack(archive, tmp_path / "earlier")
    monkeypatch.setenv("GPB_CATALOG", f"sqlite:{tmp_path}/earlier/catalog.sqlite")
    monkeypatch.setenv("GPB_DATA_PATH", f"{tmp_path}/earlier/data")
    with open_warehouse() as warehouse:
        [job] = warehouse.read(history.jobs)
        assert (job.status, job.counts.results.created) == ("Completed", GRADES)
        which_sis.same(warehouse, SisSettings.load().host, by="the test")
    first = desk.sync_one(SPANISH)
    assert states(first) == {"unchanged": GRADES}
    assert desk.written() == sent
    score(desk, 0, 3.5)
    assert states(desk.sync_one(SPANISH)) == {"updated": 1, "unchanged": GRADES - 1}
    equal(desk)
    quiet(desk)
    with open_warehouse() as warehouse:
        assert not [each.table for each in warehouse.read(soundness.scan) if each.doubled]


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a warehouse where it may stand; its catalogue names the folder of its data."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog, catalog:
        catalog.execute("UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'", [f"{folder}/data/"])
