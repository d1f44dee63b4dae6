"""`gpb doctor`: a line for each thing that a sync needs, with what to do where it is not there."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain

import click

from gpb_pipeline.cli.progress import waiting
from gpb_pipeline.doctor.check import Check, examined
from gpb_pipeline.doctor.checks import checks

FAILED = 1


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor_command(*, as_json: bool) -> None:
    """Check settings, Canvas, the SIS, the warehouse and Dagster's home; exit status 1 where one fails."""
    done: list[Check] = []
    with waiting("Looking at settings, Canvas, the SIS, the warehouse and Dagster"):
        for check in chain(checks(), _of_dagster()):
            done.append(check)
            if not as_json:
                click.echo(line_of(check))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in done], indent=2))
    if not all(check.ok for check in done):
        raise SystemExit(FAILED)


def _of_dagster() -> Iterator[Check]:
    """Look at DAGSTER_HOME, which doctor/ knows nothing of."""
    from gpb_pipeline.orchestration import home  # noqa: PLC0415  a second to import

    yield examined("Dagster", home.examine, lambda found: f"home is {found}").check


def line_of(check: Check) -> str:
    """Say what a check found, and what to do where it is not right."""
    if check.ok:
        return f"ok      {check.name}: {check.detail}"
    return f"FAILED  {check.name}: {check.detail}. {check.remedy}"
