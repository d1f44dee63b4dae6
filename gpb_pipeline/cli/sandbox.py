"""`gpb sandbox`: a Canvas and a SIS to try against; and acts on the sandbox that a folder keeps."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click
import requests

from gpb_pipeline.cli.arguments import PORT
from gpb_pipeline.cli.console import ConsoleTable, show
from gpb_pipeline.errors import PermanentError, UsageError
from gpb_pipeline.sandbox import kept
from gpb_pipeline.sandbox.fields import BadChange
from gpb_pipeline.sandbox.serve import CANVAS_PORT, SIS_PORT, Sandbox, serve_forever
from gpb_pipeline.sandbox.sis.temperaments import temperaments_named


def _temperaments(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, Any]:
    try:
        return temperaments_named(given)
    except BadChange as error:
        raise click.BadParameter(error.reason) from None


def _score(_context: click.Context, _argument: click.Parameter, given: str) -> float:
    """Read a score; what is no finite number (nan, inf, 1e400) no teacher could enter."""
    try:
        score = float(given)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise UsageError("is no score", item=f"SCORE {given!r}", remedy="Give a number, such as 9 or 7.5.")
    return score


@click.group(invoke_without_command=True)
@click.option(
    "--canvas-port",
    type=PORT,
    default=CANVAS_PORT,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--sis-port",
    type=PORT,
    default=SIS_PORT,
    show_default=True,
    help="0 takes a free one.",
)
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
@click.pass_context
def sandbox(
    ctx: click.Context,
    canvas_port: int,
    sis_port: int,
    district: str,
    dialect: str,
    id_mode: str,
    temperaments: dict[str, Any],
    writes: Path | None,
) -> None:
    """Run a Canvas and a SIS to try against, on 127.0.0.1; prints the lines for .env.

    The commands below act on the sandbox that this folder keeps (`gpb demo`, `gpb --sandbox …`).
    """
    if ctx.invoked_subcommand is None:
        serve_forever(
            canvas_port,
            sis_port,
            district=district,
            directory=writes,
            dialect=dialect,  # type: ignore[arg-type]  # click has held it against the choices
            id_mode=id_mode,  # type: ignore[arg-type]
            temperaments=temperaments,
        )


@sandbox.command("grade")
@click.argument("course", metavar="COURSE", type=int)
@click.argument("assignment", metavar="ASSIGNMENT", type=int)
@click.argument("student", metavar="STUDENT", type=int)
@click.argument("score", metavar="SCORE", callback=_score)
def grade(course: int, assignment: int, student: int, score: float) -> None:
    """Enter a score in the sandbox's Canvas, as its teacher would."""
    try:
        path = f"/courses/{course}/submissions/{assignment}/{student}"
        _running().control("canvas", "PATCH", path, {"score": score})
    except requests.HTTPError:
        raise UsageError(
            "the sandbox's Canvas has no such course, assignment or student",
            item=f"course {course}, assignment {assignment}",
            remedy="See `gpb --sandbox courses` and `gpb --sandbox assignments COURSE`.",
        ) from None
    except requests.RequestException:
        raise _silent() from None
    click.echo(f"Canvas has the score {score:g} now. Send it: gpb --sandbox sync {course}")


@sandbox.command("log")
@click.option("-n", "count", type=click.IntRange(min=0), default=5, show_default=True, help="How many.")
def log(count: int) -> None:
    """Show the newest writes that the sandbox's SIS accepted, in its own words."""
    listing = ConsoleTable(
        "Accepted by the SIS, newest last",
        ("At", "Write", "Object", "Score", "Title", "Student", "sourcedId"),
        numbers=frozenset({"Score"}),
    )
    try:
        accepted = _running().writes()
    except requests.RequestException:
        raise _silent() from None
    for each in accepted[len(accepted) - min(count, len(accepted)) :]:
        values = each["values"]
        score, at = values.get("score"), each["at"][:19].replace("T", " ")
        listing.add(
            f"{at} UTC",
            each["kind"],
            each["object"],
            None if score is None else f"{score:g}",
            values.get("title"),
            values.get("student_id"),
            each["sourced_id"],
        )
    show(listing)
    if not accepted:
        click.echo("The SIS has accepted nothing yet: `gpb --sandbox sync 1001`.")


@sandbox.command("stop")
def stop() -> None:
    """End the sandbox that this folder keeps."""
    click.echo("The sandbox has ended." if kept.stop() else "No sandbox runs in this folder.")


def _running() -> Sandbox:
    found = kept.running()
    if found is None:
        raise PermanentError(
            "none runs in this folder",
            item="sandbox",
            remedy="Begin one: `gpb demo`, or `gpb --sandbox courses`.",
        )
    return found


def _silent() -> PermanentError:
    return PermanentError(
        "its servers do not answer",
        item="sandbox",
        remedy="End it with `gpb sandbox stop`; the next command begins another.",
    )
