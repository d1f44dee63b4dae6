"""`gpb init`: asks for a district's settings one by one, tries each as it is given, and writes .env.

What is tried are the checks of `gpb doctor`. What a .env holds besides is kept (env_file.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from gpb_pipeline.canvas.client import CanvasClient
from gpb_pipeline.canvas.permissions import account, running_courses
from gpb_pipeline.cli.console import tell
from gpb_pipeline.cli.doctor import line_of
from gpb_pipeline.cli.env_file import read, write
from gpb_pipeline.cli.preview import preview_command
from gpb_pipeline.doctor.canvas import canvas_address, canvas_checks
from gpb_pipeline.doctor.check import Check, examined
from gpb_pipeline.doctor.sis import dialect_check, id_mode_check, sis_checks, sis_token
from gpb_pipeline.errors import PipelineError, UsageError
from gpb_pipeline.settings import CanvasSettings, PassbackSettings, SisSettings
from gpb_pipeline.sis.client import OneRosterClient

ENV = Path(".env")
LATER = "later"
WHO_CHOOSES = (
    "\nEvery column and every score in the SIS has a sourcedId. One SIS takes what we send with the first "
    "write; another chooses its own, gives it in its answer, and refuses ours. No reading shows which. Ask "
    "the SIS's support: may the client choose the sourcedId when it PUTs a new lineItem, or do you give it?"
)


@dataclass(frozen=True)
class Question:
    """A setting, as it is asked for; `default` may only be known once earlier ones are given.

    One of `choices` may be answered by its beginning or its end. `before` helps to find the answer out.
    """

    name: str
    text: str
    default: Callable[[], str | None] = lambda: None
    secret: bool = False
    choices: tuple[str, ...] = ()
    before: str = ""

    def meant(self, answer: str) -> str:
        """Give the choice that an answer means; any other answer as it is, to be tried."""
        meant = [
            each
            for each in self.choices
            if each.lower().startswith(answer.lower()) or each.lower().endswith(answer.lower())
        ]
        return meant[0] if len(meant) == 1 else answer


@dataclass(frozen=True)
class Step:
    """Settings that can only be tried together."""

    questions: tuple[Question, ...]
    tried: Callable[[], Iterator[Check]]


@dataclass
class _Known:
    """What is found out on the way."""

    sections: list[str] = field(default_factory=list)


@click.command("init")
@click.pass_context
def init_command(ctx: click.Context) -> None:
    """Ask for a district's settings, try each as it is given, and write .env. Nothing is sent anywhere."""
    if not sys.stdin.isatty():
        raise UsageError(
            "it asks questions, and there is nobody to answer",
            item="gpb init",
            remedy="Run it on a terminal, or copy .env.example to .env and fill it in.",
        )
    held = read(ENV)
    tell("Enter takes what stands in brackets; Ctrl-C leaves everything as it was. Nothing is sent.\n")
    given: dict[str, str] = {}
    for step in steps(_Known()):
        given |= _answered(step, held)
    write(ENV, given)
    click.echo(f"\nWritten to {ENV.absolute()}, for your eyes alone. `gpb doctor` looks at everything again.")
    _first_preview(ctx)


def steps(known: _Known) -> tuple[Step, ...]:
    """What is asked, in its order."""
    base = Question("CANVAS_BASE_URL", "Address of your Canvas, such as https://district.instructure.com")
    token = Question("CANVAS_API_TOKEN", "Access token of an account admin in Canvas", secret=True)
    account_id = Question("CANVAS_ACCOUNT_ID", "Canvas account whose courses are synced", lambda: "self")
    zone = Question("GPB_TIMEZONE", "Time zone of that account", _account_zone)
    dialect = Question(
        "SIS_DIALECT",
        "oneroster-1.1 (SchoolTool) or oneroster-1.2",
        lambda: "oneroster-1.1",
        choices=("oneroster-1.1", "oneroster-1.2"),
    )
    sis = Question("SIS_BASE_URL", "Address of the SIS's OneRoster, ending in /v1p1 or /ims/oneroster")
    client = Question("SIS_CLIENT_ID", "OAuth client id in the SIS")
    secret = Question("SIS_CLIENT_SECRET", "OAuth client secret", secret=True)
    tokens = Question("SIS_TOKEN_URL", "Address of its tokens", lambda: f"{os.environ['SIS_BASE_URL']}/Token")
    sent = Question(
        "SIS_TOKEN_AUTH",
        "Id and secret are sent as basic, or in the form",
        lambda: "basic",
        choices=("basic", "form"),
    )
    match = Question(
        "SIS_CLASS_MATCH",
        "Canvas's SIS id of a section is the class's sourcedId or identifier",
        lambda: "sourcedId",
        choices=("sourcedId", "identifier"),
    )
    ids = Question(
        "SIS_ID_MODE",
        "Who chooses the sourcedIds of what is written: consumer (we do) or provider (the SIS does)",
        lambda: "consumer",
        choices=("consumer", "provider"),
        before=WHO_CHOOSES,
    )
    tenant = Question(
        "GPB_TENANT",
        "A name of the district; it enters every id in the SIS and never changes",
        lambda: "default",
    )
    return (
        Step((base,), _try_canvas),
        Step((token,), _try_token),
        Step((account_id,), _try_account),
        Step((zone,), lambda: _try_canvas_side(known)),
        Step((dialect, sis), _try_dialect),
        Step((client, secret, tokens, sent), _try_sis_token),
        Step((match,), lambda: sis_checks(SisSettings.load(), known.sections)),
        Step((ids,), lambda: iter([id_mode_check(SisSettings.load())])),
        Step((tenant,), lambda: iter(())),
    )


