"""`gpb nightly`: which courses sync every night, who said so, and when the next night is.

The institution's own switch and time are settings (GPB_NIGHTLY_*); the schedule that heeds both is Dagster's.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.cli import console
from gpb_pipeline.cli.asked import asked_for, plain_id, require_names
from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.nightly import next_nightly
from gpb_pipeline.settings import CanvasSettings, NightlySettings, PassbackSettings
from gpb_pipeline.warehouse import choices, tables
from gpb_pipeline.warehouse.ducklake import Warehouse

_COURSES = click.argument("course_ids", metavar="COURSE...", nargs=-1, required=True)
_BY = click.option("--by", required=True, metavar="WHO", help="Who decides; kept with the choice.")


@dataclass(frozen=True, kw_only=True)
class _CourseChoice:
    """A course that was ever switched on or off; the time is in the account's zone."""

    course_id: str
    enabled: bool
    by: str
    at: datetime


@click.group()
def nightly() -> None:
    """Switch nightly syncs of courses on and off."""


@nightly.command("enable")
@_COURSES
@_BY
def enable(course_ids: tuple[str, ...], *, by: str) -> None:
    """Have these courses sync every night."""
    _choose(_known(course_ids), enabled=True, by=by)
    if not NightlySettings.load().enabled:
        click.echo("gpb: the institution has nightly syncs switched off (GPB_NIGHTLY_ENABLED).", err=True)


@nightly.command("disable")
@_COURSES
@_BY
def disable(course_ids: tuple[str, ...], *, by: str) -> None:
    """Have these courses no longer sync every night; one that was switched before may be gone from Canvas."""
    with tables.open_warehouse() as warehouse:
        switched = frozenset(warehouse.read(choices.nightly)["course_id"])
    _choose(_known(course_ids, but=switched), enabled=False, by=by)


@nightly.command("show")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(*, as_json: bool) -> None:
    """List the courses that were ever switched, and the time of the next nightly sync."""
    settings, zone = NightlySettings.load(), PassbackSettings.load().zone
    upcoming = next_nightly(datetime.now(UTC), settings.at, zone) if settings.enabled else None
    with tables.open_warehouse() as warehouse:
        found = _choices(warehouse, zone)
    if as_json:
        click.echo(json.dumps(_as_json(found, settings, zone, upcoming), indent=2))
    else:
        _print(found, upcoming)


def _known(names: Sequence[str], *, but: Collection[str] = ()) -> list[str]:
    """Give the courses' own ids; raises UsageError for those that Canvas does not have, `but` these."""
    require_names(names)
    taken = [plain for plain in map(plain_id, names) if plain in but]
    others = [name for name in names if plain_id(name) not in but]
    if not others:
        return taken
    with CanvasClient(CanvasSettings.load()) as canvas:
        found = asked_for(canvas, others)
    if found.unknown:
        raise UsageError(
            "Canvas has no such course, or hides it from this token; nothing was switched",
            item=", ".join(each.item for each in found.unknown),
            remedy="List the courses with `gpb courses`.",
        )
    return list(dict.fromkeys([*taken, *found.course_ids]))


def _choose(course_ids: Sequence[str], *, enabled: bool, by: str) -> None:
    with tables.open_warehouse() as warehouse:
        warehouse.commit(choices.choose_nightly, course_ids, enabled=enabled, by=by, at=datetime.now(UTC))
    click.echo(f"Nightly sync {'on' if enabled else 'off'}: {', '.join(course_ids)}.")


def _choices(warehouse: Warehouse, zone: ZoneInfo) -> list[_CourseChoice]:
    held = warehouse.read(choices.nightly)
    rows = zip(*(held[name] for name in held.columns), strict=True)
    return [
        _CourseChoice(course_id=course_id, enabled=enabled, by=by, at=at.astimezone(zone))
        for course_id, enabled, by, at in rows
    ]


def _as_json(
    found: Sequence[_CourseChoice], settings: NightlySettings, zone: ZoneInfo, upcoming: datetime | None
) -> dict[str, object]:
    return {
        "institution": {
            "enabled": settings.enabled,
            "at": f"{settings.at:%H:%M}",
            "time_zone": zone.key,
            "next_nightly": _iso(upcoming),
        },
        "courses": [
            {
                "course_id": each.course_id,
                "enabled": each.enabled,
                "chosen_by": each.by,
                "chosen_at": _iso(each.at),
                "next_nightly": _iso(upcoming if each.enabled else None),
            }
            for each in found
        ],
    }


def _print(found: Sequence[_CourseChoice], upcoming: datetime | None) -> None:
    listing = console.ConsoleTable("Courses", ("Nightly sync", "Course", "When", "Who"))
    for each in found:
        listing.add("on" if each.enabled else "off", each.course_id, f"{each.at:%Y-%m-%d %H:%M}", each.by)
    if upcoming is None:
        click.echo("Nightly syncs are switched off for the institution (GPB_NIGHTLY_ENABLED).")
    else:
        click.echo(f"Next nightly sync: {upcoming:%Y-%m-%d %H:%M %Z}.")
    console.show(listing)
    if not found:
        click.echo("No course has opted in yet: `gpb nightly enable COURSE… --by WHO`.")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
