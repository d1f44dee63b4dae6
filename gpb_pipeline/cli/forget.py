"""`gpb forget`: a student, or what is older than a day, is removed from all that we keep, and that is proved.

The id that is given is shown nowhere, and kept nowhere but as a mark on the list that no sync reads in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from gpb_pipeline.cli.console import ConsoleTable, counted, show, tell
from gpb_pipeline.cli.student_id import typed, whose
from gpb_pipeline.cli.who import who_types
from gpb_pipeline.errors import PermanentError, UsageError
from gpb_pipeline.reconcile import retract
from gpb_pipeline.settings import DagsterSettings, PassbackSettings, WarehouseSettings
from gpb_pipeline.sync import open_connections
from gpb_pipeline.warehouse import erasure, forget, history, locks, student_list, tables
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse
from gpb_pipeline.warehouse.erasure import Looked
from gpb_pipeline.warehouse.forget import Traces
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline.warehouse.student_list import KnownStudent, System

STILL_HOLD = (
    "Still hold it, and are not ours to find: backups of catalogue and data (PostgreSQL's write-ahead log "
    "too), CSV files that somebody saved (gpb details --csv-dir, or from the pages), the shell's history of "
    "this command, Canvas, and the SIS."
)


@click.command("forget")
@click.option(
    "--student",
    "student_id",
    metavar="ID",
    help="Whom to forget: Canvas user id, or SIS id or sourcedId; - asks standard input.",
)
@click.option("--as", "system", type=click.Choice(["canvas", "sis"]), help="Whose id it is, if it is both's.")
@click.option(
    "--before", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Forget what is older: YYYY-MM-DD."
)
@click.option(
    "--retract", "take_back", is_flag=True, help="Take back what the SIS holds of the student first."
)
@click.option("--by", metavar="WHO", help="Who says so; default: you.")
@click.option("--yes", is_flag=True, help="Do it; else it is only said what would go.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def forget_command(
    *,
    student_id: str | None,
    system: System | None,
    before: datetime | None,
    take_back: bool,
    by: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Say what would go of a student, or of what is older than a day; with --yes remove it, and prove it.

    A forgotten student is read in by no sync any more.
    """
    if (student_id is None) == (before is None) or (take_back and student_id is None):
        raise click.UsageError("Give either --student ID (with --retract, if so) or --before DATE.")
    if student_id is not None:
        done = _student(typed(student_id), system, take_back=take_back, by=by or who_types(), yes=yes)
    else:
        assert before is not None  # noqa: S101  one of the two is there
        done = _before(before.replace(tzinfo=PassbackSettings.load().zone), yes=yes)
    _tell(*done, by_date=before is not None, yes=yes, as_json=as_json)


def _student(
    student_id: str, system: System | None, *, take_back: bool, by: str, yes: bool
) -> tuple[Traces, list[Looked]]:
    with open_warehouse() as warehouse:
        who = _who(warehouse, student_id, system)
        found = warehouse.read(forget.of_student, who)
    if not yes:
        return found, []
    if take_back:
        _take_back(who, by=by)
    with _at_rest(found.course_ids) as warehouse:
        found = replace(found, in_sis=warehouse.read(forget.of_student, who).in_sis)
        remove = partial(forget.student, who=who, by=by, at=datetime.now(UTC))
        warehouse.commit(_where_none_runs, remove)
        erasure.off_the_disk(warehouse)
    settings = WarehouseSettings.load()
    erasure.shrink(settings)
    with open_warehouse() as warehouse:
        looked = [
            erasure.rows_held(warehouse, who),
            erasure.files_held(warehouse),
            erasure.statistics_held(warehouse, who),
        ]
    return found, [*looked, erasure.text_held(who, _places_of_text(settings))]


def _before(day: datetime, *, yes: bool) -> tuple[Traces, list[Looked]]:
    with open_warehouse() as warehouse:
        found = warehouse.read(forget.of_time_before, day)
    if not yes:
        return found, []
    with _at_rest(found.course_ids) as warehouse:
        warehouse.commit(_where_none_runs, partial(forget.time_before, before=day))
        erasure.off_the_disk(warehouse)
    erasure.shrink(WarehouseSettings.load())
    with open_warehouse() as warehouse:
        left = warehouse.read(forget.of_time_before, day)
        rows = Looked(where="tables", count=len(tables.ALL), hits=left.total)
        return found, [rows, erasure.files_held(warehouse)]


