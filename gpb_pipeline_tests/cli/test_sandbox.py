"""`gpb sandbox --temperament`: the SIS is as it was asked to be."""

import signal
import subprocess
import sys
from pathlib import Path

import requests

COMMAND = [str(Path(sys.executable).with_name("gpb")), "sandbox", "--canvas-port", "0", "--sis-port", "0"]


def test_temperaments_are_given_by_name() -> None:
    asked = ["--temperament", "decimals=1", "--temperament", "keeps_old"]
    with subprocess.Popen([*COMMAND, *asked], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            [url] = [word for word in process.stdout.readline().split() if word.endswith(";")]
            answer = requests.get(f"{url[:-1]}/sandbox/temperaments", timeout=10)
            assert answer.json() == {"decimals": 1, "keeps_old": "all"}
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_one_that_there_is_not_is_refused_by_name() -> None:
    done = subprocess.run(
        [*COMMAND, "--temperament", "decimals=3"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "expected 0, 1 or 2" in done.stderr
