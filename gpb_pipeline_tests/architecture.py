"""Draws which part of the package imports which, for docs/architecture.md: run it to renew the picture.

    python -m gpb_pipeline_tests.architecture

What is left out is said in LEFT_OUT; arrows that follow from others are not drawn.
"""

from __future__ import annotations

import re
from pathlib import Path

import grimp

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
ROOMS = ("rules", "rows", "holdings", "categories")
LEFT_OUT = ("settings", "errors", "outages", "sandbox", "definitions")  # below, beside and above all others
PICTURE = re.compile(r"```mermaid\n.*?```", re.DOTALL)


def picture() -> str:
    """Draw the parts and their arrows as Mermaid, each arrow that no other explains."""
    graph = grimp.build_graph("gpb_pipeline")
    parts = sorted(
        name for name in graph.find_children("gpb_pipeline") if name.rpartition(".")[2] not in LEFT_OUT
    )
    direct = {
        (one, other)
        for one in parts
        for other in parts
        if one != other and graph.direct_import_exists(importer=one, imported=other, as_packages=True)
    }
    drawn = sorted((one, other) for one, other in direct if not _explained(one, other, direct))
    lines = [f"  {_short(one)} --> {_short(other)}" for one, other in drawn]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"])


def _explained(one: str, other: str, direct: set[tuple[str, str]]) -> bool:
    """Say whether there is another way from one to the other."""
    seen, ahead = set(), [middle for start, middle in direct if start == one and middle != other]
    while ahead:
        here = ahead.pop()
        if here == other:
            return True
        if here not in seen:
            seen.add(here)
            ahead += [end for start, end in direct if start == here]
    return False


def _short(name: str) -> str:
    return name.removeprefix("gpb_pipeline.")


if __name__ == "__main__":
    PAGE.write_text(PICTURE.sub(lambda _: picture(), PAGE.read_text("utf-8")), "utf-8")
