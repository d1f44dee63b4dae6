"""A Chromium for the browser tests: the one installed, else one that is installed now; never none in silence.

`make test` runs this module before pytest, so that a download is seen and not mistaken for a slow test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoChromiumError(Exception):
    """No browser is installed and none could be; says what to do."""


def find_or_install() -> Path:
    """Return the path of a Chromium that starts; raises NoChromiumError."""
    for way in (_installed, _downloaded, _from_debian, _from_playwright):
        found = way()
        if found is not None and _starts(found):
            return found
    raise NoChromiumError(
        "The browser tests need a Chromium, and none is installed or could be installed. "
        f"Install one as {' or '.join(NAMES)} on the PATH, or run `playwright install chromium`."
    )


@contextmanager
def browser() -> Iterator[Browser]:
    """Run a headless Chromium."""
    path = find_or_install()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


def _installed() -> Path | None:
    paths = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in paths if path), None)


def _downloaded() -> Path | None:
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def _from_debian() -> Path | None:
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    _run(["apt-get", "update"])
    _run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
    return _installed()


def _from_playwright() -> Path | None:
    _run([sys.executable, "-m", "playwright", "install", "chromium"])
    return _downloaded()


def _run(command: Sequence[str]) -> None:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False, timeout=600, env=quiet
    )


def _starts(path: Path) -> bool:
    try:
        asked = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60)
    except OSError:
        return False
    return asked.returncode == 0


if __name__ == "__main__":
    try:
        print(find_or_install())
    except NoChromiumError as none:
        raise SystemExit(str(none)) from None
