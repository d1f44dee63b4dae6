"""`gpb lti`: the tool inside Canvas, its keys and the configuration that a Canvas admin pastes."""

import json
import os

import click

from gpb_pipeline.lti import keys
from gpb_pipeline.lti.registration import configuration
from gpb_pipeline.settings import LtiSettings, WebSettings


@click.group()
def lti() -> None:
    """Grade Sync inside Canvas: an LTI 1.3 tool (docs/pages.md)."""


@lti.command("config")
def config_command() -> None:
    """Print the JSON for a new LTI developer key of Canvas; it holds no secret."""
    url, settings = WebSettings.load().url, LtiSettings.load()
    click.echo(json.dumps(configuration(url, new_tab=settings.new_tab), indent=2))


@lti.command("keys")
@click.option("--rotate", is_flag=True, help="Put a new pair in front; the last one stays for a while.")
@click.option("--end-sessions", is_flag=True, help="With --rotate: everybody has to open the tool again.")
def keys_command(*, rotate: bool, end_sessions: bool) -> None:
    """Make the tool's keys, once; restart `gpb web` after a change."""
    path = LtiSettings.load().keys
    if end_sessions and not rotate:
        raise click.UsageError("--end-sessions goes with --rotate.")
    if rotate:
        keys.save(path, keys.rotated(keys.load(path), end_sessions=end_sessions))
        click.echo(f"A new pair stands in front in {path}. Restart `gpb web`.")
    elif os.path.lexists(path):
        keys.load(path)
        click.echo(f"The keys are there already: {path}. Renew them with --rotate.")
    else:
        keys.save(path, keys.made())
        click.echo(f"Made {path}. It is private.")
