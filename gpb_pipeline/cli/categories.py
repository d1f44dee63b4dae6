"""`gpb categories`: Sync SIS Categories, of a course by hand and of a district by CSV file."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from gpb_pipeline import small_file
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import account_courses
from gpb_pipeline.cli.category_proposals import propose, wanted_of
from gpb_pipeline.cli.category_views import as_json as listed_as_json
from gpb_pipeline.cli.category_views import print_changes, print_list
from gpb_pipeline.cli.console import counted
from gpb_pipeline.cli.progress import Progress
from gpb_pipeline.course_names import require_names
from gpb_pipeline.errors import PipelineError, UsageError
from gpb_pipeline.passback.categories import csv_file as category_csv
from gpb_pipeline.passback.categories.edits import Edit
from gpb_pipeline.passback.categories.window import CategoryList
from gpb_pipeline.settings import CanvasSettings, PassbackSettings, SisSettings
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sync_categories import CategorySync, PendingEdits, Saved
from gpb_pipeline.warehouse.opening import open_warehouse

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")
_BY = click.option("--by", required=True, metavar="WHO", help="Who decides; kept with the choice.")


@click.group()
def categories() -> None:
    """Say which SIS category an assignment group goes to, section by section (Sync SIS Categories)."""


@categories.command("show")
@click.argument("course_id", metavar="COURSE")
@_AS_JSON
def show(course_id: str, *, as_json: bool) -> None:
    """List the assignment groups of a course with the SIS category of each section."""
    require_names([course_id])
    zone = PassbackSettings.load().zone
    with _opened() as sync:
        listed = sync.course(course_id)
    if as_json:
        click.echo(json.dumps(listed_as_json(listed, zone), indent=2))
    else:
        print_list(listed, zone)


@categories.command("set")
@click.argument("course_id", metavar="COURSE")
@click.option("--group", "group_id", required=True, metavar="ID", help="Canvas assignment group id.")
@click.option("--section", "section_id", required=True, metavar="ID", help="Canvas section id.")
@click.option("--category", "category_id", metavar="SIS_ID", help="The SIS's id of the category.")
@click.option("--unassociated", is_flag=True, help="Remove the association: such assignments stay unsent.")
@_BY
def set_one(
    course_id: str, *, group_id: str, section_id: str, category_id: str | None, unassociated: bool, by: str
) -> None:
    """Choose the SIS category of one assignment group for one section."""
    if (category_id is None) != unassociated:
        raise click.UsageError("Give one of --category and --unassociated.")
    require_names([course_id])
    edit = Edit(group_id=group_id, section_id=section_id, category_id=category_id)
    with _opened() as sync:
        asked = PendingEdits(
            listed=sync.course(course_id), edits=(edit,)
        )  # kept though the name says the same
        [saved] = sync.save([asked], by=by)
    click.echo(f"Section {section_id}, assignment group {group_id}: {category_id or 'Unassociated'}.")
    _tell(saved)


@categories.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("course_ids", metavar="[COURSE]...", nargs=-1)
def export(file: Path, course_ids: tuple[str, ...]) -> None:
    """Write the categories of these courses, else of all, to a CSV FILE for a spreadsheet."""
    require_names(course_ids)
    zone, unread = PassbackSettings.load().zone, 0
    lists: list[CategoryList] = []
    course_ids = course_ids or tuple(_every_course())
    with _opened() as sync, Progress(len(course_ids)) as progress:
        for course_id, found in zip(course_ids, sync.courses(course_ids), strict=True):
            progress.tell(course_id, "read", ended=True)
            if isinstance(found, PipelineError):  # costs no other course
                unread += 1
                click.echo(f"gpb: {found}", err=True)
            else:
                lists.append(found)
    _write(file, category_csv.written(lists, zone))
    click.echo(f"{counted(len(lists), 'course')} written to {file}.")
    if unread:
        raise SystemExit(1)


@categories.command("propose")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("course_ids", metavar="[COURSE]...", nargs=-1)
@click.option("--term", metavar="T", help="Of this term's courses alone, by its name or id.")
def propose_file(file: Path, course_ids: tuple[str, ...], *, term: str | None) -> None:
    """Write what last term's courses chose, as proposals for these or all, to a CSV FILE.

    Last term's course is the one of the same course code. Nothing holds until the file is imported.
    """
    require_names(course_ids)
    zone = PassbackSettings.load().zone
    with _opened() as sync:
        listed = list(sync.listed())
        wanted = wanted_of(listed, course_ids, term)
        made = propose(sync, listed, sync.past_choices(), wanted, zone)
    _write(file, made.text)
    click.echo(
        f"{counted(made.fitting, 'proposal')} and {made.misfits} that no longer fit, "
        f"in {counted(made.courses, 'course')}, written to {file}; {counted(made.without_source, 'course')} "
        "without an earlier one of the same code in which anyone chose."
    )
    if made.fitting or made.misfits:
        click.echo("Nothing holds yet: delete what should not be, then `gpb categories import`.")
    if made.unread:
        raise SystemExit(1)


@categories.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Save; else the changes are only shown.")
@_BY
def import_file(file: Path, *, yes: bool, by: str) -> None:
    """Show what a CSV FILE would change, and save it with --yes: the whole of it, or nothing."""
    lines = category_csv.read(_text(file))
    with _opened() as sync:
        pending = [each for each in sync.pending_file(lines) if each.edits]
        for each in pending:
            print_changes(each.preview)
        for saved in sync.save(pending, by=by) if yes else []:
            _tell(saved)
    count = sum(len(each.edits) for each in pending)
    told = f"{counted(count, 'change')} in {counted(len(pending), 'course')}"
    click.echo(f"{told}: {'saved' if yes else 'not saved; add --yes'}." if count else "Nothing to change.")


@contextmanager
def _opened() -> Iterator[CategorySync]:
    with (
        CanvasClient(CanvasSettings.load()) as canvas,
        OneRosterClient(SisSettings.load()) as sis,
        open_warehouse() as warehouse,
    ):
        yield CategorySync(canvas, sis, warehouse)


def _every_course() -> list[str]:
    with CanvasClient(CanvasSettings.load()) as canvas:
        return [each.course_id for each in account_courses(canvas)]


def _write(file: Path, text: str) -> None:
    """Write a file whole or not at all, as open to others as what was there; a pipe gets it as it comes."""
    whole = Path(os.path.realpath(file))
    made = whole.with_name(f".{whole.name}.new")
    try:
        if file.exists() and not file.is_file():
            file.write_text(text, encoding="utf-8", newline="")
            return
        made.write_text(text, encoding="utf-8", newline="")
        if whole.exists():
            shutil.copymode(whole, made)
        made.replace(whole)
    except OSError as refused:
        with suppress(OSError):
            made.unlink()
        raise UsageError(
            f"cannot be written ({refused.strerror})",
            item=str(file),
            remedy="Name a file that may be written.",
        ) from None


def _text(file: Path) -> str:
    try:
        return small_file.text_of(file, category_csv.MOST)
    except (small_file.UnreadableError, FileNotFoundError) as fault:
        why = "is not there" if isinstance(fault, FileNotFoundError) else str(fault)
        raise UsageError(why, item=str(file), remedy="Name a file that was saved as `CSV UTF-8`.") from None


def _tell(saved: Saved) -> None:
    if saved.note is not None:
        click.echo(f"gpb: {saved.note}", err=True)
