"""Whether the warehouse opens, takes a commit, holds nothing twice, and is ours alone to read."""

from collections.abc import Iterator

from gpb_pipeline.doctor.check import Check, examined
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.settings import WarehouseSettings
from gpb_pipeline.warehouse import analysts, data_folder, ducklake, postgres, soundness, which_sis
from gpb_pipeline.warehouse.opening import open_warehouse


def warehouse_checks() -> Iterator[Check]:
    """Open it and commit to it; where it does neither, nothing else of it is looked at."""
    warehouse = examined("Warehouse", _warehouse, lambda _: "opens, and takes a commit")
    yield warehouse.check
    if warehouse.check.ok:
        yield examined("Warehouse rows", _sound, lambda rows: f"{rows:,}, none twice").check
        if WarehouseSettings.load().embedded_catalog is None:
            yield examined("Warehouse sessions", _own_sessions, lambda _: "each its own, as locks need").check
        yield examined("Encryption", _protected, lambda said: said).check
        yield examined("Who may read it", _for_our_eyes, lambda said: said).check
        if role := WarehouseSettings.load().analysts:
            yield examined("Analysts", lambda: _reads(role), lambda _: f"{role} may read all of it").check


def _warehouse() -> None:
    """Make a table with a file of its own, and drop it again."""
    with open_warehouse() as warehouse:
        warehouse.commit(_make_probe)
        warehouse.commit(_drop_probe)


def _sound() -> int:
    with open_warehouse() as warehouse:
        return soundness.require_sound(warehouse)


def _own_sessions() -> None:
    postgres.require_own_sessions(WarehouseSettings.load())


def _protected() -> str:
    if WarehouseSettings.load().encrypt:
        return "its data is encrypted; its catalogue is not, and holds the keys"
    return "neither its data nor its catalogue is encrypted by it (GPB_ENCRYPT)"


def _for_our_eyes() -> str:
    """Say who can read what is on this machine; raises PermanentError where everybody can."""
    settings = WarehouseSettings.load()
    if found := [str(path) for path in data_folder.open_to_others(settings)]:
        raise PermanentError(
            "every user of this machine can read it",
            item=" and ".join(found),
            remedy=f"Take that away: chmod o-rwx {' '.join(found)}.",
        )
    elsewhere = settings.embedded_catalog is None and settings.data_is_on_s3
    return "nothing of it is on this machine" if elsewhere else "not every user of this machine"


def _reads(role: str) -> None:
    analysts.require_reader(WarehouseSettings.load(), role)


def same_sis(host: str) -> None:
    with open_warehouse() as warehouse:
        which_sis.require_same(warehouse, host)


def _make_probe(session: ducklake.Connection) -> None:
    """With rows enough for a file of their own."""
    session.execute("CREATE OR REPLACE TABLE warehouse.doctor_probe AS SELECT * FROM range(1000) AS rows(n)")


def _drop_probe(session: ducklake.Connection) -> None:
    session.execute("DROP TABLE warehouse.doctor_probe")
