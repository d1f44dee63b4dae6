"""Runs the sandbox Canvas as a process of its own; started by serve.py."""

from gpb_pipeline.sandbox.canvas.app import canvas_app
from gpb_pipeline.sandbox.canvas.throttle import Throttle
from gpb_pipeline.sandbox.districts import district_named
from gpb_pipeline.sandbox.fault_line import FaultLine
from gpb_pipeline.sandbox.server import arguments, serve


def main() -> None:
    given = arguments("gpb_pipeline.sandbox.canvas").parse_args()
    app, desk = canvas_app(district_named(given.district, given.today))
    serve(FaultLine(Throttle(app), desk.expire), given.fd)


if __name__ == "__main__":
    main()
