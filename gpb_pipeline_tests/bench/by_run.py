"""The same courses, each in a Dagster run of its own, as the command line launches one."""

import json
import subprocess
import sys
from pathlib import Path

from gpb_pipeline_tests.bench.figures import Figures


def main() -> None:
    asked = json.load(sys.stdin)
    Figures.of(lambda: launched(asked["courses"])).told()


def launched(courses: list[str]) -> dict[str, int]:
    gpb = Path(sys.executable).with_name("gpb")
    for course_id in courses:
        subprocess.run([gpb, "sync", course_id], check=True, stdout=subprocess.DEVNULL)
    return {"courses": len(courses)}


if __name__ == "__main__":
    main()
