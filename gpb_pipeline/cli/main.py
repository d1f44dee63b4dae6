"""The group `gpb` and its entry point: expected faults become one line and an exit status here.

A command's module is imported when the command is asked for, so that `gpb --help` and a shell's completion
answer at once.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module

import click

from gpb_pipeline.cli.arguments import require_legible
from gpb_pipeline.cli.hangup import heed_hangup
from gpb_pipeline.cli.streams import give_up_output, settle_streams, unwritable
from gpb_pipeline.errors import PipelineError, UsageError

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


@dataclass(frozen=True)
class _Place:
    """Where a command is, and its line in `gpb --help`."""

    module: str
    name: str
    summary: str


COMMANDS = {
    "assignments": _Place("assignments", "assignments_command", "List what a sync would offer, by section."),
    "categories": _Place("categories", "categories", "Say which SIS category an assignment group goes to."),
    "courses": _Place("courses", "courses", "List the account's courses that could be synced."),
    "demo": _Place("demo", "demo_command", "Sync a sandbox school, and hold the report against the SIS."),
    "details": _Place("details", "details_command", "Say what became of the items of a sync, and why."),
    "dev": _Place("dev", "dev_command", "Run the Dagster UI and the pages until Ctrl-C."),
    "doctor": _Place("doctor", "doctor_command", "Check settings, Canvas, the SIS and the warehouse."),
    "forget": _Place("forget", "forget_command", "Remove a student, or what is older than a day, for good."),
    "health": _Place("health", "health_command", "Say what of the running pipeline is trouble."),
    "history": _Place("history", "history_command", "List the syncs of a course, or of all, newest first."),
    "init": _Place("init", "init_command", "Ask for a district's settings, try them, and write .env."),
    "lti": _Place("lti", "lti", "The tool inside Canvas: its keys, and what an admin pastes."),
    "nightly": _Place("nightly", "nightly", "Switch nightly syncs of courses on and off."),
    "preview": _Place("preview", "preview_command", "Show what a sync would do, and why not."),
    "purge": _Place("purge", "purge", "Remove syncs past their age with their logs."),
    "reconcile": _Place(
        "reconcile", "reconcile_command", "Hold courses against the SIS, and mend what differs."
    ),
    "remember": _Place("remember", "remember_command", "Have syncs read a forgotten student in again."),
    "remaster": _Place("sync", "remaster_command", "Send everything of these courses again."),
    "retract": _Place("reconcile", "retract_command", "Take back what Canvas no longer supports."),
    "sandbox": _Place("sandbox", "sandbox", "A Canvas and a SIS to try against; grade there, read its log."),
    "sis": _Place("sis", "sis", "Say which SIS it is, after SIS_BASE_URL has changed."),
    "sync": _Place("sync", "sync_command", "Send what has changed in these courses."),
    "trace": _Place("trace", "trace_command", "Say why a grade is in the SIS."),
    "web": _Place("web", "web_command", "Serve the history and details pages."),
}


class _Commands(click.Group):
    """The commands by name, each imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        found: click.Command = getattr(import_module(f"gpb_pipeline.cli.{place.module}"), place.name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].summary) for name in self.list_commands(ctx)])

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        options = [] if names else click.Command.shell_complete(self, ctx, incomplete)
        return [
            click.shell_completion.CompletionItem(each, help=COMMANDS[each].summary) for each in names
        ] + options


@click.command(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="gpb-pipeline", prog_name="gpb")
@click.option("--sandbox", is_flag=True, help="Work on the sandbox of this folder, started if need be.")
@click.pass_context
def gpb(ctx: click.Context, *, sandbox: bool) -> None:
    """Grade passback from Canvas to a OneRoster SIS."""
    import stamina  # noqa: PLC0415  `gpb --help` needs neither this nor settings

    from gpb_pipeline.settings import misspelt  # noqa: PLC0415

    stamina.instrumentation.set_on_retry_hooks([])  # its default prints to standard output, which is for JSON
    for warning in misspelt():
        click.echo(f"gpb: {warning}", err=True)
    if sandbox:
        from gpb_pipeline.sandbox.kept import using_sandbox  # noqa: PLC0415  only here is one needed

        ctx.with_resource(using_sandbox(lambda word: click.echo(word, err=True)))


def main() -> None:
    """Run `gpb`; an expected fault is one line and an exit status, never a traceback."""
    try:
        settle_streams()
        heed_hangup()
        require_legible(sys.argv[1:])
        raise SystemExit(gpb.main(standalone_mode=False) or 0)
    except click.ClickException as wrong:
        wrong.show()
        raise SystemExit(wrong.exit_code) from None
    except (click.Abort, KeyboardInterrupt):
        click.echo("gpb: Interrupted.", err=True)
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:  # whoever read it has seen enough
        give_up_output()
        raise SystemExit(FAILED) from None
    except OSError as fault:
        if (told := unwritable(fault)) is None:
            raise
        give_up_output()
        click.echo(f"gpb: {told}", err=True)
        raise SystemExit(FAILED) from None
    except PipelineError as fault:
        click.echo(f"gpb: {fault}", err=True)
        raise SystemExit(WRONG_USAGE if isinstance(fault, UsageError) else FAILED) from None
