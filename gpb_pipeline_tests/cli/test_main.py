"""`gpb` as a person runs it: a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import requests

GPB = str(Path(sys.executable).with_name("gpb"))


def test_the_sandbox_prints_an_environment_that_works_and_ends_when_told() -> None:
    command = [GPB, "sandbox", "--canvas-port", "0", "--sis-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().strip() for _ in range(12)]
            environment = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
            answer = requests.get(
                f"{environment['CANVAS_BASE_URL']}/api/v1/courses/1001",
                headers={
                    "Authorization": f"Bearer {environment['CANVAS_API_TOKEN']}",
                    "User-Agent": "gpb tests",
                },
                timeout=10,
            )
            assert answer.json()["name"] == "Algebra I"
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [GPB, "sandbox", "--canvas-port", port, "--sis-port", "0"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert port in done.stderr
    assert "Traceback" not in done.stderr
