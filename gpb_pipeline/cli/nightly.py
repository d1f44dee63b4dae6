"""`gpb nightly`: which courses sync every night, who said so, and when the next night is.

The institution's own switch and time are settings (GPB_NIGHTLY_*); the schedule that heeds both is Dagster's.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from gpb_pipeline.cli import console
from gpb_pipeline.passback.nightly import next_nightly
from gpb_pipeline.settings import NightlySettings, PassbackSettings
from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.choices import NightlyChoice
from gpb_pipeline.warehouse.ducklake import Warehouse
from gpb_pipeline.warehouse.opening import open_warehouse

_BY = click.option("--by", required=True, metavar="WHO", help="Who decides; kept with the choice.")


@click.group()
def nightly() -> None:
    """Switch nightly syncs of courses on and off."""


@nightly.command("enable")
@click.argument("course_ids", metavar="[COURSE]...", nargs=-1)
@click.option("--term", metavar="T", help="In place of courses: all of a term, by its name or id.")
@click.option("--account", metavar="A", help="With --term: an account below CANVAS_ACCOUNT_ID alone.")
@click.option("--except", "excepted", metavar="COURSE", multiple=True, help="With --term: not this one.")
@click.option("--yes", is_flag=True, help="With --term: switch them on; else they are only shown.")
@click.option("--json", "as_json", is_flag=True, help="With --term: for programs.")
@_BY
def enable(
    course_ids: tuple[str, ...],
    *,
    term: str | None,
    account: str | None,
    excepted: tuple[str, ...],
    yes: bool,
    as_json: bool,
    by: str,
) -> None:
    """Have these courses sync every night, or with --term a whole term's, shown first."""
    if bool(course_ids) == (term is not None):
        raise click.UsageError("Give courses, or a --term.")
    from gpb_pipeline.asked import to_switch  # noqa: PLC0415  switching alone asks Canvas
    from gpb_pipeline.cli.nightly_term import enable_term  # noqa: PLC0415

    if term is not None:
        enable_term(term, account=account, excepted=excepted, by=by, yes=yes, as_json=as_json)
    elif account or excepted or yes or as_json:
        raise click.UsageError("--account, --except, --yes and --json go with --term.")
    else:
        _choose(to_switch(course_ids), enabled=True, by=by)
    if not NightlySettings.load().enabled:
        click.echo("gpb: the institution has nightly syncs switched off (GPB_NIGHTLY_ENABLED).", err=True)


@nightly.command("disable")
@click.argument("course_ids", metavar="COURSE...", nargs=-1, required=True)
@_BY
def disable(course_ids: tuple[str, ...], *, by: str) -> None:
    """Have these courses no longer sync every night; one that was switched before may be gone from Canvas."""
    from gpb_pipeline.asked import to_switch  # noqa: PLC0415

    with open_warehouse() as warehouse:
        switched = frozenset(each.course_id for each in warehouse.read(choices.nightly))
    _choose(to_switch(course_ids, switched=switched), enabled=False, by=by)


@nightly.command("show")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(*, as_json: bool) -> None:
    """List the courses that were ever switched, and the time of the next nightly sync."""
    settings, zone = NightlySettings.load(), PassbackSettings.load().zone
    upcoming = next_nightly(datetime.now(UTC), settings.at, zone) if settings.enabled else None
    with open_warehouse() as warehouse:
        found = _choices(warehouse, zone)
    if as_json:
        click.echo(json.dumps(_as_json(found, settings, zone, upcoming), indent=2))
    else:
        _print(found, upcoming, default=settings.default)


def _choose(course_ids: Sequence[str], *, enabled: bool, by: str) -> None:
    with open_warehouse() as warehouse:
        warehouse.commit(choices.choose_nightly, course_ids, enabled=enabled, by=by, at=datetime.now(UTC))
    click.echo(f"Nightly sync {'on' if enabled else 'off'}: {', '.join(course_ids)}.")


def _choices(warehouse: Warehouse, zone: ZoneInfo) -> list[NightlyChoice]:
    return [
        replace(each, chosen_at=each.chosen_at.astimezone(zone)) for each in warehouse.read(choices.nightly)
    ]


def _as_json(
    found: Sequence[NightlyChoice], settings: NightlySettings, zone: ZoneInfo, upcoming: datetime | None
) -> dict[str, object]:
    return {
        "institution": {
            "enabled": settings.enabled,
            "default": settings.default,
            "at": f"{settings.at:%H:%M}",
            "time_zone": zone.key,
            "next_nightly": _iso(upcoming),
        },
        "courses": [
            {
                "course_id": each.course_id,
                "enabled": each.enabled,
                "chosen_by": each.chosen_by,
                "chosen_at": _iso(each.chosen_at),
                "next_nightly": _iso(upcoming if each.enabled else None),
            }
            for each in found
        ],
    }


def _print(found: Sequence[NightlyChoice], upcoming: datetime | None, *, default: bool) -> None:
    listing = console.ConsoleTable("Courses", ("Nightly sync", "Course", "When", "Who"))
    for each in found:
        when = f"{each.chosen_at:%Y-%m-%d %H:%M}"
        listing.add("on" if each.enabled else "off", each.course_id, when, each.chosen_by)
    if upcoming is None:
        click.echo("Nightly syncs are switched off for the institution (GPB_NIGHTLY_ENABLED).")
    else:
        click.echo(f"Next nightly sync: {upcoming:%Y-%m-%d %H:%M %Z}.")
    if default:
        click.echo(
            "Courses that nobody has switched are on, by the institution's default (GPB_NIGHTLY_DEFAULT)."
        )
    console.show(listing)
    if not found and not default:
        click.echo("No course has opted in yet: `gpb nightly enable COURSE… --by WHO`.")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
