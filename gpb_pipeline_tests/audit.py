"""`make audit`: whether a hole is known of any locked version; where nobody could be asked, that it is so.

The tool is pip-audit, of the Python Packaging Authority; the database is OSV's. By itself pip-audit calls a
package that the database does not have "no known vulnerabilities", and ends the same with a hole as without
a network. So a version whose holes everybody knows is asked about first: a database that does not know it
is none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements-dev.lock"  # has all of requirements.lock too
KNOWN_TO_HAVE_HOLES = "jinja2==2.10"
CLEAN, HOLES, NOT_AUDITED = 0, 1, 2
ELSEWHERE = (
    "Not audited: {why}. Nothing is said about holes.\n"
    "Run it where the database can be reached; behind a mirror, make audit OSV=ADDRESS/v1/query.\n"
    "Or take requirements-dev.lock to such a machine and give it to any scanner of lock files."
)


@dataclass(frozen=True)
class Answer:
    """What the database said: how many packages it was asked about, the holes, and what it does not have."""

    asked: int
    holes: list[str]
    unknown: list[str]


def ask(lock: Path, database: str, *flags: str) -> Answer | None:
    """Ask about each version of a lock; None where the database did not answer."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        service = ["--vulnerability-service", "osv", *(["--osv-url", database] if database else [])]
        quietly = ["--progress-spinner", "off", "--timeout", "10", "--format", "json", "--output", str(found)]
        asked = [sys.executable, "-m", "pip_audit", "--disable-pip", "--requirement", str(lock)]
        subprocess.run([*asked, *flags, *service, *quietly], capture_output=True, check=False)
        if not found.exists() or not found.stat().st_size:
            return None
        packages = json.loads(found.read_text("utf-8"))["dependencies"]
    return Answer(
        asked=len(packages),
        holes=[
            f"{each['name']} {each['version']}: {hole['id']}, "
            + (f"mended in {', '.join(hole['fix_versions'])}" if hole["fix_versions"] else "not mended yet")
            for each in packages
            for hole in each.get("vulns", ())
        ],
        unknown=[each["name"] for each in packages if "skip_reason" in each],
    )


def knows_anything(database: str) -> bool:
    """Whether the database answers, and has heard of a hole that everybody knows."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "known.txt"
        lock.write_text(f"{KNOWN_TO_HAVE_HOLES}\n", encoding="utf-8")
        answer = ask(lock, database, "--no-deps")
    return answer is not None and bool(answer.holes)


def audit(lock: Path, database: str) -> tuple[int, str]:
    """Audit a lock; gives an exit status, and what to say."""
    if not knows_anything(database):
        return NOT_AUDITED, ELSEWHERE.format(why="no advisory database could be reached, or it knows nothing")
    answer = ask(lock, database, "--require-hashes")
    if answer is None or not answer.asked:
        return NOT_AUDITED, ELSEWHERE.format(why="the database stopped answering")
    if answer.holes:
        told = f"Known holes of {answer.asked} packages (docs/security.md says by when they are mended):"
        return HOLES, "\n".join([told, *answer.holes])
    if answer.unknown:
        return NOT_AUDITED, ELSEWHERE.format(why=f"the database has no {', '.join(answer.unknown)}")
    return CLEAN, f"No hole is known of the {answer.asked} packages of {lock.name}."


def main(arguments: Sequence[str]) -> int:
    status, told = audit(Path(arguments[0]) if arguments else LOCK, os.environ.get("OSV", ""))
    sys.stdout.write(f"{told}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
