"""Runs the sandbox SIS as a process of its own; started by serve.py."""

import json
from dataclasses import replace
from pathlib import Path

from gpb_pipeline.sandbox.districts import district_named
from gpb_pipeline.sandbox.fault_line import FaultLine
from gpb_pipeline.sandbox.server import arguments, serve
from gpb_pipeline.sandbox.sis.app import sis_app
from gpb_pipeline.sandbox.sis.dialects import DIALECTS
from gpb_pipeline.sandbox.sis.temperaments import temperaments_from
from gpb_pipeline.sandbox.sis_side import with_own_ids


def main() -> None:
    parser = arguments("gpb_pipeline.sandbox.sis")
    parser.add_argument("--dialect", choices=list(DIALECTS), required=True)
    parser.add_argument("--id-mode", choices=["consumer", "provider"], required=True)
    parser.add_argument("--ids", choices=["shared", "own"], required=True)
    parser.add_argument("--writes", type=Path, help="a file to append each accepted write to")
    parser.add_argument("--temperaments", type=json.loads, default={}, help="a JSON object of switches")
    given = parser.parse_args()
    district = district_named(given.district, given.today)
    if given.ids == "own":
        district = replace(district, sis=with_own_ids(district.sis))
    temperaments = temperaments_from(given.temperaments)
    app, desk = sis_app(district, DIALECTS[given.dialect], given.id_mode, given.writes, temperaments)
    serve(FaultLine(app, desk.expire), given.fd)


if __name__ == "__main__":
    main()
