"""`gpb remember`: syncs read in a student again who was forgotten by mistake. What is gone stays gone."""

from __future__ import annotations

import click

from gpb_pipeline.cli.console import counted, tell
from gpb_pipeline.cli.student_id import typed, whose
from gpb_pipeline.errors import PermanentError
from gpb_pipeline.warehouse import student_list
from gpb_pipeline.warehouse.opening import open_warehouse
from gpb_pipeline.warehouse.student_list import System


@click.command("remember")
@click.option(
    "--student",
    "student_id",
    metavar="ID",
    required=True,
    help="Whom: an id by which the student was forgotten; - asks standard input.",
)
@click.option("--as", "system", type=click.Choice(["canvas", "sis"]), help="Whose id it is, if it is both's.")
@click.option("--yes", is_flag=True, help="Do it; else it is only said what would be done.")
def remember_command(*, student_id: str, system: System | None, yes: bool) -> None:
    """Take a student off the list of those whom no sync reads in, as after a mistake of gpb forget."""
    student_id = typed(student_id)
    with open_warehouse() as warehouse:
        moments = warehouse.read(student_list.moments_of, student_id)
        if system is None and len({*moments.values()}) > 1:
            system = whose()
        moment = moments.get(system) if system else next(iter(moments.values()), None)
        if moment is None:
            raise PermanentError(
                "no student with that id is on the list of those whom no sync reads in",
                item="--student",
                remedy="Give an id that the student had when forgotten: Canvas's user id, or the SIS's.",
            )
        ids = warehouse.read(student_list.count_of, moment)
        if yes:
            warehouse.commit(student_list.take_off, moment)
    done = "is off" if yes else "would go off"
    tell(f"The student {done} the list, by {counted(ids, 'id')}; the next sync reads the student in again.")
    tell(
        "What was removed stays removed. It looks in the SIS first for whose the results are of which "
        "bare ids were kept, so that none is doubled."
    )
    if not yes:
        click.echo("Nothing was changed: --yes does it.")