def _answered(step: Step, held: dict[str, str]) -> dict[str, str]:
    """Ask until all that was tried is right, or whoever answers will see to it later.

    What was refused is not offered again, where the refusal names the setting; else none of the step's is.
    """
    offered = {each.name: os.environ.get(each.name) or held.get(each.name) for each in step.questions}
    while True:
        given = {each.name: _answer(each, offered[each.name]) for each in step.questions}
        os.environ |= given
        faults = []
        try:
            for check in step.tried():
                click.echo(f"  {line_of(check)}")
                faults += [] if check.ok else [line_of(check)]
        except PipelineError as error:
            click.echo(f"  FAILED  {error}")
            faults.append(str(error))
        if not faults or not click.confirm("  Answer again?", default=True):
            return given
        named = [name for name in given if any(name in fault for fault in faults)]
        offered = given | dict.fromkeys(named or given)
        for name in named or given:
            del os.environ[name]  # else a default that is asked for meanwhile would fail by it


def _answer(question: Question, offered: str | None) -> str:
    if question.before:
        tell(question.before)
    kept = offered or question.default()
    if question.secret:
        text = f"{question.text} (not shown{'; Enter keeps the one there is' if kept else ''})"
        return str(click.prompt(text, default=kept or None, hide_input=True, show_default=False)).strip()
    answer = question.meant(str(click.prompt(question.text, default=kept)).strip())
    os.environ[question.name] = answer
    return answer


def _try_canvas() -> Iterator[Check]:
    with _standing_in("CANVAS_API_TOKEN"):
        settings = CanvasSettings.load()
    yield examined("Canvas", lambda: canvas_address(settings), lambda _: "answers").check


def _try_token() -> Iterator[Check]:
    with CanvasClient(CanvasSettings.load()) as client:
        yield examined("Canvas token", client.clock, lambda _: "accepted").check


def _try_account() -> Iterator[Check]:
    with CanvasClient(CanvasSettings.load()) as client:
        yield examined("Canvas account", lambda: account(client), lambda body: str(body.get("name"))).check


def _try_canvas_side(known: _Known) -> Iterator[Check]:
    known.sections = yield from canvas_checks(CanvasSettings.load(), PassbackSettings.load().timezone)


def _try_sis_token() -> Iterator[Check]:
    with OneRosterClient(SisSettings.load()) as client:
        yield examined("SIS token", lambda: sis_token(client), lambda _: "issued").check


def _try_dialect() -> Iterator[Check]:
    with _standing_in("SIS_CLIENT_ID", "SIS_CLIENT_SECRET"):
        settings = SisSettings.load()
    yield dialect_check(settings)


@contextmanager
def _standing_in(*names: str) -> Iterator[None]:
    """Let settings that are asked for later be something meanwhile."""
    missing = [name for name in names if name not in os.environ]
    os.environ |= dict.fromkeys(missing, "none yet")
    try:
        yield
    finally:
        for name in missing:
            del os.environ[name]


def _account_zone() -> str | None:
    try:
        with CanvasClient(CanvasSettings.load()) as client:
            return account(client).get("default_time_zone")
    except PipelineError:
        return None


def _first_preview(ctx: click.Context) -> None:
    """Offer to look at one real course."""
    with CanvasClient(CanvasSettings.load()) as client:
        found = examined("Canvas courses", lambda: running_courses(client), lambda _: "").value or []
    click.echo("\nLook at one course now; nothing is sent. Some of yours:")
    for course in found:
        click.echo(f"{course.course_id:>12}  {course.name}")
    default = found[0].course_id if found else LATER
    while (course_id := _course_asked(default)) != LATER:
        try:
            ctx.invoke(preview_command, course=course_id, sections=(), assignments=(), as_json=False)
            break
        except PipelineError as fault:
            click.echo(f"  FAILED  {fault}")
        except SystemExit:  # it has said why
            break
        default = LATER
    tell(
        "\nTo send what it shows: `gpb sync COURSE`. To have courses sync every night: `gpb nightly --help`."
    )


def _course_asked(default: str) -> str:
    return str(click.prompt(f"Which course? ({LATER}: none)", default=default)).strip()
