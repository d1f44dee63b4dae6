"""The group `gpb` and its entry point: expected faults become one line and an exit status here."""

import click
import stamina

from gpb_pipeline.cli.categories import categories
from gpb_pipeline.cli.courses import courses
from gpb_pipeline.cli.demo import demo_command, dev_command
from gpb_pipeline.cli.doctor import doctor_command
from gpb_pipeline.cli.history import details_command, history_command, trace_command, web_command
from gpb_pipeline.cli.nightly import nightly
from gpb_pipeline.cli.preview import assignments_command, preview_command
from gpb_pipeline.cli.purge import purge
from gpb_pipeline.cli.sandbox import sandbox
from gpb_pipeline.cli.sync import remaster_command, sync_command
from gpb_pipeline.errors import PipelineError, UsageError

FAILED, WRONG_USAGE = 1, 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def gpb() -> None:
    """Grade passback from Canvas to a OneRoster SIS."""


for command in (
    assignments_command,
    demo_command,
    dev_command,
    doctor_command,
    preview_command,
    remaster_command,
    sync_command,
    categories,
    courses,
    details_command,
    history_command,
    nightly,
    purge,
    sandbox,
    trace_command,
    web_command,
):
    gpb.add_command(command)


def main() -> None:
    """Run `gpb`; an expected fault is one line and an exit status, never a traceback."""
    stamina.instrumentation.set_on_retry_hooks([])  # its default prints to standard output, which is for JSON
    try:
        gpb.main(standalone_mode=True)
    except PipelineError as fault:
        click.echo(f"gpb: {fault}", err=True)
        raise SystemExit(WRONG_USAGE if isinstance(fault, UsageError) else FAILED) from None
