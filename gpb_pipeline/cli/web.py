"""`gpb web`: the history and details pages. What they show is in gpb_pipeline/web."""

import click

from gpb_pipeline.cli.arguments import PORT


@click.command("web")
@click.option("--port", type=PORT, help="Default: GPB_WEB_PORT. 0 takes a free one.")
def web_command(port: int | None) -> None:
    """Serve the history and details pages, on 127.0.0.1 unless GPB_WEB_HOST says otherwise."""
    from gpb_pipeline.web.serve import serve_forever  # noqa: PLC0415  `gpb web --help` needs no web server

    serve_forever(port)
