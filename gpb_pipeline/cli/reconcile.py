"""`gpb reconcile` and `gpb retract`: what differs between Canvas, holdings and SIS, and its mending."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Literal

import click

from gpb_pipeline.asked import own_ids
from gpb_pipeline.cli.console import ConsoleTable, counted, show, typed
from gpb_pipeline.cli.progress import Progress
from gpb_pipeline.cli.who import who_types
from gpb_pipeline.passback.frames import rows_of
from gpb_pipeline.passback.holdings.differences import CAUSES, MENDED, ORPHANED, PRESELECTED
from gpb_pipeline.passback.rules.issues import CATALOGUE, Code
from gpb_pipeline.reconcile import (
    Reconciled,
    believed_of,
    causes_of,
    chosen_orphans,
    reconcile,
    retract,
)
from gpb_pipeline.sync import open_connections
from gpb_pipeline.warehouse import holdings

EXIT = {"Completed": 0, "Completed (with errors)": 3, "Failed": 1}
PLACES = 40
KINDS = {"assignment": "column", "grade": "grade"}


@click.command("reconcile")
@click.argument("courses", nargs=-1, metavar="[COURSE…]")
@click.option(
    "--mend",
    "mend",
    multiple=True,
    metavar="CAUSE",
    help=f"Write what has this cause (repeatable): {', '.join(MENDED)}.",
)
@click.option("--posted-by", metavar="NAME", help="Who asks for it; default: you.")
@click.option(
    "--confirm",
    is_flag=True,
    help="Release what the guard holds; of courses that are named, believe lists without rows, too.",
)
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="For programs; with students' ids.")
def reconcile_command(
    courses: tuple[str, ...],
    *,
    mend: tuple[str, ...],
    posted_by: str | None,
    confirm: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Hold courses, or all of them, against the SIS: each difference, its cause, and what would mend it.

    Nothing is written but what --mend names; edits made in the SIS are never among it unless named.
    """
    asked = own_ids(courses)
    causes, by = causes_of(mend, field="--mend"), posted_by or who_types()
    with open_connections() as connections:
        chosen = asked or connections.warehouse.read(holdings.longest_unread)
        shown = None if asked else frozenset[str]()
        found = _told(chosen, reconcile(connections, chosen, posted_by=by, confirm=confirm, believes=shown))
        count = sum((_kinds(each, "cause", causes) for each in found), Counter[str]())
        if count:
            if not as_json:
                _show(found)
            if not _agreed(count, "Write", yes=yes):
                return
            shown, believed = believed_of(found), {each.course_id: each.believed for each in found}
            mended = reconcile(
                connections, chosen, posted_by=by, mend=causes, confirm=confirm, believes=shown
            )
            found = [replace(each, believed=believed[each.course_id]) for each in _told(chosen, mended)]
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in found], indent=2))
    elif count:
        _say_written(found, "written")
    else:
        _show(found)
    raise SystemExit(_exit(found))


