"""`gpb sandbox`: the Canvas and the SIS to try against."""

from pathlib import Path
from typing import Any

import click

from gpb_pipeline.sandbox.fields import BadChange
from gpb_pipeline.sandbox.serve import CANVAS_PORT, SIS_PORT, serve_forever
from gpb_pipeline.sandbox.sis.temperaments import temperaments_named


def _temperaments(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, Any]:
    try:
        return temperaments_named(given)
    except BadChange as error:
        raise click.BadParameter(error.reason) from None


@click.command()
@click.option("--canvas-port", default=CANVAS_PORT, show_default=True, help="0 takes a free one.")
@click.option("--sis-port", default=SIS_PORT, show_default=True, help="0 takes a free one.")
@click.option(
    "--district", default="school", show_default=True, help="`school`, or a generated one: courses=N,seed=S."
)
@click.option("--dialect", type=click.Choice(["oneroster-1.1", "oneroster-1.2"]), default="oneroster-1.1")
@click.option("--id-mode", type=click.Choice(["consumer", "provider"]), default="consumer")
@click.option(
    "--temperament",
    "temperaments",
    multiple=True,
    metavar="NAME[=VALUE]",
    callback=_temperaments,
    help="What the SIS is like; sandbox/sis/temperaments.py lists them. May be given several times.",
)
@click.option(
    "--writes", type=click.Path(path_type=Path, file_okay=False), help="Folder for the log of writes."
)
def sandbox(
    canvas_port: int,
    sis_port: int,
    district: str,
    dialect: str,
    id_mode: str,
    temperaments: dict[str, Any],
    writes: Path | None,
) -> None:
    """Run a Canvas and a SIS to try against, on 127.0.0.1; prints the lines for .env."""
    serve_forever(
        canvas_port,
        sis_port,
        district=district,
        directory=writes,
        dialect=dialect,  # type: ignore[arg-type]  # click has held it against the choices
        id_mode=id_mode,  # type: ignore[arg-type]
        temperaments=temperaments,
    )
