"""`gpb sis`: which SIS the holdings are of, and what is to be done where SIS_BASE_URL names another host."""

import json

import click

from gpb_pipeline.cli.console import counted
from gpb_pipeline.cli.who import who_types
from gpb_pipeline.settings import SisSettings
from gpb_pipeline.warehouse import which_sis
from gpb_pipeline.warehouse.opening import open_warehouse

_BY = click.option("--by", metavar="WHO", help="Who says so; default: you.")


@click.group()
def sis() -> None:
    """Say which SIS it is, after SIS_BASE_URL has changed."""


@sis.command("show")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(*, as_json: bool) -> None:
    """Show the hosts of the SIS that holds what was sent, and how much it holds."""
    host = SisSettings.load().host
    with open_warehouse() as warehouse:
        known = warehouse.read(which_sis.known_sis)
        line_items, results = warehouse.read(which_sis.held)
    hosts = [] if known is None else list(known.hosts)
    if as_json:
        found = {"host": host, "hosts": hosts, "line_items": line_items, "results": results}
        click.echo(json.dumps(found, indent=2))
        return
    if not hosts:
        click.echo(f"Nothing was sent yet; SIS_BASE_URL names {host}.")
        return
    click.echo(f"The SIS at {' or '.join(hosts)} holds {_counted(line_items, results)} because of us.")
    if host not in hosts:
        click.echo(f"SIS_BASE_URL names {host}: say `gpb sis same` or `gpb sis another`.")


@sis.command("same")
@_BY
def same(*, by: str | None) -> None:
    """Take the host of SIS_BASE_URL for another address of the SIS that holds what was sent."""
    host = SisSettings.load().host
    with open_warehouse() as warehouse:
        which_sis.same(warehouse, host, by=by or who_types())
    click.echo(f"{host} is the same SIS: syncs go on from what it holds.")


@sis.command("another")
@_BY
def another(*, by: str | None) -> None:
    """Take the host of SIS_BASE_URL for another SIS, with holdings of its own; the others are kept aside."""
    host = SisSettings.load().host
    with open_warehouse() as warehouse:
        which_sis.another(warehouse, host, by=by or who_types())
        line_items, results = warehouse.read(which_sis.held)
    click.echo(f"{host} is another SIS: it holds {_counted(line_items, results)} because of us.")


def _counted(line_items: int, results: int) -> str:
    return f"{counted(line_items, 'line item')} and {counted(results, 'result')}"
