"""DAGSTER_HOME: where it is, the project's dagster.yaml in it, and its tables, made by one process at a time.

Without that file Dagster sends telemetry, watches no run and starts ten at once; so nothing of ours is loaded
in a home that has none. What is in the file is told in the file.
"""

import os
import re
import shutil
import stat
from pathlib import Path

import dagster as dg
import filelock
from alembic.util.exc import CommandError
from dagster_postgres import PostgresRunStorage
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import SQLAlchemyError

from gpb_pipeline.errors import SettingsError, TransientError
from gpb_pipeline.settings import DagsterSettings

PROJECT = Path(__file__).parents[2]
INSTANCE_FILE = "dagster.yaml"
POSTGRES_URL = "DAGSTER_POSTGRES_URL"
FOLDERS = ("history", "schedules", "storage")
"""What Dagster keeps its runs, ticks and logs in; they name courses."""
CREATION_PATIENCE = 120.0
"""Seconds that a process waits for others that make the tables: it takes about one, many may come at once."""


def dagster_home() -> Path:
    """Find DAGSTER_HOME and make it ready: for this process and, by the environment, those that it starts."""
    settings = DagsterSettings.load()
    home = settings.home.absolute()
    if settings.postgres_url is not None:
        # dagster.yaml asks the environment alone for it, and it may stand in .env
        os.environ[POSTGRES_URL] = settings.postgres_url.get_secret_value()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with filelock.FileLock(home / ".creation.lock", timeout=CREATION_PATIENCE):
            _place_instance_file(home)
            _own_folders(home)
            _make_tables(home)
    except filelock.Timeout:
        raise SettingsError(
            "another process has been making its tables for too long",
            item="DAGSTER_HOME",
            remedy="See what runs there, end it, and try again.",
        ) from None
    except CommandError as fault:
        raise SettingsError(
            f"its tables were made twice at once, or by a newer Dagster ({fault})",
            item="DAGSTER_HOME",
            remedy=f"Move {home} away: Dagster makes it anew. The sync history is in the warehouse.",
        ) from None
    except dg.DagsterInvalidConfigError as fault:
        raise _wrong_file(home, str(fault)) from None
    except (DagsterPostgresException, SQLAlchemyError):  # their texts name who connects, and to what
        raise TransientError(
            "the PostgreSQL that keeps Dagster's runs cannot be reached, or refuses",
            item=POSTGRES_URL,
            remedy=f"Check it, the block storage of {home / INSTANCE_FILE}, and that the server is up.",
        ) from None
    except OSError as refused:
        raise SettingsError(
            f"cannot write to the folder {home} ({refused.strerror})",
            item="DAGSTER_HOME",
            remedy="Name a folder that may be written to.",
        ) from None
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def examine() -> str:
    """Say where home and runs are, for `gpb doctor`; raises SettingsError where it is not as it must be."""
    home = dagster_home()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        on_postgres = isinstance(instance.run_storage, PostgresRunStorage)
        faults = {
            f"runs are kept in SQLite, while {POSTGRES_URL} is set": (
                not on_postgres and DagsterSettings.load().postgres_url is not None
            ),
            "telemetry is on": instance.telemetry_enabled,
            "runs whose host died are never ended": not instance.run_monitoring_enabled,
            "failed runs are started again by themselves": instance.run_retries_enabled,
        }
    told = [what for what, is_so in faults.items() if is_so]
    if told:
        raise SettingsError(
            ", ".join(told),
            item=str(home / INSTANCE_FILE),
            remedy=f"Set it there as the project's own {INSTANCE_FILE} has it, and docs/scaling.md.",
        )
    return f"{home}, runs are kept in {'PostgreSQL' if on_postgres else 'SQLite'}"


def require_instance_file() -> None:
    """Refuse to be loaded by a Dagster that runs without the project's dagster.yaml; place it for the next.

    Raises SettingsError, which the UI shows for the code location: whoever loads us has read its home before.
    Where no home is set there is nothing to run in (`dagster definitions validate`).
    """
    named = os.environ.get("DAGSTER_HOME")
    if not named:
        return
    home = DagsterSettings.load().home
    if not home.is_absolute():
        raise SettingsError(
            f"{named} is no absolute path, and Dagster takes no other",
            item="DAGSTER_HOME",
            remedy=f"Set it to {home.absolute()}.",
        )
    if not (home / INSTANCE_FILE).exists():
        dagster_home()
        raise SettingsError(
            f"{home} had no {INSTANCE_FILE}, and Dagster was started without it",
            item="DAGSTER_HOME",
            remedy="It is there now: start webserver and daemon again.",
        )


def _wrong_file(home: Path, told: str) -> SettingsError:
    """Say what Dagster does not take: the file, or a variable that it names and that is not set."""
    if missing := re.search(r'environment variable "(\w+)" which is not set', told):
        return SettingsError(
            "is not set", item=missing[1], remedy=f"Set it: {home / INSTANCE_FILE} takes it from there."
        )
    return SettingsError(
        "is not as Dagster takes it",
        item=str(home / INSTANCE_FILE),
        remedy=f"Hold it against the project's own {INSTANCE_FILE} and docs/scaling.md.",
    )


def _place_instance_file(home: Path) -> None:
    if not (home / INSTANCE_FILE).exists():
        shutil.copyfile(PROJECT / INSTANCE_FILE, home / INSTANCE_FILE)


def _own_folders(home: Path) -> None:
    """Make them for their owner alone, whoever may enter the home; in one that a group writes to, none."""
    if not home.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        for name in FOLDERS:
            (home / name).mkdir(mode=0o700, exist_ok=True)


def _make_tables(home: Path) -> None:
    """Open every storage once: two processes that first do so at the same time trip over one another."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs_count()
        instance.get_dynamic_partitions("course")
        instance.all_instigator_state()
