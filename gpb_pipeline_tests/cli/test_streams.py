"""Commands whose standard streams are closed, full, or read no more, as real processes have them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("gpb")


@pytest.mark.parametrize(
    ("line", "status", "told"),
    [
        ("lti config >/dev/full", 1, "gpb: standard output: cannot be written (No space left on device). "),
        ("--help >/dev/full", 1, "gpb: standard output: cannot be written (No space left on device). "),
        ("history >/dev/full", 1, "gpb: standard output: cannot be written (No space left on device). "),
        ("forget --student - <&-", 2, "gpb: --student: what standard input gave is empty. "),
        ("remember --student - <&-", 2, "gpb: --student: what standard input gave is empty. "),
        ("init <&-", 2, "gpb: gpb init: it asks questions, and there is nobody to answer. "),
        ("remaster 1 <&-", 2, "gpb: gpb remaster: it sends everything again, and there is nobody to ask. "),
        ("lti config <&- >&-", 0, ""),
    ],
)
def test_a_stream_that_is_closed_or_full_is_one_line(
    line: str, status: int, told: str, tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    done = subprocess.run(
        ["/bin/sh", "-c", f"{COMMAND} {line}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == status
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == bool(told)
