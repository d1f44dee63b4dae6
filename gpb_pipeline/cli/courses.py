"""`gpb courses`: what there is to sync."""

import json
from dataclasses import asdict

import click

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.courses import account_courses
from gpb_pipeline.settings import CanvasSettings


@click.command()
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
