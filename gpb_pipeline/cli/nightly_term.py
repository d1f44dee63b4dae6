"""`gpb nightly enable --term`: a whole term's courses at once, shown first, and switched on with --yes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import click

from gpb_pipeline.asked import those_listed
from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.cli.console import ConsoleTable, counted, show
from gpb_pipeline.course_names import COMMAND_LINE, require_names
from gpb_pipeline.passback.term import Switched, SwitchingOn, Term, switching_on
from gpb_pipeline.settings import CanvasSettings
from gpb_pipeline.terms import courses_of_term
from gpb_pipeline.warehouse import choices
from gpb_pipeline.warehouse.ducklake import Connection
from gpb_pipeline.warehouse.opening import open_warehouse


def enable_term(
    term: str, *, account: str | None, excepted: Sequence[str], by: str, yes: bool, as_json: bool
) -> None:
    """Show which courses of a term would be switched on, and why not the others; with `yes`, do it."""
    require_names(excepted, replace(COMMAND_LINE, courses="--except"))
    with CanvasClient(CanvasSettings.load()) as canvas:
        found, listed = courses_of_term(canvas, term, account)
    left_out = those_listed(
        listed,
        excepted,
        argument="--except",
        what="is no course of that term and account; nothing was switched",
        remedy="Without it, the courses of the term are listed.",
    )
    with open_warehouse() as warehouse:
        judged = switching_on(listed, warehouse.read(_chosen), excepted=left_out)
        if yes and judged.courses:
            course_ids = [each.course_id for each in judged.courses]
            at = datetime.now(UTC)
            warehouse.commit(choices.choose_nightly, course_ids, enabled=True, by=by, at=at)
    if as_json:
        click.echo(json.dumps(_as_json(found, judged, saved=yes), indent=2))
    else:
        _print(found, judged, saved=yes)


def _chosen(session: Connection) -> dict[str, Switched]:
    held = choices.nightly(session)
    return {each.course_id: Switched(enabled=each.enabled, by=each.chosen_by) for each in held}


def _print(term: Term, judged: SwitchingOn, *, saved: bool) -> None:
    on = ConsoleTable("Switched on" if saved else "Would be switched on", ("Course", "Name"))
    for course in judged.courses:
        on.add(course.course_id, course.name)
    off = ConsoleTable("Not switched on", ("Course", "Name", "Why"))
    for each in judged.left_out:
        off.add(each.course.course_id, each.course.name, each.why)
    show(on, off)
    count, others = counted(len(judged.courses), "course"), len(judged.left_out)
    done = "switched on" if saved else "would be switched on, and nothing is yet: add --yes"
    click.echo(f"{term}: {count} {done}; {others} not.")


def _as_json(term: Term, judged: SwitchingOn, *, saved: bool) -> dict[str, object]:
    return {
        "term": {"id": term.term_id, "name": term.name},
        "saved": saved,
        "courses": [{"course_id": each.course_id, "name": each.name} for each in judged.courses],
        "left_out": [
            {"course_id": each.course.course_id, "name": each.course.name, "why": each.why}
            for each in judged.left_out
        ],
    }
