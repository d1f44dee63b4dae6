"""`gpb health`: what of the running pipeline is trouble, and what to do; once, or for a monitor to ask."""

import json
from dataclasses import asdict

import click

from gpb_pipeline.cli.arguments import PORT
from gpb_pipeline.settings import HealthSettings

TROUBLE = 1


@click.command("health")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--serve", is_flag=True, help="Answer /healthz and /metrics (Prometheus) until Ctrl-C.")
@click.option("--port", type=PORT, help="Default: GPB_HEALTH_PORT. 0 takes a free one.")
def health_command(*, as_json: bool, serve: bool, port: int | None) -> None:
    """Say how the daemon, the nights and the stores are; exit status 1 where something need be done."""
    if serve:
        from gpb_pipeline.orchestration.health.serve import serve_health  # noqa: PLC0415

        serve_health(HealthSettings.load().port if port is None else port)
        return
    from gpb_pipeline.orchestration.health.looking import Lookout  # noqa: PLC0415  seconds to import
    from gpb_pipeline.orchestration.health.signs import signs  # noqa: PLC0415

    with Lookout(watching=False) as lookout:
        found = signs(lookout.look())
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    for each in () if as_json else found:
        click.echo(f"{'ok     ' if each.well else 'TROUBLE'} {each.name}: {each.told}")
        if not each.well:
            click.echo(f"        {each.remedy}")
    if not all(each.well for each in found):
        raise SystemExit(TROUBLE)