@click.command("retract")
@click.argument("course", metavar="COURSE")
@click.option(
    "--cause",
    "causes",
    multiple=True,
    metavar="CAUSE",
    help=f"Take back what has it (repeatable): {', '.join(ORPHANED)}.",
)
@click.option(
    "--id",
    "ids",
    multiple=True,
    metavar="SOURCEDID",
    help="Take back what --json names so (repeatable).",
)
@click.option("--all", "every", is_flag=True, help=f"Take back what is {', '.join(PRESELECTED)}.")
@click.option("--posted-by", metavar="NAME", help="Who asks for it; default: you.")
@click.option("--confirm", is_flag=True, help="Release what the guard holds.")
@click.option("--yes", is_flag=True, help="Take back without asking.")
@click.option("--json", "as_json", is_flag=True, help="For programs; with students' ids.")
def retract_command(
    course: str,
    *,
    causes: tuple[str, ...],
    ids: tuple[str, ...],
    every: bool,
    posted_by: str | None,
    confirm: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """List what the SIS holds because of us and Canvas no longer supports, and take back what is chosen."""
    [course] = own_ids([course])
    wanted = causes_of([*causes, *(PRESELECTED if every else ())], ORPHANED, field="--cause")
    by = posted_by or who_types()
    with open_connections() as connections:
        done = retract(connections, course, (), posted_by=by, confirm=confirm)
        chosen = frozenset[str]() if done.told is None else chosen_orphans(done.told, wanted, ids)
        if chosen:
            if not as_json:
                _show([done])
            if not _agreed(_kinds(done, "sourced_id", chosen), "Take back", yes=yes):
                return
            shown, believed = believed_of([done]), done.believed
            done = retract(connections, course, chosen, posted_by=by, confirm=confirm, believes=shown)
            done = replace(done, believed=believed)
    if as_json:
        click.echo(json.dumps(_as_json(done), indent=2))
    elif chosen:
        _say_written([done], "taken back")
    else:
        _show([done])
    raise SystemExit(_exit([done]))


def _told(courses: Sequence[str], reconciled: Iterable[Reconciled]) -> list[Reconciled]:
    """Take them as they come, telling how far it is."""
    found: list[Reconciled] = []
    with Progress(len(courses)) as progress:
        for each in reconciled:
            progress.tell(each.course_id, each.status, ended=True)
            found.append(each)
    return found


def _agreed(count: Counter[str], act: str, *, yes: bool) -> bool:
    """Ask before something is done in the SIS; without a terminal only --yes says so."""
    if yes:
        return True
    asked = f"{act} {_in_words(count)} in the SIS?"
    if not sys.stdin.isatty():
        raise click.UsageError(f"{asked} Say so with --yes.")
    return click.confirm(asked, default=False, err=True)


def _kinds(found: Reconciled, column: Literal["cause", "sourced_id"], of: Collection[str]) -> Counter[str]:
    """Count by kind the differences whose cause, or whose sourcedId, is one of these."""
    if found.told is None:
        return Counter()
    return Counter(found.told.loc[found.told[column].isin(list(of)), "kind"])


def _in_words(count: Counter[str]) -> str:
    """Say a count of differences, or of what was written, always in the same words."""
    said = [counted(count[kind], name) for kind, name in KINDS.items() if count[kind]]
    return " and ".join(said) or "nothing"


def _show(found: list[Reconciled]) -> None:
    """Count the differences by cause, say where they are, and name what could not be read."""
    counts: Counter[str] = sum((each.counts for each in found), Counter())
    listing = ConsoleTable(
        f"{counted(len(found), 'course')} against the SIS",
        ("Count", "Cause", "What it is", "What mends it"),
        numbers=frozenset({"Count"}),
    )
    for cause, said in CAUSES.items():
        if counts[cause]:
            listing.add(counts[cause], cause, said.words, said.mend)
    if listing.rows:
        show(listing, _places(found))
    elif any(each.error is None for each in found):
        click.echo("No difference found.")
    for each in found:
        if each.error is not None:
            click.echo(f"gpb: {each.error}", err=True)
        if each.unread:
            _say(each, f"class {', '.join(each.unread)}", Code.CLASS_LEFT_UNREAD)
        if each.believed:
            _say(each, ", ".join(each.believed), Code.EMPTY_LIST_BELIEVED)


def _say(found: Reconciled, what: str, code: Code) -> None:
    click.echo(f"gpb: course {found.course_id}, {what}: {CATALOGUE[code].cause}", err=True)


def _say_written(found: Sequence[Reconciled], word: str) -> None:
    """Say how much was written, and where to see what was not."""
    written = sum((each.written for each in found), Counter[str]())
    click.echo(f"{_in_words(written).capitalize()} {word}.")
    for each in found:
        if each.error is not None:
            click.echo(f"gpb: {each.error}", err=True)
        elif each.status != "Completed":
            click.echo(f"Not all of course {each.course_id}: {typed('details', each.job_id)}")


def _places(found: Sequence[Reconciled]) -> ConsoleTable:
    """List courses and assignments with what differs there; the first of very many."""
    places = Counter(
        (each.course_id, row.assignment_name, row.cause)
        for each in found
        if each.told is not None
        for row in rows_of(each.told)
    )
    more = f", the first {PLACES} of {len(places)} (--json: all)" if len(places) > PLACES else ""
    listing = ConsoleTable(
        f"Where{more}", ("Count", "Course", "Assignment", "Cause"), numbers=frozenset({"Count"})
    )
    for (course_id, assignment, cause), count in list(places.items())[:PLACES]:
        listing.add(count, course_id, assignment, cause)
    return listing


def _as_json(found: Reconciled) -> dict[str, object]:
    rows = [] if found.told is None else [each._asdict() for each in rows_of(found.told)]
    return {
        "course_id": found.course_id,
        "job_id": found.job_id,
        "status": found.status,
        "written": found.written.total(),
        "unread_classes": list(found.unread),
        "believed_empty": list(found.believed),
        "error": None if found.error is None else str(found.error),
        "differences": rows,
    }


def _exit(found: list[Reconciled]) -> int:
    return max((EXIT[each.status] for each in found), key=(0, 3, 1).index, default=0)
