"""What Dagster loads: the one `defs`. What it is made of, orchestration/build.py says."""

from gpb_pipeline.orchestration.build import build_defs
from gpb_pipeline.orchestration.home import require_instance_file

require_instance_file()
defs = build_defs()