def _who(warehouse: Warehouse, student_id: str, system: System | None) -> KnownStudent:
    """Find the student; the id stands in no error."""
    known = warehouse.read(student_list.named, student_id)
    if system is None and len(known) > 1:
        system = whose()
    found = known.get(system) if system else next(iter(known.values()), None)
    if found is not None:
        return found
    listed = warehouse.read(student_list.everybody)
    for each in (system,) if system else ("canvas", "sis"):
        called = KnownStudent.called(student_id, each)
        if any(listed.has(kind, value) for kind, values in called.ids.items() for value in values):
            return called
    raise PermanentError(
        "nothing is here of a student with that id, and no such student was forgotten",
        item="--student",
        remedy="Give the Canvas user id, or the SIS's sourcedId (`gpb details JOB --json` has both).",
    )


def _take_back(who: KnownStudent, *, by: str) -> None:
    """Take the student's results back in the SIS; raises PermanentError where one stays there.

    SettingsError where this configuration is not to write to it: then nobody is put on the list either.
    """
    with open_connections() as connections:
        connections.sis.settings.require_writable()
        held = connections.warehouse.read(forget.results_in_sis, who)
        connections.warehouse.commit(student_list.put_on, who, by=by, at=datetime.now(UTC))
        done = [
            retract(connections, course_id, result_ids, posted_by=by, confirm=True)
            for course_id, result_ids in held.items()
        ]
        left = connections.warehouse.read(forget.of_student, who).in_sis
    if left:
        stopped = next((f" ({each.error.item}: {each.error.what})" for each in done if each.error), "")
        raise PermanentError(
            f"the SIS still holds {counted(left, 'grade')} of the student{stopped}, and nothing was "
            "forgotten; no sync reads the student in any more",
            item="--retract",
            remedy="See `gpb history` for why, then again; or leave out --retract: bare ids are kept then. "
            "`gpb remember` lets syncs read the student in.",
        )


@contextmanager
def _at_rest(course_ids: tuple[str, ...]) -> Iterator[Warehouse]:
    """Open the warehouse, and let no sync of these courses begin."""
    with open_warehouse() as warehouse, ExitStack() as held:
        history.fail_dead_jobs(warehouse)
        for course_id in course_ids:
            held.enter_context(locks.course_lock(warehouse.settings, course_id))
        yield warehouse


def _where_none_runs(session: Connection, remove: Callable[[Connection], None]) -> None:
    """Remove it where no sync is open: one that begins after this commit reads the list as it is then."""
    if history.open_jobs(session):
        raise UsageError(
            "a sync is running, and may have read what is to go",
            item="forget",
            remedy="Wait until it has ended, or end it.",
        )
    remove(session)


def _places_of_text(settings: WarehouseSettings) -> list[Path]:
    """Name where all else is that we write: Dagster's folder, the records of looks, an SQLite catalogue."""
    catalog = settings.embedded_catalog
    beside = [] if catalog is None else [catalog, catalog.with_name(f"{catalog.name}-wal")]
    return [DagsterSettings.load().home, settings.looks_folder, *beside]


def _proof(looked: Looked) -> dict[str, object]:
    said = {"where": looked.where, "looked_at": looked.count, "hits": looked.hits}
    return said | {"found_in": list(looked.found_in)}


def _tell(found: Traces, looked: list[Looked], *, by_date: bool, yes: bool, as_json: bool) -> None:
    if as_json:
        said = {
            "forgotten": yes,
            "rows": found.rows,
            "courses": len(found.course_ids),
            "bare_ids_kept": found.in_sis,
            "proof": [_proof(each) for each in looked],
        }
        click.echo(json.dumps(said, indent=2))
    else:
        rows = ConsoleTable("Forgotten" if yes else "Would go", ("Rows", "Table"), frozenset({"Rows"}))
        for name, count in found.rows.items():
            rows.add(count, name)
        proof = ConsoleTable(
            "Proof", ("Hits", "Looked at", "Where", "Found in"), frozenset({"Hits", "Looked at"})
        )
        for each in looked:
            proof.add(each.hits, each.count, each.where, ", ".join(each.found_in))
        show(rows, proof)
        if not found.rows:
            click.echo("Nothing is here of it.")
        if found.in_sis:
            tell(
                f"Of {counted(found.in_sis, 'grade')} in the SIS the bare sourcedIds are kept: else it would "
                "get them twice."
            )
        if by_date:
            tell("Courses that were synced since keep what the SIS holds of them now.")
        tell(STILL_HOLD)
        if not yes:
            click.echo("Nothing was changed: --yes does it.")
    if any(each.hits for each in looked):
        raise PermanentError(
            "what was to go is still found",
            item="forget",
            remedy="See the proof above. In a file that it names, an id of digits alone may be the number of "
            "something else: look there.",
        )
