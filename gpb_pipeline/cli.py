"""`gpb`: the command line. Each command parses, calls one function below, and prints; no rule lives here."""

import json
from dataclasses import asdict
from pathlib import Path

import click
import stamina

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import account_courses
from gpb_pipeline.errors import PipelineError, UsageError
from gpb_pipeline.sandbox.serve import CANVAS_PORT, SIS_PORT, serve_forever
from gpb_pipeline.settings import CanvasSettings

FAILED, WRONG_USAGE = 1, 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def gpb() -> None:
    """Grade passback from Canvas to a OneRoster SIS."""


@gpb.command()
@click.option("--canvas-port", default=CANVAS_PORT, show_default=True, help="0 takes a free one.")
@click.option("--sis-port", default=SIS_PORT, show_default=True, help="0 takes a free one.")
@click.option(
    "--district", default="school", show_default=True, help="`school`, or a generated one: courses=N,seed=S."
)
@click.option("--dialect", type=click.Choice(["oneroster-1.1", "oneroster-1.2"]), default="oneroster-1.1")
@click.option("--id-mode", type=click.Choice(["consumer", "provider"]), default="consumer")
@click.option(
    "--writes", type=click.Path(path_type=Path, file_okay=False), help="Folder for the log of writes."
)
def sandbox(
    canvas_port: int, sis_port: int, district: str, dialect: str, id_mode: str, writes: Path | None
) -> None:
    """Run a Canvas and a SIS to try against, on 127.0.0.1; prints the lines for .env."""
    serve_forever(
        canvas_port,
        sis_port,
        district=district,
        directory=writes,
        dialect=dialect,  # type: ignore[arg-type]  # click has held it against the choices
        id_mode=id_mode,  # type: ignore[arg-type]
    )


@gpb.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def courses(*, as_json: bool) -> None:
    """List the account's courses that could be synced."""
    with CanvasClient(CanvasSettings.load()) as client:
        found = account_courses(client)
    if as_json:
        click.echo(json.dumps([asdict(each) | {"time_zone": each.time_zone.key} for each in found], indent=2))
        return
    for each in found:
        click.echo(f"{each.course_id:>12}  {each.name}")


def main() -> None:
    """Run `gpb`; an expected fault is one line and an exit status, never a traceback."""
    stamina.instrumentation.set_on_retry_hooks([])  # its default prints to standard output, which is for JSON
    try:
        gpb.main(standalone_mode=True)
    except PipelineError as fault:
        click.echo(f"gpb: {fault}", err=True)
        raise SystemExit(WRONG_USAGE if isinstance(fault, UsageError) else FAILED) from None
